import ConnectorKit
import PhotosLibrary

/// What becomes of an item in its places: a file in each, or one file and links to it, with what is known of it beside.
struct ItemPlaces: Sendable {
    let form: ImportForm
    let scope: Scope
    /// Names that end like those of sidecars and that items have: an item is never replaced.
    let taken: Set<Pathname>

    /// The place that the others link to; nil where each is a file.
    private func original(of places: [ShelvedItem.Place]) -> ShelvedItem.Place? {
        form.albums == .links ? places.first { $0.isDated } : nil
    }

    /// How many of the places are files.
    func files(_ places: [ShelvedItem.Place]) -> Int {
        original(of: places) == nil ? places.count : places.count { $0.isDated }
    }

    /// Sends a record for each place, next to each other, and its sidecar after each file.
    /// - Parameters:
    ///   - sidecar: what is known of the item, in Takeout's form; nil where nothing is.
    ///   - content: of each file.
    ///   - record: makes the record of the file in a place.
    func emit(
        _ places: [ShelvedItem.Place], sidecar: Sidecar?, content: any ContentSource, to sink: any RecordSink,
        record: (ShelvedItem.Place) -> Record
    ) async throws {
        let original = original(of: places)
        for place in places {
            let file = record(place)
            // A link to what cannot be read would lead nowhere.
            if let original, !place.isDated, file.error == nil {
                try await sink.emit(file.link(to: original.path), content: nil)
                continue
            }
            try await sink.emit(file, content: file.hasContent ? content : nil)
            guard form.metadata == .sidecar, file.hasContent, let sidecar else { continue }
            let (path, title) = try sidecar.place(beside: place.path, taken: taken)
            // A location can name a single file.
            guard scope.root.contains(path) else { continue }
            let bytes = sidecar.bytes(title: title)
            try await sink.emit(sidecar.record(of: file, at: path, bytes: bytes), content: MemoryContent(bytes))
        }
    }

    /// Albums without a dated view to link into are files, and that is said.
    func tellOfCopies(to reporter: any ConnectorReporter) {
        guard form.albums == .links, scope.datedViews.isEmpty else { return }
        reporter.log(
            .info, "albums are not links, since no view by date is shown that they could lead to", pathname: nil)
    }
}

extension Record {
    /// A link in place of this file.
    fileprivate func link(to original: Pathname) -> Record {
        var link = Record(
            pathname: pathname, kind: .symlink, permissions: 0o777, modificationTime: modificationTime,
            attributes: attributes)
        link.target = pathname.parent?.route(to: original)
        return link
    }
}

extension Pathname {
    /// How a link in this directory leads to a pathname, such as `../../media/all/a.jpg`.
    func route(to other: Pathname) -> String {
        let (from, to) = (parts, other.parts)
        let common = zip(from, to).prefix { $0 == $1 }.count
        return (Array(repeating: "..", count: from.count - common) + to[common...]).joined(separator: "/")
    }
}
