import GRDB

/// Takes snapshots out of the catalog, with what only they had.
enum SnapshotRemoval {
    static func remove(_ numbers: [Int64], from db: Database) throws {
        if numbers.isEmpty { return }
        try db.execute(sql: "DELETE FROM entries WHERE snapshot IN (\(numbers.list))")
        let hadEntries = db.changesCount > 0
        try db.execute(sql: "DELETE FROM snapshots WHERE number IN (\(numbers.list))")
        if hadEntries {
            try db.execute(
                sql: """
                    DELETE FROM items WHERE id NOT IN (SELECT item FROM entries);
                    DELETE FROM directories WHERE id NOT IN (SELECT directory FROM entries)
                    """)
        }
    }
}
