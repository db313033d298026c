import ConnectorKit
import HTTP
import PhotosAPI
import PhotosLibrary
import StrictJSON
import Synchronization
import Takeout

/// A Google Photos library as a source of records.
///
/// An import has two halves. The lists of the service are read whole into the index first: only then it is known where
/// each item is shown and who is first to have a name, and a list that breaks off has emitted nothing. Then every item
/// becomes one record for each of its places, next to each other, so that its bytes are downloaded once.
public final class PhotosImporter: Importer {
    public let identity: ConnectorIdentity
    let client: PhotosClient
    private let proxy: OriginalsProxy?
    let settings: LibrarySettings
    private let raw: Settings
    let scope: Scope
    let catalog: ImportCatalog?
    let index: Index
    let ledger: ContentLedger
    private let room: SpoolRoom
    private let reporter: any ConnectorReporter
    private let runtime: Runtime
    private let changes = Mutex<ListingChanges?>(nil)

    /// Sets the importer up without a word to the network.
    /// - Parameter reload: asked for the sign-in before it is renewed, where it is known who keeps it.
    /// - Throws: ``ConnectorError`` with code `config` or `not-found`, which says what is wrong with the settings.
    public init(
        settings raw: Settings, options: ConnectorOptions, reporter: any ConnectorReporter, runtime: Runtime,
        index: Index? = nil, reload: @escaping TokenReload = { nil }
    ) throws {
        settings = try LibrarySettings(raw)
        self.raw = raw
        scope = try Scope(
            root: ImportCatalog.subject(of: settings.root), views: settings.views, layout: settings.layout,
            startYear: settings.startYear
        ).narrowed(by: settings.filter)
        if scope.showsArchive, settings.takeout == nil { throw LibrarySettings.noArchive }
        catalog = try ImportCatalog(root: settings.root, form: settings.form)
        identity = ConnectorIdentity(
            origin: settings.origin, kind: "googlephotos", root: settings.root, flags: ["stream"])
        let index =
            try index
            ?? Index(
                path: Index.path(for: settings, environment: runtime.environment), runtime: runtime,
                reporter: reporter)
        self.index = index
        ledger = ContentLedger(index: index)
        room = SpoolRoom(limit: settings.form.spoolLimit, runtime: runtime, reporter: reporter)
        self.reporter = reporter
        self.runtime = runtime
        client = try PhotosClient(settings, runtime: runtime, reporter: reporter, reload: reload)
        proxy = try OriginalsProxy(settings, runtime: runtime)
    }

    public func ping() async throws { try await client.ping() }

    /// A host may read contents until now, long after the records: what was learnt of them is saved here at the latest.
    public func close() async throws {
        client.shutdown()
        proxy?.shutdown()
        try await ledger.save()
    }

    public func counters() async -> [String: Int64] {
        var counters = client.statistics.counters.merging(changes.withLock { $0?.counters ?? [:] }) { $1 }
        let again = room.secondDownloads
        if again > 0 { counters["second_downloads"] = again }
        return counters
    }

    public func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        try await withIndex(state, sink) { try await run(to: $0) }
    }

    /// Holds the index for an import, and brings it what the host kept of an earlier one. Where it turns out to be damaged
    /// before anything was sent, the import begins again with a new one.
    /// - Returns: the state for the next import; nil where nothing has changed, not even that.
    func withIndex(
        _ state: String?, _ sink: any RecordSink, _ body: (any RecordSink) async throws -> Void
    ) async throws -> String? {
        let lock = try index.lockForImport()
        defer { withExtendedLifetime(lock) {} }
        return try await Mending.run(to: sink, "the index of the account") { error in
            try await index.replaceIfDamaged(after: error)
        } _: { sink in
            if let state, try await !index.adopt(state) {
                reporter.log(
                    .warning, "the state of an earlier import is of another version, and not used", pathname: nil)
            }
            let watched = WatchedSink(sink)
            try await body(watched)
            let known = try await index.state()
            // It may be long, and the host that has everything else has it, too.
            return watched.isUnchanged && known == state ? nil : known
        }
    }

    private func run(to sink: any RecordSink) async throws {
        if let id = scope.itemID { return try await emitItem(id, to: sink) }
        let lists = try await lister.list()
        changes.withLock { $0 = lists.changes }
        // Where nothing is hidden, nothing has to be told either: then not even the shelf is needed.
        let mayHide = try await index.hasItems(before: settings.startYear)
        if !mayHide, try await hasAll(of: lists, sink) { return }
        let contents = try await lister.contents(of: lists)
        let isDirectory = try await contents.checkRoot(of: scope, hint: Self.whereToLook)
        contents.tellOfHidden(before: settings.startYear, to: reporter)
        let places = try await places(in: contents.shelf)
        places.tellOfCopies(to: reporter)
        // New names are known now, and with them what tells this import from others.
        if try await hasAll(of: lists, sink) { return }
        do {
            if let catalog, catalog.isAlone {
                try await emit(catalog, of: contents, to: sink)
            } else {
                try await contents.emitDirectories(of: scope, to: sink)
                let count = try await emitItems(contents.shelf, places, to: sink)
                if let catalog, isDirectory, count > 0 || !contents.albums.isEmpty {
                    try await emit(catalog, of: contents, to: sink)
                }
            }
        } catch {
            // What was learnt is worth keeping, however the import ends.
            try? await ledger.save()
            throw error
        }
        try await ledger.save()
    }

    /// Whether the host has everything that there is to be emitted.
    private func hasAll(of lists: LibraryLister.Lists, _ sink: any RecordSink) async throws -> Bool {
        guard lists.failures.isEmpty else { return false }
        return await sink.hasAll(
            of: ImportFingerprint.make(
                revision: try await index.revision, albums: lists.albums.map(\.album), settings: raw,
                key: settings.catalogKey))
    }

    static let whereToLook =
        "gphotos source ls NAME lists what is there; since 31 March 2025 Google shows an app only what that app uploaded"

    var lister: LibraryLister {
        let plan = ListingPlan(
            scope: scope, filter: settings.filter, includesArchived: settings.includesArchived)
        return LibraryLister(
            client: client, index: index, scope: scope, filter: settings.filter, plan: plan,
            albumRecheck: settings.albumRecheck, reporter: reporter, runtime: runtime)
    }

    /// The one item that the root names by its id: nothing has to be listed.
    private func emitItem(_ id: String, to sink: any RecordSink) async throws {
        let item = try await client.mediaItem(id)
        let listing = try await index.beginListing(scope.layout)
        let number = try await listing.add([item], from: .album, at: runtime.now()).first
        guard let number, let shelved = try await index.item(number, at: scope.root) else {
            throw ConnectorError(.internalDefect, "the index did not take an item")
        }
        for directory in scope.root.ancestors {
            try await sink.emit(.directory(directory, modificationTime: item.creationTime), content: nil)
        }
        try await emit(shelved, ItemPlaces(form: settings.form, scope: scope, taken: []), supply: byteSupply, to: sink)
        try await ledger.save()
    }

    /// - Parameters:
    ///   - picks: what was chosen in the Picker, whose bytes come from there where the service does not list it.
    ///   - elsewhere: which rows of the index are emitted by another way.
    /// - Returns: how many items are shown.
    func emitItems(
        _ shelf: Shelf, _ places: ItemPlaces, to sink: any RecordSink, with picks: OneLibraryPicks? = nil,
        except elsewhere: (@Sendable ([Int64]) async throws -> Set<Int64>)? = nil
    ) async throws -> Int {
        let expected = shelf.count
        let supply = byteSupply
        var emitted = 0
        var visited = 0
        let sizeReader = SizeReader(
            client: client, index: index, parallel: settings.transfers, reporter: reporter, runtime: runtime)
        var page = try await shelf.page(before: nil)
        while let last = page.last {
            // The next page is read while this one goes out.
            async let next = shelf.page(before: last)
            visited += page.count
            if let others = try await elsewhere?(page.map(\.number)) {
                page.removeAll { others.contains($0.number) }
            }
            if settings.readsSizes { page = try await sizeReader.complete(page, except: picks?.alone ?? []) }
            for item in page where !item.places.isEmpty {
                try await emit(item, places, supply: supply, picks: picks, to: sink)
                emitted += 1
            }
            reporter.progress(Progress(phase: "reading", items: visited, itemsTotal: expected))
            page = try await next
        }
        // A listing is never cut short silently.
        if visited != expected { throw Shelf.disturbed }
        return emitted
    }

    /// Sends the catalog. What tells it from another is what the index knows, and what of it is shown.
    private func emit(_ catalog: ImportCatalog, of contents: LibraryContents, to sink: any RecordSink) async throws {
        struct Position {
            var last: ShelvedItem?
            var visited = 0
        }
        let expected = contents.shelf.count
        try await ledger.save()
        let fingerprint = contents.fingerprint(try await index.revision, settings.catalogKey)
        let lines = CatalogLines(from: Position()) { [self] in
            try await ledger.settle(runtime)
        } _: { [self] position in
            let page = try await contents.shelf.page(before: position.last)
            guard let last = page.last else {
                if position.visited != expected { throw Shelf.disturbed }
                return nil
            }
            let lines = page.filter { !$0.places.isEmpty }.map { line($0, contents) }
            return (lines, Position(last: last, visited: position.visited + page.count))
        }
        try await catalog.emit(contents, items: lines, fingerprint: fingerprint, reporter: reporter, to: sink)
    }

    func line(_ item: ShelvedItem, _ contents: LibraryContents) -> JSON {
        CatalogItem(item, albums: contents.albumIDs, isOriginal: proxy != nil).json
    }

    private var byteSupply: ByteSupply {
        ByteSupply(client: client, urls: BaseURLs(client: client, index: index, runtime: runtime), proxy: proxy)
    }

    /// A record for each place of an item, next to each other.
    private func emit(
        _ item: ShelvedItem, _ places: ItemPlaces, supply: ByteSupply, picks: OneLibraryPicks? = nil,
        to sink: any RecordSink
    ) async throws {
        let files = places.files(item.places)
        var own: any ContentSupply = supply
        var isPicked = false
        if let picks, picks.alone.contains(item.number) { (own, isPicked) = (picks, true) }
        let content = ItemContent(item: item, supply: own, ledger: ledger, room: room, places: files)
        let metadata = AssetMetadata(item.item, isFavorite: item.isFavorite)
        var source: any ContentSource = ItemContent.Place(content)
        if let picks {
            let isReadable = item.item.notReadable == nil || (proxy != nil && !isPicked)
            source = await picks.followed(source, ofRow: item.number, places: files, isReadable: isReadable)
        }
        try await places.emit(item.places, sidecar: Sidecar(id: item.item.id, metadata), content: source, to: sink) {
            isPicked ? Record(picked: item, at: $0) : Record(item, at: $0, isOriginal: proxy != nil)
        }
    }

    func places(in shelf: Shelf) async throws -> ItemPlaces {
        let taken = settings.form.metadata == .sidecar ? try await shelf.paths(endingIn: ".json") : []
        return ItemPlaces(form: settings.form, scope: scope, taken: taken)
    }
}
