import ConnectorKit
import PhotosLibrary
import StrictJSON
import Synchronization
import Takeout

/// A library that is reached by several ways as one source: what the service lists, what Takeout exports of the same account
/// hold, and what was chosen in the Picker. docs/one-library.md tells what becomes of an item that comes by more than one.
///
/// It is the importer of the service with more in its listing: the same account, index and names, so that a library that
/// was backed up by the service alone keeps its pathnames.
public final class OneLibraryImporter: Importer {
    private let service: PhotosImporter
    private let exports: (library: TakeoutLibrary, directory: String, ledger: HashLedger)?
    private let picker: PickerReader?
    private let keepsState: Bool
    private let changes = Mutex<ListingChanges?>(nil)
    private let receipts = Mutex<[PickReceipts]>([])
    private let reporter: any ConnectorReporter
    private let runtime: Runtime

    public var identity: ConnectorIdentity { service.identity }

    /// - Parameter keepsState: whether the host hands back the state of an import.
    /// - Throws: ``ConnectorError`` with code `config` or `not-found`, which says what is wrong with the settings.
    public init(
        service: PhotosImporter, keepsState: Bool, reporter: any ConnectorReporter, runtime: Runtime
    ) throws {
        self.service = service
        self.keepsState = keepsState
        self.reporter = reporter
        self.runtime = runtime
        let (settings, environment) = (service.settings, runtime.environment)
        exports = try settings.takeout.map { directory in
            let library = try TakeoutLibrary(
                directory: directory, catalog: TakeoutSettings.catalogPath(directory, environment: environment),
                runtime: runtime, reporter: reporter)
            return (library, directory, HashLedger(library: library))
        }
        picker =
            try settings.showsPicks
            ? PickerReader(
                settings, client: service.client,
                index: Index(
                    path: PickerSettings.indexPath(settings, environment: environment), runtime: runtime,
                    reporter: reporter, of: .picker), reporter: reporter, runtime: runtime) : nil
    }

    public func ping() async throws {
        try exports?.library.check()
        try await service.ping()
    }

    public func acknowledged() async {
        for receipts in receipts.withLock({ $0 }) { await receipts.acknowledged() }
    }

    public func close() async throws {
        try await exports?.ledger.save()
        try await service.close()
    }

    public func counters() async -> [String: Int64] {
        await service.counters().merging(changes.withLock { $0?.counters ?? [:] }) { $1 }
    }

    public func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        // One item that is named by its id is one of the service's.
        if service.scope.itemID != nil { return try await service.importRecords(state: state, to: sink) }
        let kept = OneLibraryState(state)
        // Nobody chooses twice, be it that the index turns out to be damaged.
        let lock = try picker?.index.lockForImport()
        defer { withExtendedLifetime(lock) {} }
        let visit = try await visit(kept.picker)
        let library = try await service.withIndex(kept.library, sink) { sink in
            try await Mending.run(to: sink, "what was learnt of the exports") { error in
                if try await picker?.index.replaceIfDamaged(after: error, isOneOfSeveral: true) == true {
                    throw PickerReader.damaged
                }
                return try exports?.library.replaceIfDamaged(after: error) == true
            } _: {
                try await run(visit, to: $0)
            }
        }
        guard let visit, visit.host != .stateless else { return library }
        let items = max(visit.listing.count, visit.host.expected)
        return OneLibraryState(library: library, picker: PickerState(host: visit.host.name, items: items)).text
    }

    /// What this host is shown of the Picker: what it has, and what is chosen now. A host that is new to it, or keeps no
    /// state, may have whatever was chosen for others.
    private func visit(_ state: PickerState?) async throws -> PickerReader.Visit? {
        guard let picker else { return nil }
        let host = try await picker.host(state, keepsState: keepsState)
        let isNew = host.isNew || host == .stateless
        let asking: PickerReader.Asking =
            service.catalog?.isAlone == true ? .nobody : service.settings.asksForPicks ? .aPerson : .forWhatIsLeft
        let visit = try await picker.visit(asking, for: host, with: isNew ? nil : host, layout: service.scope.layout)
        receipts.withLock { $0.append(visit.receipts) }
        let others = try await picker.memory.count(of: nil) - picker.memory.count(of: host)
        if !isNew, others > 0 {
            reporter.log(
                .info, "\(others) items that were chosen for others are not shown: choose them again to have them",
                pathname: nil)
        }
        return visit
    }

    private func run(_ visit: PickerReader.Visit?, to sink: any RecordSink) async throws {
        if let exports {
            try exports.library.check()
            try await exports.library.update { [reporter] step in
                switch step {
                case .reading(let part, let files): reporter.progress(Progress(phase: "reading \(part)", items: files))
                case .matching: reporter.progress(Progress(phase: "matching"))
                }
            }
        }
        let listed = try await OneLibraryLister(
            service: service.lister, exports: exports?.library, visit: visit,
            includesArchived: service.settings.includesArchived
        ).list()
        if let exports, listed.exported?.placed == 0 { throw TakeoutFailures.nothing(in: exports.directory) }
        reporter.log(.info, listed.counts.text, pathname: nil)
        changes.withLock { $0 = listed.contents.changes }
        let contents = listed.contents
        let isDirectory = try await contents.checkRoot(of: service.scope, hint: PhotosImporter.whereToLook)
        contents.tellOfHidden(before: service.settings.startYear, to: reporter)
        let places = try await service.places(in: contents.shelf)
        places.tellOfCopies(to: reporter)
        do {
            if let catalog = service.catalog, catalog.isAlone {
                try await emit(catalog, of: listed, to: sink)
            } else {
                try await contents.emitDirectories(of: service.scope, to: sink)
                let ours = try await emitExports(listed, places, to: sink)
                let theirs = try await service.emitItems(contents.shelf, places, to: sink, with: listed.picks) { rows in
                    try await listed.exported?.pairing.shownBySecond(among: rows) ?? []
                }
                if let catalog = service.catalog, isDirectory, ours + theirs > 0 || !contents.albums.isEmpty {
                    try await emit(catalog, of: listed, to: sink)
                }
            }
            await visit?.receipts.listed(reporter)
        } catch {
            // What was learnt is worth keeping, however the import ends.
            try? await save()
            throw error
        }
        try await save()
    }

    private func save() async throws {
        try await exports?.ledger.save()
        try await service.ledger.save()
    }

    /// A page of items whose bytes come from the exports, in the order in which they lie in the parts.
    private typealias Page = (shown: [OneLibraryItem], last: TakeoutItem, visited: Int)

    private func page(of listed: OneLibraryLister.Listed, after last: TakeoutItem?) async throws -> Page? {
        guard let exported = listed.exported else { return nil }
        let page = try await exported.library.items(after: last)
        guard let end = page.last else { return nil }
        let items = page.filter { !$0.isTrashed }
        let rows = try await exported.pairing.rows(ofSeconds: items.map(\.number))
        var byRow: [Int64: (item: TakeoutItem, isPaired: Bool)] = [:]
        var ids: [String] = []
        for item in items {
            guard let row = rows[item.number] else { throw Shelf.disturbed }
            // What cannot be read here, the service may have.
            if row.isPaired, item.fault != nil { continue }
            byRow[row.number] = (item, row.isPaired)
            ids.append(row.id)
        }
        let shown = try await listed.contents.shelf.items(ids).filter { !$0.places.isEmpty }.map { shelved in
            guard let (item, isPaired) = byRow[shelved.number] else { throw Shelf.disturbed }
            return OneLibraryItem(item: item, shelved: shelved, isPaired: isPaired)
        }
        return (shown, end, items.count)
    }

    /// - Returns: how many items are shown.
    private func emitExports(
        _ listed: OneLibraryLister.Listed, _ places: ItemPlaces, to sink: any RecordSink
    ) async throws -> Int {
        guard let exports, let exported = listed.exported else { return 0 }
        var visited = 0
        var count = 0
        var next = try await page(of: listed, after: nil)
        while let page = next {
            for item in page.shown {
                var content: any ContentSource = TakeoutContent(
                    item: item.item, library: exports.library, ledger: exports.ledger)
                if let picks = listed.picks {
                    content = await picks.followed(
                        content, ofRow: item.shelved.number, places: places.files(item.shelved.places),
                        isReadable: item.item.fault == nil)
                }
                try await places.emit(
                    item.shelved.places, sidecar: item.sidecar, content: content, to: sink,
                    record: { Record(item, at: $0) })
            }
            visited += page.visited
            count += page.shown.count
            reporter.progress(Progress(phase: "reading", items: visited))
            next = try await self.page(of: listed, after: page.last)
        }
        // A listing is never cut short silently.
        if visited != exported.placed { throw Shelf.disturbed }
        return count
    }

    // MARK: Catalog

    /// First the lines of the exports, then those of what only the service has.
    private struct Position: Sendable {
        var export: TakeoutItem?
        var visited = 0
        var isInService = false
        var item: ShelvedItem?
    }

    private func emit(
        _ catalog: ImportCatalog, of listed: OneLibraryLister.Listed, to sink: any RecordSink
    ) async throws {
        try await save()
        let lines = CatalogLines(from: Position()) { [self] in
            try await exports?.ledger.save()
            try await service.ledger.settle(runtime)
        } _: { [self] position in
            try await self.lines(listed, position)
        }
        let fingerprint = try await lines.fingerprint()
        try await catalog.emit(listed.contents, items: lines, fingerprint: fingerprint, reporter: reporter, to: sink)
    }

    private func lines(
        _ listed: OneLibraryLister.Listed, _ position: Position
    ) async throws -> (lines: [JSON], next: Position)? {
        var next = position
        let contents = listed.contents
        if !position.isInService, let exported = listed.exported {
            guard let page = try await page(of: listed, after: position.export) else {
                if position.visited != exported.placed { throw Shelf.disturbed }
                next.isInService = true
                return ([], next)
            }
            next.export = page.last
            next.visited += page.visited
            return (page.shown.map { CatalogItem($0, albums: contents.albumIDs).json }, next)
        }
        let page = try await contents.shelf.page(before: position.item)
        guard let last = page.last else { return nil }
        next.item = last
        let others = try await listed.exported?.pairing.shownBySecond(among: page.map(\.number)) ?? []
        let shown = page.filter { !$0.places.isEmpty && !others.contains($0.number) }
        let lines = shown.map { item in
            listed.picks?.alone.contains(item.number) == true
                ? PickerImporter.line(item) : service.line(item, contents)
        }
        return (lines, next)
    }
}
