import ConnectorKit
import PhotosLibrary

/// What a listing found: the items on their shelf, the directories, and what could not be listed.
struct LibraryContents: Sendable {
    var shelf: Shelf
    /// Every directory of items and albums, and the newest item in it.
    var directories: [Pathname: Timestamp]
    /// Why a directory could not be listed.
    var failures: [Pathname: ConnectorError]
    /// What is known of an album, by its directory: its title as the service has it, and more.
    var albumAttributes: [Pathname: [String: String]]
    /// Since the listing before that asked the same; nil where there was none.
    var changes: ListingChanges?
    /// The albums that are shown, in the order of their paths.
    var albums: [CatalogAlbum] = []
    /// The ids of albums by their numbers.
    var albumIDs: [Int64: String] = [:]

    /// Notes what is known of albums; what is not shown is left out.
    mutating func note(_ known: [(ListedAlbum, CatalogAlbum)]) {
        for (listed, _) in known { albumIDs[listed.number] = listed.album.id }
        albums = known.filter { shelf.shows(album: $0.0.number) || $0.1.error != nil }.map(\.1)
            .sorted { ($0.paths.first ?? "", $0.id) < ($1.paths.first ?? "", $1.id) }
    }

    /// A root that is nowhere is an error, not an empty source.
    /// - Parameter hint: where to look.
    /// - Returns: whether the root is a directory, and not a file.
    func checkRoot(of scope: Scope, hint: String) async throws -> Bool {
        let root = scope.root
        // What a filter leaves nothing of is there all the same.
        let isDirectory =
            shelf.directories.values.contains { root.contains($0.path) }
            || failures.keys.contains { root.contains($0) }
        if scope.isFixedDirectory || isDirectory { return true }
        if try await shelf.showsItem(at: root) { return false }
        // Where what would show it could not be listed, nobody knows whether it is there.
        if let error = failures.first(where: { $0.key.contains(root) })?.value { throw error }
        throw ConnectorError(.notFound, "there is no \(root) in this library", hint: hint)
    }

    /// What tells the catalog of this from another.
    /// - Parameters:
    ///   - revision: of the index.
    ///   - key: of what decides what is shown of it. What could not be listed is not shown, too.
    func fingerprint(_ revision: String, _ key: String) -> String {
        let missing = failures.sorted { $0.key < $1.key }.map { "\($0.key.string) \($0.value.message)" }
        let text = (["1", revision, key] + missing).joined(separator: "\n")
        return SafeName.mark(of: text, digits: 32)
    }

    /// A backup leaves nothing out in silence.
    func tellOfHidden(before year: Int, to reporter: any ConnectorReporter) {
        let count = shelf.hidden
        if count == 0 { return }
        let items = count == 1 ? "1 item is" : "\(count) items are"
        reporter.log(
            .warning, "\(items) older than \(year) and not shown; the setting start_year=0 shows all of them",
            pathname: nil)
    }

    /// Sends a record for each directory, what holds it first.
    func emitDirectories(of scope: Scope, to sink: any RecordSink) async throws {
        var newest: [Pathname: Timestamp] = [:]
        for (path, time) in directories where scope.shows(path) {
            for directory in path.ancestors + [path] {
                newest[directory] = max(newest[directory] ?? .epoch, time)
            }
        }
        let fixed = scope.root.ancestors + (scope.isFixedDirectory ? [scope.root] : [])
        for directory in fixed where newest[directory] == nil { newest[directory] = .epoch }
        for (path, time) in newest.sorted(by: { $0.key < $1.key }) {
            var record = Record.directory(path, modificationTime: time)
            record.error = failures[path]
            record.attributes = albumAttributes[path] ?? [:]
            try await sink.emit(record, content: nil)
        }
    }
}
