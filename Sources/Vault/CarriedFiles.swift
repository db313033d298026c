import GRDB

extension SnapshotWriter {
    /// How many files and links a snapshot has over from the one before, since they could not be read or listed.
    public nonisolated func carriedFiles(of snapshot: Snapshot) throws -> Int {
        try reader.read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM entries e JOIN items i ON i.id = e.item
                    WHERE e.snapshot = ? AND e.carried = 1 AND i.kind <> 'directory'
                    """, arguments: [snapshot.number]) ?? 0
        }
    }
}
