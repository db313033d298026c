import ConnectorKit
import GRDB

/// Makes one snapshot: takes entries in, writes them to the catalog in batches, and commits.
///
/// A batch is written after the contents it names are durable, so that a run that is killed leaves its work to the
/// next one, which finds it by ``known(_:fingerprint:)``. The caller that fills a batch waits for the disk; others go
/// on until four batches' worth has gathered.
public actor SnapshotWriter {
    /// The latest snapshot of the same source and origin.
    public nonisolated let parent: Snapshot?

    let number: Int64
    private let leftovers: [Int64]
    /// The latest snapshots of other parts of the same account, or of the same with other filters.
    nonisolated let cousins: [Int64]
    nonisolated let store: ObjectStore
    nonisolated let reader: Catalog
    let catalog: CatalogWriter
    private let runtime: Runtime
    private var token: UnfinishedSnapshots.Token?

    private var buffer: [SnapshotEntry] = []
    private var lastFlush: Timestamp
    private var isFlushing = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var failure: (any Error)?

    /// What makes a batch: entries, bytes of files, seconds.
    private static let batchEntries = 4096
    private static let batchBytes: Int64 = 64 << 20
    private static let batchSeconds: Int64 = 10

    init(
        number: Int64, parent: Snapshot?, leftovers: [Int64], cousins: [Int64], store: ObjectStore, reader: Catalog,
        catalog: CatalogWriter, runtime: Runtime, token: UnfinishedSnapshots.Token
    ) {
        self.number = number
        self.parent = parent
        self.leftovers = leftovers
        self.cousins = cousins
        self.store = store
        self.reader = reader
        self.catalog = catalog
        self.runtime = runtime
        self.token = token
        lastFlush = runtime.now()
    }

    // MARK: - What is known already

    /// Snapshots that may have the same items.
    nonisolated var relatives: [Int64] { leftovers + (parent.map { [$0.number] } ?? []) }

    /// The entry that has the same content: of this account, at the same pathname, with the same fingerprint, from the
    /// parent or from a backup that was not finished; else from the latest backup of another part of it. Its content needs
    /// no second transfer. Nothing but contents is taken from other sources.
    ///
    /// A content whose file is missing or has another length is not known: the backup that asks repairs it.
    public nonisolated func known(_ pathname: Pathname, fingerprint: String) throws -> SnapshotEntry? {
        for snapshots in [relatives, cousins] where !snapshots.isEmpty {
            if let found = try known(pathname, fingerprint: fingerprint, in: snapshots) { return found }
        }
        return nil
    }

    private nonisolated func known(
        _ pathname: Pathname, fingerprint: String, in snapshots: [Int64]
    ) throws -> SnapshotEntry? {
        guard let found = try reader.entry(at: pathname, fingerprint: fingerprint, in: snapshots),
            let object = found.entry.object
        else { return nil }
        let path = store.layout.file(of: object, compressed: found.form.isCompressed)
        return OpenFile.size(at: path) == found.form.storedSize ? found.entry : nil
    }

    /// What the parent has at a pathname, whatever its fingerprint; nil where it has nothing.
    public nonisolated func previous(_ pathname: Pathname) throws -> SnapshotEntry? {
        try parent.flatMap { try reader.entry(of: $0, at: pathname) }
    }

    /// What the source wanted back when the parent was made.
    public nonisolated func previousState() throws -> String? { try parent.flatMap { try reader.state(of: $0) } }

    // MARK: - Taking in

    /// Takes entries in. One at a pathname that has one already replaces it.
    ///
    /// Where a batch is full, this returns when it is durable.
    /// - Throws: ``VaultError``, after which the snapshot cannot go on; `ConnectorError` with code `internal` where an
    ///   entry names a content that was not stored.
    public func add(_ entries: [SnapshotEntry]) async throws {
        try requireOpen()
        buffer.append(contentsOf: entries)
        while isFlushing, isFull(batches: 4) { await flushed() }
        if !isFlushing, isFull(batches: 1) || isOld { try await flush() }
    }

    private func isFull(batches: Int) -> Bool {
        buffer.count >= Self.batchEntries * batches || store.pendingBytes >= Self.batchBytes * Int64(batches)
    }

    private var isOld: Bool { runtime.now() >= lastFlush.adding(seconds: Self.batchSeconds) }

    /// Takes over from the parent what it has below a directory (not the directory itself), as entries that are
    /// carried forward: for a directory that cannot be listed now. What is added, before or after, goes first.
    /// - Returns: how many there are.
    public func carryForward(below directory: Pathname) async throws -> Int {
        guard let parent else { return 0 }
        try await flush()
        let first = directory.asDirectory
        // "0" is what follows "/".
        let end = first.dropLast() + "0"
        let (number, from) = (number, parent.number)
        return try await catalog.write { db in
            try db.execute(
                sql: """
                    INSERT OR IGNORE INTO entries (snapshot, directory, name, item, carried)
                    SELECT ?, e.directory, e.name, e.item, 1 FROM directories d CROSS JOIN entries e
                    WHERE d.path >= ? AND d.path < ? AND e.snapshot = ? AND e.directory = d.id AND e.name <> ''
                    """, arguments: [number, first, String(end), from])
            return db.changesCount
        }
    }

    /// Makes everything that was added so far durable, contents first. A crash after it loses none of that.
    public func flush() async throws {
        while isFlushing { await flushed() }
        try requireOpen()
        isFlushing = true
        defer {
            isFlushing = false
            for continuation in waiting { continuation.resume() }
            waiting = []
        }
        lastFlush = runtime.now()
        let batch = Batch(
            objects: store.pending, entries: buffer, snapshot: number,
            relatives: relatives)
        buffer = []
        if batch.objects.isEmpty, batch.entries.isEmpty { return }
        do {
            try await catalog.write(
                after: { [store] in try store.makeDurable(batch.objects) }, { db in try batch.insert(into: db) })
            store.settle(batch.objects.keys)
        } catch {
            failure = error
            throw error
        }
    }

    private func flushed() async {
        await withCheckedContinuation { waiting.append($0) }
    }

    func requireOpen() throws {
        if let failure { throw failure }
        if token == nil { throw ConnectorError(.internalDefect, "a snapshot was used after its end") }
    }

    // MARK: - The end

    /// Makes the snapshot visible, all of it at once, and drops what unfinished backups of this source left.
    /// - Parameters:
    ///   - state: what the source wants back at its next import.
    ///   - fingerprint: what stands for all that the source told, where the snapshot has all of it: see ``heldImport()``.
    public func commit(state: String? = nil, fingerprint: String? = nil) async throws -> Snapshot {
        try await flush()
        let finish = SnapshotFinish(
            number: number, time: runtime.now(), state: state, fingerprint: fingerprint, leftovers: leftovers)
        let snapshot = try await catalog.write { db in try finish.run(in: db) }
        token = nil
        return snapshot
    }

    /// Ends without a snapshot. What was added so far is kept for the next backup of this source, as far as the disk
    /// takes it.
    public func abandon() async {
        // The caller gives up already: whatever is wrong with the disk, it was told, or need not know.
        try? await flush()
        token = nil
    }
}
