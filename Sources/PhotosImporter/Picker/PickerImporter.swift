import ConnectorKit
import PhotosAPI
import PhotosLibrary
import StrictJSON
import Synchronization
import Takeout

/// What a person chooses in the Picker as a source of records: the same layout and names as the other ways have.
///
/// The Picker forgets every choice with its session. So an import shows what was chosen in this session, and what its
/// host has from earlier ones: a snapshot never looks as if that had been removed.
public final class PickerImporter: Importer {
    public let identity: ConnectorIdentity
    private let settings: PickerSettings
    private let scope: Scope
    private let catalog: ImportCatalog?
    /// Whether a person is asked: the catalog alone tells of what is known.
    private let asks: Bool
    private let client: PhotosClient
    private let index: Index
    private let picker: PickerReader
    private let ledger: ContentLedger
    private let room: SpoolRoom
    private let keepsState: Bool
    private let imports = Mutex<[PickReceipts]>([])
    private let reporter: any ConnectorReporter
    private let runtime: Runtime

    /// Sets the importer up without a word to the network.
    /// - Parameter reload: asked for the sign-in before it is renewed, where it is known who keeps it.
    /// - Throws: ``ConnectorError`` with code `config` or `not-found`, which says what is wrong with the settings.
    public init(
        settings raw: Settings, options: ConnectorOptions, reporter: any ConnectorReporter, runtime: Runtime,
        index: Index? = nil, reload: @escaping TokenReload = { nil }
    ) throws {
        settings = try PickerSettings(raw)
        let library = settings.library
        scope = try Scope(
            root: ImportCatalog.subject(of: library.root), views: library.views, layout: library.layout,
            startYear: library.startYear
        ).narrowed(by: library.filter)
        catalog = try ImportCatalog(root: library.root, form: library.form)
        asks = settings.asks && catalog?.isAlone != true
        // The same item has the same pathname and fingerprint by the Library API: a host may know it from there.
        identity = ConnectorIdentity(
            origin: library.origin, kind: "googlephotos", root: library.root, flags: ["stream"])
        let path = PickerSettings.indexPath(library, environment: runtime.environment)
        self.index = try index ?? Index(path: path, runtime: runtime, reporter: reporter, of: .picker)
        client = try PhotosClient(library, runtime: runtime, reporter: reporter, reload: reload)
        picker = PickerReader(library, client: client, index: self.index, reporter: reporter, runtime: runtime)
        ledger = ContentLedger(index: self.index)
        room = SpoolRoom(limit: library.form.spoolLimit, runtime: runtime, reporter: reporter)
        keepsState = options.keepsState
        self.reporter = reporter
        self.runtime = runtime
    }

    /// Checks that a session can be begun.
    public func ping() async throws {
        try await client.deletePickerSession(client.createPickerSession(maxItemCount: 1).id)
    }

    /// The host has what it took: only now its sessions may end.
    public func acknowledged() async {
        for receipts in imports.withLock({ $0 }) { await receipts.acknowledged() }
    }

    /// A host may read contents until now, long after the records: what was learnt of them is saved here at the latest.
    public func close() async throws {
        client.shutdown()
        try await ledger.save()
    }

    /// The daily quota is the Library's: there is none left to tell of here.
    public func counters() async -> [String: Int64] {
        var counters = client.statistics.counters
        counters["api_requests"] = Int64(client.statistics.pickerRequests)
        counters["api_requests_left"] = nil
        counters["downloads_left"] = nil
        return counters
    }

    public func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        let lock = try index.lockForImport()
        defer { withExtendedLifetime(lock) {} }
        do {
            return try await run(state, to: sink)
        } catch {
            if try await index.replaceIfDamaged(after: error) { throw PickerReader.damaged }
            throw error
        }
    }

    private func run(_ state: String?, to sink: any RecordSink) async throws -> String? {
        let host = try await host(state)
        let visit = try await picker.visit(
            asks ? .aPerson : .nobody, for: host, with: asks || host != .stateless ? host : nil,
            layout: scope.layout)
        imports.withLock { $0.append(visit.receipts) }
        let contents = try await contents(of: visit)
        if !asks, contents.failures.isEmpty, contents.shelf.count == 0 { throw Self.nothingYet }
        let isDirectory = try await contents.checkRoot(of: scope, hint: "what was chosen is in /media/by-month")
        contents.tellOfHidden(before: settings.library.startYear, to: reporter)
        let places = try await places(in: contents.shelf)
        places.tellOfCopies(to: reporter)
        do {
            if let catalog, catalog.isAlone {
                try await emit(catalog, of: contents, host: host, to: sink)
            } else {
                try await contents.emitDirectories(of: scope, to: sink)
                let count = try await emitItems(contents.shelf, places, visit, to: sink)
                // Where something was forgotten, the host keeps the catalog that tells of it.
                if let catalog, isDirectory, count > 0, contents.failures.isEmpty {
                    try await emit(catalog, of: contents, host: host, to: sink)
                }
            }
            await visit.receipts.listed(reporter)
        } catch {
            // What was learnt is worth keeping, however the import ends.
            try? await ledger.save()
            throw error
        }
        try await ledger.save()
        if host == .stateless { return nil }
        return PickerState(host: host.name, items: max(contents.shelf.count, host.expected)).text
    }

    /// The host that asks.
    private func host(_ state: String?) async throws -> PickerMemory.Host {
        let parsed = state.flatMap { PickerState($0) }
        if state != nil, parsed == nil {
            reporter.log(.warning, "the state of the last import is none of the Picker's: ignored", pathname: nil)
            return try await picker.memory.addHost()
        }
        return try await picker.host(parsed, keepsState: keepsState && asks)
    }

    private func contents(of visit: PickerReader.Visit) async throws -> LibraryContents {
        let listing = visit.listing
        let filter = settings.library.filter
        // Nobody but the shelf filters: the Picker has no filters.
        var plan = ListingPlan(scope: scope, filter: filter, includesArchived: true)
        plan.library = .all
        // What is known of now; another host is shown something else.
        _ = try await listing.finish("\(visit.host.name)\n\(plan.question)", isWhole: !visit.isForgetful)
        let shelf = try await Shelf(
            index: index, listing: listing, scope: scope, filter: filter, plan: plan, albums: [],
            showsFavorites: false)
        var directories: [Pathname: Timestamp] = [:]
        for directory in shelf.directories.values where directory.isShown {
            directories[directory.path] = directory.newest
        }
        var failures: [Pathname: ConnectorError] = [:]
        if visit.isForgetful {
            // A host must not take what was forgotten for removed.
            failures[.root] = PickerReader.lost
            directories[.root] = .epoch
        }
        return LibraryContents(shelf: shelf, directories: directories, failures: failures, albumAttributes: [:])
    }

    private static let nothingYet = ConnectorError(
        .notFound, "nothing was chosen in the Picker so far", hint: "gphotos backup asks for a choice")

    /// - Returns: how many items are shown.
    private func emitItems(
        _ shelf: Shelf, _ places: ItemPlaces, _ visit: PickerReader.Visit, to sink: any RecordSink
    ) async throws -> Int {
        let expected = shelf.count
        var visited = 0
        var emitted = 0
        var page = try await shelf.page(before: nil)
        while let last = page.last {
            async let next = shelf.page(before: last)
            visited += page.count
            for item in page where !item.places.isEmpty {
                try await emit(item, places, visit, to: sink)
                emitted += 1
            }
            reporter.progress(Progress(phase: "reading", items: visited))
            page = try await next
        }
        // A listing is never cut short silently.
        if visited != expected { throw Shelf.disturbed }
        return emitted
    }

    /// Sends the catalog, as that of a library is sent.
    private func emit(
        _ catalog: ImportCatalog, of contents: LibraryContents, host: PickerMemory.Host, to sink: any RecordSink
    ) async throws {
        struct Position {
            var last: ShelvedItem?
            var visited = 0
        }
        let expected = contents.shelf.count
        try await ledger.save()
        let key = "\(host.name)\n\(settings.library.catalogKey)"
        let fingerprint = contents.fingerprint(try await index.revision, key)
        let lines = CatalogLines(from: Position()) { [ledger, runtime] in
            try await ledger.settle(runtime)
        } _: { position in
            let page = try await contents.shelf.page(before: position.last)
            guard let last = page.last else {
                if position.visited != expected { throw Shelf.disturbed }
                return nil
            }
            let lines = page.filter { !$0.places.isEmpty }.map { Self.line($0) }
            return (lines, Position(last: last, visited: position.visited + page.count))
        }
        try await catalog.emit(contents, items: lines, fingerprint: fingerprint, reporter: reporter, to: sink)
    }

    static func line(_ item: ShelvedItem) -> JSON {
        var line = CatalogItem(item, albums: [:], isOriginal: false)
        line.source = "picker"
        line.caveats.append(Caveat.metadataMissing.rawValue)
        return line.json
    }

    /// A record for each place of an item, next to each other.
    private func emit(
        _ item: ShelvedItem, _ places: ItemPlaces, _ visit: PickerReader.Visit, to sink: any RecordSink
    ) async throws {
        let files = places.files(item.places)
        await visit.receipts.expect(item.number, places: files, isReadable: item.item.notReadable == nil)
        let content = ItemContent(item: item, supply: visit.supply, ledger: ledger, room: room, places: files)
        let metadata = AssetMetadata(item.item, isFavorite: false)
        try await places.emit(
            item.places, sidecar: Sidecar(id: item.item.id, metadata),
            content: PickedPlace(place: ItemContent.Place(content), item: item.number, receipts: visit.receipts),
            to: sink
        ) {
            Record(picked: item, at: $0)
        }
    }

    private func places(in shelf: Shelf) async throws -> ItemPlaces {
        let taken = settings.library.form.metadata == .sidecar ? try await shelf.paths(endingIn: ".json") : []
        return ItemPlaces(form: settings.library.form, scope: scope, taken: taken)
    }
}

extension Record {
    /// The record of an item that comes by the Picker, which tells neither description nor albums.
    init(picked item: ShelvedItem, at place: ShelvedItem.Place) {
        self.init(item, at: place, isOriginal: false)
        caveats.append(.metadataMissing)
    }
}
