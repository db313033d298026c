import ConnectorKit
import Foundation
import GRDB
import Synchronization

/// The right to write to a vault, and what can be done with it. It ends with ``close()``, or with its last owner.
public final class VaultWriter: Sendable {
    private let vault: Vault
    private let lock: Mutex<VaultLock?>
    private let store: ObjectStore
    private let catalog: CatalogWriter
    private let runtime: Runtime
    private let unfinished = UnfinishedSnapshots()

    init(vault: Vault, holder: String, runtime: Runtime) throws {
        self.vault = vault
        self.runtime = runtime
        lock = Mutex(try VaultLock(vault.layout, holder: holder, since: runtime.now()))
        store = ObjectStore(layout: vault.layout, catalog: vault.catalog)
        catalog = try CatalogWriter(vault.layout)
        removeTemporaryFiles()
    }

    /// Nobody else writes: what is in `tmp/` belongs to a run that was killed.
    private func removeTemporaryFiles() {
        let directory = vault.layout.temporary
        if mkdir(directory, 0o700) == 0 { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            unlink(directory + "/" + name)
        }
    }

    deinit { close() }

    /// Gives the right back. Snapshots that are not committed stay unfinished.
    public func close() {
        lock.withLock { lock in
            if lock != nil { catalog.close() }
            lock = nil
        }
    }

    /// Begins to take in a content.
    /// - Parameter hashing: false where the caller has the hash of the bytes it writes, and hands it to
    ///   ``ObjectWriter/finish(sha256:)``: then it is not computed twice.
    public func makeObjectWriter(hashing: Bool = true) -> ObjectWriter { ObjectWriter(store: store, hashing: hashing) }

    /// Begins a snapshot. Nobody sees it before it is committed.
    /// - Parameters:
    ///   - source: as the user named it.
    ///   - origin: the account, as the connector tells it.
    ///   - kind: the kind of source.
    ///   - root: the part of the source that is asked for.
    /// - Throws: ``VaultError``.
    public func beginSnapshot(
        source: String, origin: String, kind: String, root: Pathname
    ) async throws -> SnapshotWriter {
        let id = makeIdentifier()
        let time = runtime.now()
        let begun = try await catalog.write { db in
            let leftovers = try Int64.fetchAll(
                db, sql: "SELECT number FROM snapshots WHERE finished IS NULL AND source = ? AND origin = ?",
                arguments: [source, origin])
            let parent = try Int64.fetchOne(
                db,
                sql: """
                    SELECT max(number) FROM snapshots WHERE finished IS NOT NULL AND source = ? AND origin = ?
                    """, arguments: [source, origin]
            ).flatMap { try Catalog.snapshot(in: db, number: $0) }
            // A backup of another part of the source may hold much of this one: the latest of each.
            let cousins = try Int64.fetchAll(
                db,
                sql: """
                    SELECT max(number) AS latest FROM snapshots
                    WHERE finished IS NOT NULL AND origin = ? AND kind = ? AND source <> ?
                    GROUP BY source ORDER BY latest DESC LIMIT \(Self.mostCousins)
                    """, arguments: [origin, kind, source])
            try db.execute(
                sql: """
                    INSERT INTO snapshots (id, time, source, origin, kind, root, parent) VALUES (?, ?, ?, ?, ?, ?, ?)
                    """, arguments: [id, time.description, source, origin, kind, root.string, parent?.id])
            return (number: db.lastInsertedRowID, parent: parent, leftovers: leftovers, cousins: cousins)
        }
        return SnapshotWriter(
            number: begun.number, parent: begun.parent, leftovers: begun.leftovers, cousins: begun.cousins,
            store: store,
            reader: vault.catalog, catalog: catalog, runtime: runtime, token: unfinished.token())
    }

    /// Snapshots of other sources that are looked through for a content: one look each, for what is new.
    private static let mostCousins = 8

    private func makeIdentifier() -> String {
        let digits = Array("0123456789abcdef")
        return String((0..<32).map { _ in digits[min(15, Int(runtime.random() * 16))] })
    }

    /// Removes snapshots from the catalog. Their contents stay until ``prune()``.
    public func forget(_ snapshots: [Snapshot]) async throws {
        let numbers = snapshots.map(\.number)
        if numbers.isEmpty { return }
        try await catalog.write { db in
            // The next backup hands the state back: it goes to the snapshot that is the latest then.
            try db.execute(
                sql: """
                    UPDATE snapshots SET state = (
                        SELECT r.state FROM snapshots r
                        WHERE r.number IN (\(numbers.list)) AND r.source = snapshots.source
                            AND r.origin = snapshots.origin AND r.state IS NOT NULL
                        ORDER BY r.number DESC LIMIT 1)
                    WHERE state IS NULL AND number IN (
                        SELECT max(number) FROM snapshots
                        WHERE finished IS NOT NULL AND number NOT IN (\(numbers.list)) GROUP BY source, origin)
                    """)
            try SnapshotRemoval.remove(numbers, from: db)
        }
    }

    /// What ``prune()`` removed.
    public struct Pruned: Sendable, Hashable {
        public var objects: Int
        /// Bytes of their files.
        public var bytes: Int64
    }

    /// Removes the contents that no snapshot needs, and what killed runs left in `objects/`.
    ///
    /// What an unfinished backup has stored is kept, since the next one uses it.
    /// - Throws: ``VaultError``: `inUse` while a snapshot is being made by this writer.
    public func prune() async throws -> Pruned {
        guard unfinished.isEmpty else {
            throw VaultError(.inUse, "a backup is running: nothing can be pruned before it is done")
        }
        // First the catalog, then the files: killed in between, only files remain that nobody knows.
        try await catalog.write { db in
            try db.execute(
                sql: "DELETE FROM objects WHERE id NOT IN (SELECT object FROM items WHERE object IS NOT NULL)")
        }
        return try await Pruning(layout: vault.layout, catalog: vault.catalog).removeUnknownFiles()
    }
}

/// Counts the snapshots in the making, however they end.
final class UnfinishedSnapshots: Sendable {
    private let count = Mutex(0)

    /// One snapshot in the making: gone when it is let go.
    final class Token: Sendable {
        private let owner: UnfinishedSnapshots

        fileprivate init(_ owner: UnfinishedSnapshots) { self.owner = owner }
        deinit { owner.count.withLock { $0 -= 1 } }
    }

    func token() -> Token {
        count.withLock { $0 += 1 }
        return Token(self)
    }

    var isEmpty: Bool { count.withLock { $0 == 0 } }
}
