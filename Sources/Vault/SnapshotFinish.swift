import ConnectorKit
import GRDB

/// The transaction that makes a snapshot visible.
struct SnapshotFinish: Sendable {
    var number: Int64
    var time: Timestamp
    var state: String?
    var fingerprint: String?
    var leftovers: [Int64]

    func run(in db: Database) throws -> Snapshot {
        try addMissingDirectories(in: db)
        try db.execute(
            sql: """
                UPDATE snapshots
                SET finished = ?, state = coalesce(?, state), fingerprint = ?, files = c.files, directories = c.directories,
                    bytes = c.bytes, errors = c.errors
                FROM (
                    SELECT count(*) FILTER (WHERE i.kind <> 'directory') AS files,
                        count(*) FILTER (WHERE i.kind = 'directory') AS directories,
                        coalesce(sum(o.size), 0) AS bytes, count(i.error_code) AS errors
                    FROM entries e JOIN items i ON i.id = e.item LEFT JOIN objects o ON o.id = i.object
                    WHERE e.snapshot = ?
                ) AS c
                WHERE number = ?
                """, arguments: [time.description, state, fingerprint, number, number])
        // Only the latest is ever wanted back, and it may be large.
        try db.execute(
            sql: """
                UPDATE snapshots SET state = NULL
                WHERE state IS NOT NULL AND number < ?1
                    AND (source, origin) = (SELECT source, origin FROM snapshots WHERE number = ?1)
                """, arguments: [number])
        try SnapshotRemoval.remove(leftovers, from: db)
        guard let snapshot = try Catalog.snapshot(in: db, number: number) else {
            throw VaultError(.damaged, "the catalog lost the snapshot that was being made")
        }
        return snapshot
    }

    /// A listing walks from directory to directory, so each has to be an entry, also where the source sent none.
    private func addMissingDirectories(in db: Database) throws {
        let paths = try String.fetchAll(
            db,
            sql: """
                SELECT path FROM directories WHERE id IN (SELECT DISTINCT directory FROM entries WHERE snapshot = ?)
                """, arguments: [number])
        let find = try db.cachedStatement(
            sql: """
                SELECT 1 FROM entries
                WHERE snapshot = ? AND directory = (SELECT id FROM directories WHERE path = ?) AND name = ?
                """)
        var seen: Set<Pathname> = []
        var missing: [SnapshotEntry] = []
        for path in paths + ["/"] {
            guard var directory = try? Pathname(path == "/" ? path : String(path.dropLast())) else { continue }
            while seen.insert(directory).inserted {
                let (parent, name) = directory.place
                if try Int.fetchOne(find, arguments: [number, parent, name]) == nil {
                    missing.append(SnapshotEntry(record: .directory(directory, modificationTime: time)))
                }
                guard let next = directory.parent else { break }
                directory = next
            }
        }
        try Batch(objects: [:], entries: missing, snapshot: number, relatives: []).insert(into: db)
    }
}
