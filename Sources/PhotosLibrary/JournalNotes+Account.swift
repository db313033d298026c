import ConnectorKit
import GRDB
import PhotosAPI

/// What was seen in the account, and what this export added to it.
extension JournalNotes {
    /// Items that the account showed.
    public func saw(_ items: [MediaItem]) async throws {
        try await index.database.write { db in
            for item in items {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO account_items VALUES(?, ?, ?, ?, ?)",
                    arguments: [item.id, item.filename, item.creationTime.seconds, item.width, item.height])
            }
        }
    }

    public func hasSeen(item id: String) async throws -> Bool {
        try await index.database.read { db in
            try Bool.fetchOne(db, sql: "SELECT 1 FROM account_items WHERE item_id = ?", arguments: [id]) ?? false
        }
    }

    /// Items of that name and moment; of those dimensions too, where they are known.
    public func items(named filename: String, created: Timestamp, width: Int, height: Int) async throws -> [String] {
        try await index.database.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT item_id FROM account_items WHERE filename = ? AND created = ?
                    AND (? = 0 OR width = 0 OR (width = ? AND height = ?)) LIMIT 2
                    """,
                arguments: [filename, created.seconds, width, width, height])
        }
    }

    /// Items of that name, and of those dimensions where they are known, of a moment or made since another; two at most.
    public func items(
        named filename: String, created: Timestamp, madeSince start: Timestamp, width: Int, height: Int
    ) async throws -> [String] {
        try await index.database.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT item_id FROM account_items WHERE filename = ? AND (created = ? OR created >= ?)
                    AND (? = 0 OR width = 0 OR (width = ? AND height = ?)) LIMIT 2
                    """,
                arguments: [filename, created.seconds, start.seconds, width, width, height])
        }
    }

    /// Items of that name; two at most.
    public func items(named filename: String) async throws -> [String] {
        try await index.database.read { db in
            try String.fetchAll(
                db, sql: "SELECT item_id FROM account_items WHERE filename = ? LIMIT 2", arguments: [filename])
        }
    }

    /// Items of which no content is known yet, from the moment of one of them on.
    public func itemsBeside(_ id: String, limit: Int) async throws -> [String] {
        try await index.database.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT item_id FROM account_items AS a
                    WHERE created >= (SELECT created FROM account_items WHERE item_id = ?) AND item_id <> ?
                    AND NOT EXISTS(SELECT 1 FROM uploads AS u WHERE u.item_id = a.item_id)
                    ORDER BY created, item_id LIMIT ?
                    """, arguments: [id, id, limit])
        }
    }

    // MARK: Reading back

    /// An item that this export made, or put into an album.
    public struct Made: Sendable, Hashable {
        /// The id of the album; nil for the library.
        public var album: String?
        public var itemID: String
        /// Its place among the records of the album; -1 where Google put it elsewhere.
        public var place: Int
        public var path: Pathname
        /// As Google gave it when it was made; empty where that is not known.
        public var filename: String
        public var sha256: String?
        /// A hash of what is left of the content without its metadata, where it has a form that is known.
        public var essence: String?

        public init(
            album: String?, itemID: String, place: Int, path: Pathname, filename: String, sha256: String? = nil,
            essence: String? = nil
        ) {
            self.album = album
            self.itemID = itemID
            self.place = place
            self.path = path
            self.filename = filename
            self.sha256 = sha256
            self.essence = essence
        }
    }

    public func note(_ made: Made) async throws {
        try await index.database.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO made_items VALUES(?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    made.album ?? "", made.itemID, made.place, made.path.string, made.filename, made.sha256,
                    made.essence,
                ])
        }
    }

    /// The albums of what was made; nil among them is the library.
    public func albumsOfMade() async throws -> [String?] {
        let ids = try await index.database.read { db in
            try String.fetchAll(db, sql: "SELECT DISTINCT album FROM made_items ORDER BY album DESC")
        }
        return ids.map { $0.isEmpty ? nil : $0 }
    }

    /// What was made in an album, of these ids.
    public func made(in album: String?, ids: [String]) async throws -> [String: Made] {
        let marks = Array(repeating: "?", count: ids.count).joined(separator: ", ")
        let made = try await index.database.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM made_items WHERE album = ? AND item_id IN (\(marks))",
                arguments: StatementArguments([album ?? ""] + ids)
            ).compactMap(Made.init)
        }
        return Dictionary(made.map { ($0.itemID, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes what was made in an album, so many at most.
    public func takeMade(in album: String?, limit: Int) async throws -> [Made] {
        try await index.database.write { db in
            let made = try Row.fetchAll(
                db, sql: "SELECT * FROM made_items WHERE album = ? LIMIT ?", arguments: [album ?? "", limit]
            ).compactMap(Made.init)
            for item in made { try Self.forget(item, db) }
            return made
        }
    }

    /// Forgets what was made and not read back; how many items that were.
    public func takeMadeCount() async throws -> Int {
        try await index.database.write { db in
            try db.execute(sql: "DELETE FROM made_items")
            return db.changesCount
        }
    }

    public func forget(_ made: [Made]) async throws {
        try await index.database.write { db in for item in made { try Self.forget(item, db) } }
    }

    private static func forget(_ made: Made, _ db: Database) throws {
        try db.execute(
            sql: "DELETE FROM made_items WHERE album = ? AND item_id = ?", arguments: [made.album ?? "", made.itemID])
    }
}

extension JournalNotes.Made {
    init?(_ row: Row) {
        guard let path = try? Pathname(row["path"]) else { return nil }
        let album: String = row["album"]
        self.init(
            album: album.isEmpty ? nil : album, itemID: row["item_id"], place: row["place"], path: path,
            filename: row["filename"], sha256: row["sha256"], essence: row["essence"])
    }
}
