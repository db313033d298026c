import ConnectorKit
import Crypto
import PhotosLibrary
import Synchronization
import Takeout

/// Takeout exports as a source of records: the same layout and names as the Library API's way has, with the original
/// bytes.
///
/// The parts are indexed first, since media and JSON of one item can lie in different ones; then the items come in the
/// order in which they lie in the parts.
public final class TakeoutImporter: Importer {
    public let identity: ConnectorIdentity
    private let settings: TakeoutSettings
    private let scope: Scope
    private let catalog: ImportCatalog?
    private let library: TakeoutLibrary
    private let index: Index
    private let reporter: any ConnectorReporter
    private let runtime: Runtime
    private let ledger: HashLedger
    private let changes = Mutex<ListingChanges?>(nil)

    /// - Throws: ``ConnectorError`` with code `config` or `not-found`, which says what is wrong with the settings.
    public init(
        settings raw: Settings, options: ConnectorOptions, reporter: any ConnectorReporter, runtime: Runtime
    ) throws {
        settings = try TakeoutSettings(raw)
        scope = try Scope(
            root: ImportCatalog.subject(of: settings.root), views: settings.views, layout: settings.layout,
            startYear: settings.startYear
        ).narrowed(by: settings.filter)
        catalog = try ImportCatalog(root: settings.root, form: settings.form)
        identity = ConnectorIdentity(
            origin: settings.origin, kind: "takeout", root: settings.root, flags: ["stream"])
        let environment = runtime.environment
        index = try Index(
            path: TakeoutSettings.indexPath(settings.directory, environment: environment), runtime: runtime,
            reporter: reporter, of: .exports)
        library = try TakeoutLibrary(
            directory: settings.directory,
            catalog: TakeoutSettings.catalogPath(settings.directory, environment: environment), runtime: runtime,
            reporter: reporter)
        ledger = HashLedger(library: library)
        self.reporter = reporter
        self.runtime = runtime
    }

    public func ping() async throws { try library.check() }

    /// A host may read contents until now, long after the records: what was learnt of them is saved here at the latest.
    public func close() async throws { try await ledger.save() }

    public func counters() async -> [String: Int64] { changes.withLock { $0?.counters ?? [:] } }

    public func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        let lock = try index.lockForImport()
        defer { withExtendedLifetime(lock) {} }
        try await Mending.run(to: sink, "what was learnt of the exports") { error in
            let isReplaced = try library.replaceIfDamaged(after: error)
            return isReplaced ? true : try await index.replaceIfDamaged(after: error)
        } _: {
            try await run(to: $0)
        }
        return nil
    }

    private func run(to sink: any RecordSink) async throws {
        try await library.update { [reporter] step in
            switch step {
            case .reading(let part, let files): reporter.progress(Progress(phase: "reading \(part)", items: files))
            case .matching: reporter.progress(Progress(phase: "matching"))
            }
        }
        let (contents, counts) = try await TakeoutLister(
            library: library, index: index, scope: scope, filter: settings.filter,
            includesArchived: settings.includesArchived, reporter: reporter, runtime: runtime
        ).list()
        if counts.items == 0 { throw contents.failures[.root] ?? TakeoutFailures.nothing(in: settings.directory) }
        changes.withLock { $0 = contents.changes }
        tell(counts)
        let isDirectory = try await contents.checkRoot(
            of: scope, hint: "gphotos takeout inspect DIRECTORY tells what is there")
        contents.tellOfHidden(before: settings.startYear, to: reporter)
        let taken = settings.form.metadata == .sidecar ? try await contents.shelf.paths(endingIn: ".json") : []
        let places = ItemPlaces(form: settings.form, scope: scope, taken: taken)
        places.tellOfCopies(to: reporter)
        do {
            if let catalog, catalog.isAlone {
                try await emit(catalog, of: contents, fingerprint: nil, expected: counts.items, to: sink)
            } else {
                try await contents.emitDirectories(of: scope, to: sink)
                let fingerprint = try await emitItems(contents, places, expected: counts.items, to: sink)
                if let catalog, isDirectory, fingerprint != nil || !contents.albums.isEmpty {
                    try await emit(
                        catalog, of: contents, fingerprint: fingerprint, expected: counts.items, to: sink)
                }
            }
        } catch {
            // What was learnt is worth keeping, however the import ends.
            try? await ledger.save()
            throw error
        }
        try await ledger.save()
    }

    /// What no chosen view shows is counted and said.
    private func tell(_ counts: TakeoutLister.Counts) {
        func count(_ certainty: MatchCertainty) -> Int { counts.certainties[certainty] ?? 0 }
        reporter.log(
            .info,
            "\(counts.items) items: the metadata of \(count(.matched)) found, of \(count(.guessed)) guessed, of "
                + "\(count(.unmatched)) missing", pathname: nil)
        if !counts.dating.isEmpty { reporter.log(.info, Self.line(counts.dating), pathname: nil) }
        if counts.trashed > 0 {
            reporter.log(.info, "\(counts.trashed) items of the trash are left out", pathname: nil)
        }
        if counts.archivedAndHidden > 0 {
            reporter.log(
                .info, "\(counts.archivedAndHidden) archived items are left out of the dated views", pathname: nil)
        }
    }

    private static func line(_ dating: [TakeoutItem.Dating: Int]) -> String {
        let words = TakeoutItem.Dating.allCases.compactMap { kind in dating[kind].map { "\($0) \(kind.words)" } }
        return "where no metadata says when an item was taken, it is dated: " + words.joined(separator: ", ")
    }

    /// - Returns: the fingerprint of the lines of the items in the catalog; nil where nothing is shown.
    private func emitItems(
        _ contents: LibraryContents, _ places: ItemPlaces, expected: Int, to sink: any RecordSink
    ) async throws -> String? {
        var visited = 0
        var digest = CatalogDigest()
        var isEmpty = true
        var page = try await library.items(after: nil)
        while let last = page.last {
            async let next = library.items(after: last)
            visited += page.count
            var items: [String: TakeoutItem] = [:]
            for item in page { items[item.id] = item }
            for shelved in try await contents.shelf.items(page.map(\.id)) where !shelved.places.isEmpty {
                guard let item = items[shelved.item.id] else { throw Shelf.disturbed }
                if catalog != nil { digest.add(CatalogItem(item, shelved, albums: contents.albumIDs).json) }
                isEmpty = false
                let content = TakeoutContent(item: item, library: library, ledger: ledger)
                let sidecar = item.metadata.map { Sidecar(id: item.id, $0) }
                try await places.emit(shelved.places, sidecar: sidecar, content: content, to: sink) {
                    Record(item, at: $0)
                }
            }
            reporter.progress(Progress(phase: "reading", items: visited, itemsTotal: expected))
            page = try await next
        }
        // A listing is never cut short silently.
        if visited != expected { throw Shelf.disturbed }
        return isEmpty ? nil : digest.finish()
    }

    /// - Parameter fingerprint: nil where it is not known yet.
    private func emit(
        _ catalog: ImportCatalog, of contents: LibraryContents, fingerprint: String?, expected: Int,
        to sink: any RecordSink
    ) async throws {
        struct Position {
            var last: TakeoutItem?
            var visited = 0
        }
        let lines = CatalogLines(from: Position()) { [library] position in
            let page = try await library.items(after: position.last)
            guard let last = page.last else {
                if position.visited != expected { throw Shelf.disturbed }
                return nil
            }
            let items = Dictionary(uniqueKeysWithValues: page.map { ($0.id, $0) })
            let shown = try await contents.shelf.items(page.map(\.id)).filter { !$0.places.isEmpty }
            let lines = try shown.map { shelved in
                guard let item = items[shelved.item.id] else { throw Shelf.disturbed }
                return CatalogItem(item, shelved, albums: contents.albumIDs).json
            }
            return (lines, Position(last: last, visited: position.visited + page.count))
        }
        let known = if let fingerprint { fingerprint } else { try await lines.fingerprint() }
        try await catalog.emit(contents, items: lines, fingerprint: known, reporter: reporter, to: sink)
    }
}

/// The bytes of an item, from the part that holds them: each place of it reads them for itself.
struct TakeoutContent: ContentSource {
    let item: TakeoutItem
    let library: TakeoutLibrary
    let ledger: HashLedger

    func open() async throws -> any ContentReader {
        let reader = try await library.open(item)
        if item.sha256 != nil { return reader }
        return HashingReader(reader) { [ledger, item] hash in await ledger.note(hash, ofItem: item.number) }
    }

    func finished(_ status: RecordStatus) {}
}

/// Passes a content through and tells its SHA-256 at its end.
private actor HashingReader: ContentReader {
    private let reader: any ContentReader
    private let onEnd: @Sendable (String) async -> Void
    private var hash = SHA256()

    init(_ reader: any ContentReader, onEnd: @escaping @Sendable (String) async -> Void) {
        self.reader = reader
        self.onEnd = onEnd
    }

    func read() async throws -> [UInt8]? {
        guard let chunk = try await reader.read() else {
            await onEnd(String(hexadecimal: Array(hash.finalize())))
            return nil
        }
        hash.update(data: chunk)
        return chunk
    }

    func close() async { await reader.close() }
}

/// Hashes that were learnt by reading, written to the catalog now and then.
actor HashLedger {
    private let library: TakeoutLibrary
    private var pending: [Int64: String] = [:]

    init(library: TakeoutLibrary) { self.library = library }

    func note(_ hash: String, ofItem number: Int64) async {
        pending[number] = hash
        // Losing some is no loss: they are learnt again.
        if pending.count >= 500 { try? await save() }
    }

    func save() async throws {
        let hashes = pending
        pending = [:]
        try await library.learn(sha256: hashes)
    }
}

extension TakeoutItem.Dating {
    /// For a person: what dates an item.
    public var words: String {
        switch self {
        case .sidecar: "by their metadata"
        case .exif: "by their Exif data"
        case .video: "by the header of the video"
        case .folder: "to the start of the year of their folder"
        case .file: "by the time of the file"
        }
    }
}
