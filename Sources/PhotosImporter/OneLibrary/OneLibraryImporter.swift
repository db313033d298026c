import ConnectorKit
import PhotosLibrary
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

    public func counters() async -> [String: Int64] { await service.counters() }

    public func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        // One item that is named by its id is one of the service's.
        if service.scope.itemID != nil { return try await service.importRecords(state: state, to: sink) }
        let lock = try service.index.lockForImport()
        defer { withExtendedLifetime(lock) {} }
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
        try await listed.contents.checkRoot(of: service.scope, hint: PhotosImporter.whereToLook)
        listed.contents.tellOfHidden(before: service.settings.startYear, to: reporter)
        try await listed.contents.emitDirectories(of: service.scope, to: sink)
        do {
            try await emitExports(listed, to: sink)
            let pairing = listed.pairing
            try await service.emitItems(listed.contents.shelf, to: sink) { rows in
                try await pairing.shownBySecond(among: rows)
            }
        } catch {
            // What was learnt is worth keeping, however the import ends.
            try? await save()
            throw error
        }
        try await save()
        return nil
    }

    private func save() async throws {
        try await ledger.save()
        try await service.sizes.save()
    }

    /// In the order in which they lie in the parts.
    private func emitExports(_ listed: OneLibraryLister.Listed, to sink: any RecordSink) async throws {
        var visited = 0
        var page = try await exports.items(after: nil)
        while let last = page.last {
            async let next = exports.items(after: last)
            let items = page.filter { !$0.isTrashed }
            visited += items.count
            let rows = try await listed.pairing.rows(ofSeconds: items.map(\.number))
            var byRow: [Int64: (item: TakeoutItem, isPaired: Bool)] = [:]
            for item in items {
                guard let row = rows[item.number] else { throw Shelf.disturbed }
                // What cannot be read here, the service may have.
                if row.isPaired, item.fault != nil { continue }
                byRow[row.number] = (item, row.isPaired)
            }
            let ids = items.compactMap { rows[$0.number] }.filter { byRow[$0.number] != nil }.map(\.id)
            for shelved in try await listed.contents.shelf.items(ids) {
                guard let (item, isPaired) = byRow[shelved.number] else { throw Shelf.disturbed }
                for place in shelved.places {
                    let record = Record(item, shownAs: shelved, at: place, isPaired: isPaired)
                    let content = TakeoutContent(item: item, library: exports, ledger: ledger)
                    try await sink.emit(record, content: record.hasContent ? content : nil)
                }
            }
            reporter.progress(Progress(phase: "reading", items: visited))
            page = try await next
        }
        // A listing is never cut short silently.
        if visited != listed.placed { throw Shelf.disturbed }
    }
}
