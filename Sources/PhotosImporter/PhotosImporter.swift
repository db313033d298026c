import ConnectorKit
import HTTP
import PhotosAPI
import PhotosLibrary

/// A Google Photos library as a source of records.
///
/// An import has two halves. The lists of the service are read whole into the index first: only then it is known where
/// each item is shown and who is first to have a name, and a list that breaks off has emitted nothing. Then every item
/// becomes one record for each of its places, next to each other, so that its bytes are downloaded once.
public final class PhotosImporter: Importer {
    public let identity: ConnectorIdentity
    private let client: PhotosClient
    private let settings: LibrarySettings
    private let scope: Scope
    private let index: Index
    private let sizes: SizeLedger
    private let reporter: any ConnectorReporter
    private let runtime: Runtime

    /// Sets the importer up without a word to the network.
    /// - Throws: ``ConnectorError`` with code `config` or `not-found`, which says what is wrong with the settings.
    public init(
        settings raw: Settings, options: ConnectorOptions, reporter: any ConnectorReporter, runtime: Runtime,
        index: Index? = nil
    ) throws {
        settings = try LibrarySettings(raw)
        scope = try Scope(root: settings.root, views: settings.views)
        identity = ConnectorIdentity(
            origin: settings.origin, kind: "googlephotos", root: settings.root, flags: ["stream"])
        let index = try index ?? Index(path: Index.path(for: settings, environment: runtime.environment))
        self.index = index
        sizes = SizeLedger(index: index)
        self.reporter = reporter
        self.runtime = runtime
        client = try PhotosClient(settings, runtime: runtime, reporter: reporter)
    }

    public func ping() async throws { try await client.ping() }

    /// A host may read contents until now, long after the records: what was learnt of them is saved here at the latest.
    public func close() async throws {
        client.shutdown()
        try await sizes.save()
    }

    public func counters() async -> [String: Int64] { client.statistics.counters }

    public func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        let lock = try index.lockForImport()
        defer { withExtendedLifetime(lock) {} }
        let contents = try await LibraryLister(
            client: client, index: index, scope: scope, includesArchived: settings.includesArchived,
            reporter: reporter, runtime: runtime
        ).list()
        try await checkRoot(contents)
        try await emitDirectories(contents, to: sink)
        do {
            try await emitItems(contents.shelf, to: sink)
        } catch {
            // What was learnt is worth keeping, however the import ends.
            try? await sizes.save()
            throw error
        }
        try await sizes.save()
        return nil
    }

    /// A root that is nowhere is an error, not an empty source.
    private func checkRoot(_ contents: LibraryContents) async throws {
        let root = scope.root
        let isDirectory = contents.directories.keys.contains { root.contains($0) }
        if root.isRoot || isDirectory { return }
        if try await contents.shelf.showsItem(at: root) { return }
        // Where what would show it could not be listed, nobody knows whether it is there.
        if let error = contents.failures.first(where: { $0.key.contains(root) })?.value { throw error }
        throw ConnectorError(
            .notFound, "there is no \(root) in this library",
            hint:
                "gphotos source ls NAME lists what is there; since 31 March 2025 Google shows an app only what that app "
                + "uploaded")
    }

    private func emitDirectories(_ contents: LibraryContents, to sink: any RecordSink) async throws {
        var newest: [Pathname: Timestamp] = [:]
        for (path, time) in contents.directories where scope.shows(path) {
            for directory in path.ancestors + [path] {
                newest[directory] = max(newest[directory] ?? .epoch, time)
            }
        }
        for directory in scope.root.ancestors where newest[directory] == nil { newest[directory] = .epoch }
        if newest.isEmpty { newest[.root] = .epoch }
        for (path, time) in newest.sorted(by: { $0.key < $1.key }) {
            var record = Record.directory(path, modificationTime: time)
            record.error = contents.failures[path]
            if let title = contents.albumTitles[path] { record.attributes[Attribute.albumTitle] = title }
            try await sink.emit(record, content: nil)
        }
    }

    private func emitItems(_ shelf: Shelf, to sink: any RecordSink) async throws {
        let expected = try await shelf.count()
        var emitted = 0
        var visited = 0
        var page = try await shelf.page(before: nil)
        while let last = page.last {
            // The next page is read while this one goes out.
            async let next = shelf.page(before: last)
            visited += page.count
            for item in page where !item.places.isEmpty {
                let content = ItemContent(
                    item: item, client: client, index: index, sizes: sizes, places: item.places.count, runtime: runtime)
                for place in item.places {
                    let record = Record(item, at: place)
                    try await sink.emit(record, content: record.hasContent ? ItemContent.Place(content) : nil)
                }
                emitted += 1
            }
            reporter.progress(Progress(phase: "reading", items: emitted))
            page = try await next
        }
        // A listing is never cut short silently.
        if visited != expected { throw Shelf.disturbed }
    }
}
