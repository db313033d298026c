import GRDB

/// Which items a listing said to be archived: known of Takeout exports alone, and kept for the view of these.
enum ArchivedItems {
    static let schema = "CREATE TABLE archived_items(item INTEGER PRIMARY KEY, seen INTEGER NOT NULL)"

    /// Those of some items that are archived.
    static func among(_ items: [Int64], listing: Int64, _ db: Database) throws -> Set<Int64> {
        let list = items.map(String.init).joined(separator: ",")
        return try Set(
            Int64.fetchAll(
                db, sql: "SELECT item FROM archived_items WHERE item IN (\(list)) AND seen = ?", arguments: [listing]))
    }
}

extension Listing {
    /// Notes that items, which are listed already, are archived.
    public func setArchived(_ ids: [String]) async throws {
        if ids.isEmpty { return }
        try await index.database.write { [number] db in
            let insert = try db.cachedStatement(
                sql: "INSERT OR REPLACE INTO archived_items(item, seen) SELECT number, ? FROM items WHERE id = ?")
            for id in ids { try insert.execute(arguments: [number, id]) }
        }
    }
}
