import ConnectorKit
import PhotosLibrary

/// The catalog of an import: what is known of its items and albums and their files cannot hold, a line each.
///
/// It tells of what the import shows, whatever part of the source that is, and comes last: by then most of what is learnt
/// by reading is known. Its content is made when the host opens it.
struct ImportCatalog: Sendable {
    private let root: Pathname
    private let directory: Pathname

    /// - Parameter root: what the location names.
    /// - Returns: nil where there is to be none.
    /// - Throws: ``ConnectorError`` with code `not-found` where the location names a place in the catalog that is not
    ///   there.
    init?(root: Pathname, form: ImportForm) throws(ConnectorError) {
        let isKnown = root == Layout.catalog || CatalogPath.holds(root)
        if CatalogPath.isNamed(by: root), !form.hasCatalog || !isKnown {
            throw ConnectorError(
                .notFound, "there is no \(root) here",
                hint: form.hasCatalog ? "the catalog is in \(Layout.catalog)" : "the setting catalog is false")
        }
        guard form.hasCatalog else { return nil }
        self.root = root
        directory = try CatalogPath.directory(in: root)
    }

    /// Whether the catalog alone is asked for.
    var isAlone: Bool { CatalogPath.isNamed(by: root) }

    /// The part of the source that it tells of.
    static func subject(of root: Pathname) -> Pathname { CatalogPath.isNamed(by: root) ? .root : root }

    /// Sends the directory of the catalog and its files.
    /// - Parameters:
    ///   - items: the lines of the items, and what tells them from others.
    func emit(
        _ contents: LibraryContents, items: CatalogLines, fingerprint: String, reporter: any ConnectorReporter,
        to sink: any RecordSink
    ) async throws {
        if try await contents.shows(directory) {
            let message = "there is no catalog, since something of the library is called \(directory)"
            return reporter.log(.warning, message, pathname: directory)
        }
        let time = contents.newest
        if isAlone { try await sink.emit(.directory(.root, modificationTime: time), content: nil) }
        try await sink.emit(.directory(directory, modificationTime: time), content: nil)
        let albums = CatalogLines(contents.albums.map(\.json))
        for file in CatalogPath.File.allCases {
            let path = try directory.appending(file.rawValue)
            guard directory.contains(root) ? root.contains(path) : true else { continue }
            var record = Record(
                pathname: path, kind: .file, permissions: 0o600, modificationTime: time, mimeType: Self.type,
                hasContent: true)
            switch file {
            case .items:
                record.fingerprint = fingerprint
                record.error = contents.whyItemsAreNotKnown
            case .albums:
                record.fingerprint = try await albums.fingerprint()
                record.error = contents.whyAlbumsAreNotKnown
            }
            record.hasContent = record.error == nil
            try await sink.emit(record, content: record.hasContent ? (file == .items ? items : albums) : nil)
        }
    }

    private static let type = "application/x-ndjson"
}

extension LibraryContents {
    /// Without the list of albums, or of the favorites, a catalog would say of all items that they are in none.
    fileprivate var whyItemsAreNotKnown: ConnectorError? {
        whyAlbumsAreNotKnown ?? failures[Layout.favorites]
    }

    fileprivate var whyAlbumsAreNotKnown: ConnectorError? { failures[shelf.scope.layout.albums] }

    /// Whether a directory or file of the library is here.
    fileprivate func shows(_ path: Pathname) async throws -> Bool {
        if directories.keys.contains(where: { path.contains($0) }) { return true }
        return try await shelf.showsItem(at: path)
    }

    /// The time of the newest item.
    fileprivate var newest: Timestamp {
        directories.lazy.filter { shelf.scope.shows($0.key) }.map(\.value).max() ?? .epoch
    }
}
