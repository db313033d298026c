import ConnectorKit
import PhotosLibrary
import StrictJSON
import Synchronization
import Takeout

/// A library that is reached by two ways as one source: what the service lists and what Takeout exports of the same account
/// hold. docs/one-library.md tells what becomes of an item that comes by both.
///
/// It is the importer of the service with more in its listing: the same account, index and names, so that a library that
/// was backed up without exports keeps its pathnames with them.
public final class OneLibraryImporter: Importer {
    private let service: PhotosImporter
    private let exports: TakeoutLibrary
    private let directory: String
    private let ledger: HashLedger
    private let changes = Mutex<ListingChanges?>(nil)
    private let reporter: any ConnectorReporter

    public var identity: ConnectorIdentity { service.identity }

    /// - Throws: ``ConnectorError`` with code `config` or `not-found`, which says what is wrong with the settings.
    public init(service: PhotosImporter, directory: String, reporter: any ConnectorReporter, runtime: Runtime) throws {
        self.service = service
        self.directory = directory
        self.reporter = reporter
        exports = try TakeoutLibrary(
            directory: directory,
            catalog: TakeoutSettings.catalogPath(directory, environment: runtime.environment))
        ledger = HashLedger(library: exports)
    }

    public func ping() async throws {
        try exports.check()
        try await service.ping()
    }

    public func close() async throws {
        try await ledger.save()
        try await service.close()
    }

    public func counters() async -> [String: Int64] {
        await service.counters().merging(changes.withLock { $0?.counters ?? [:] }) { $1 }
    }

    public func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        // One item that is named by its id is one of the service's.
        if service.scope.itemID != nil { return try await service.importRecords(state: state, to: sink) }
        return try await service.withIndex(state, sink) { try await run(to: $0) }
    }

    private func run(to sink: any RecordSink) async throws {
        try exports.check()
        try await exports.update { [reporter] step in
            switch step {
            case .reading(let part, let files): reporter.progress(Progress(phase: "reading \(part)", items: files))
            case .matching: reporter.progress(Progress(phase: "matching"))
            }
        }
        let listed = try await OneLibraryLister(
            service: service.lister, exports: exports, includesArchived: service.settings.includesArchived
        ).list()
        if listed.placed == 0 { throw TakeoutFailures.nothing(in: directory) }
        let counts = listed.counts
        reporter.log(
            .info,
            "\(counts.both) items by both ways, \(counts.onlySecond) only by Takeout, \(counts.onlyFirst) only by the API",
            pathname: nil)
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
                let pairing = listed.pairing
                let theirs = try await service.emitItems(contents.shelf, places, to: sink) { rows in
                    try await pairing.shownBySecond(among: rows)
                }
                if let catalog = service.catalog, isDirectory, ours + theirs > 0 || !contents.albums.isEmpty {
                    try await emit(catalog, of: listed, to: sink)
                }
            }
        } catch {
            // What was learnt is worth keeping, however the import ends.
            try? await save()
            throw error
        }
        try await save()
    }

    private func save() async throws {
        try await ledger.save()
        try await service.ledger.save()
    }

    /// A page of items whose bytes come from the exports, in the order in which they lie in the parts.
    private typealias Page = (shown: [OneLibraryItem], last: TakeoutItem, visited: Int)

    private func page(of listed: OneLibraryLister.Listed, after last: TakeoutItem?) async throws -> Page? {
        let page = try await exports.items(after: last)
        guard let end = page.last else { return nil }
        let items = page.filter { !$0.isTrashed }
        let rows = try await listed.pairing.rows(ofSeconds: items.map(\.number))
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
        var visited = 0
        var count = 0
        var next = try await page(of: listed, after: nil)
        while let page = next {
            for item in page.shown {
                let content = TakeoutContent(item: item.item, library: exports, ledger: ledger)
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
        if visited != listed.placed { throw Shelf.disturbed }
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
        let lines = CatalogLines(from: Position()) { [self] position in try await self.lines(listed, position) }
        let fingerprint = try await lines.fingerprint()
        try await catalog.emit(listed.contents, items: lines, fingerprint: fingerprint, reporter: reporter, to: sink)
    }

    private func lines(
        _ listed: OneLibraryLister.Listed, _ position: Position
    ) async throws -> (lines: [JSON], next: Position)? {
        var next = position
        let contents = listed.contents
        if !position.isInService {
            guard let page = try await page(of: listed, after: position.export) else {
                if position.visited != listed.placed { throw Shelf.disturbed }
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
        let others = try await listed.pairing.shownBySecond(among: page.map(\.number))
        let shown = page.filter { !$0.places.isEmpty && !others.contains($0.number) }
        return (shown.map { service.line($0, contents) }, next)
    }
}
