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
        self.index = try index ?? Index(path: Index.path(for: settings, environment: runtime.environment))
        self.reporter = reporter
        self.runtime = runtime
        client = try PhotosClient(settings, runtime: runtime, reporter: reporter)
    }

    public func ping() async throws { try await client.ping() }

    public func close() async { client.shutdown() }

    public func counters() async -> [String: Int64] { client.statistics.counters }

    public func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        let lock = try index.lockForImport()
        defer { withExtendedLifetime(lock) {} }
        let contents = try await LibraryLister(
            client: client, index: index, scope: scope, includesArchived: settings.includesArchived,
            reporter: reporter, runtime: runtime
        ).list()
        try await contents.checkRoot(
            of: scope,
            hint:
                "gphotos source ls NAME lists what is there; since 31 March 2025 Google shows an app only what that app "
                + "uploaded")
        try await contents.emitDirectories(of: scope, to: sink)
        let sizes = SizeLedger(index: index)
        do {
            try await emitItems(contents.shelf, sizes: sizes, to: sink)
        } catch {
            // What was learnt is worth keeping, however the import ends.
            try? await sizes.save()
            throw error
        }
        try await sizes.save()
        return nil
    }

    private func emitItems(_ shelf: Shelf, sizes: SizeLedger, to sink: any RecordSink) async throws {
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
