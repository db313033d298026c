import ConnectorKit
import GRDB

/// One text for all that is known, so that whoever made something of it can tell whether it would be the same again.
extension Index {
    /// Changes whenever an item, its metadata, its content, an album, a membership or a name does, or what of them is
    /// there; and only then. An index that was made anew has none of the values of an earlier one.
    ///
    /// That a size or a hash is learnt changes nothing: the item is what it was before somebody read it.
    ///
    /// Where a list failed, a listing shows less than what this stands for.
    public var revision: String {
        get async throws {
            try await database.read { db in
                let sql = "SELECT value FROM counters WHERE name = ?"
                let values = try ["born", "lineage", "revision"].map {
                    try Int64.fetchOne(db, sql: sql, arguments: [$0]) ?? 0
                }
                return values.map { String($0, radix: 36) }.joined(separator: "-")
            }
        }
    }

    /// Whether something is known that was taken before a year, in UTC.
    public func hasItems(before year: Int) async throws -> Bool {
        let day = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
        return try await database.read { db in
            try Bool.fetchOne(
                db, sql: "SELECT 1 FROM items WHERE created < ? LIMIT 1", arguments: [Int64(day) * 86400]) == true
        }
    }

    /// Changes with what the ``revision`` stands for, and with what is learnt of contents.
    static func knowledge(_ db: Database) throws -> Int64 {
        let sql = "SELECT value FROM counters WHERE name = ?"
        return try ["revision", "learnt"].reduce(0) { try $0 ^ (Int64.fetchOne(db, sql: sql, arguments: [$1]) ?? 0) }
    }

    /// Called once in each transaction that changes what the revision stands for.
    static func touch(_ db: Database) throws { try renew("revision", db) }

    /// Called once in each transaction that notes what was learnt of contents.
    static func touchLearnt(_ db: Database) throws { try renew("learnt", db) }

    /// A number by chance: one that counts would come again after the last transactions were lost with the power.
    private static func renew(_ counter: String, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO counters(name, value) VALUES(?, random() & 4611686018427387903)
                ON CONFLICT(name) DO UPDATE SET value = excluded.value
                """)
        try statement.execute(arguments: [counter])
    }

    /// Tells this index from all others, from its first use on.
    static func beginLineage(_ db: Database, runtime: Runtime) throws {
        if try Bool.fetchOne(db, sql: "SELECT 1 FROM counters WHERE name = 'lineage'") == true { return }
        try db.execute(
            sql: "INSERT INTO counters(name, value) VALUES('born', ?), ('lineage', ?)",
            arguments: [runtime.now().seconds, Int64(runtime.random() * 0x1p52)])
    }
}
