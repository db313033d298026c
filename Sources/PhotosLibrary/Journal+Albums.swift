import ConnectorKit
import GRDB

/// Which album of the account a directory of records became: titles repeat, and directories do not.
extension Journal {
    static let albumSchema = """
        -- part counts the albums that a directory fills, from 0: an album holds 20,000 items.
        CREATE TABLE export_albums(
            directory TEXT NOT NULL, part INTEGER NOT NULL, album_id TEXT NOT NULL,
            PRIMARY KEY(directory, part)) WITHOUT ROWID;
        CREATE INDEX uploads_by_item ON uploads(item_id) WHERE item_id IS NOT NULL;
        """

    /// The albums that a directory became, in the order in which they were filled.
    public func albums(of directory: Pathname) async throws -> [String] {
        try await index.database.read { db in
            try String.fetchAll(
                db, sql: "SELECT album_id FROM export_albums WHERE directory = ? ORDER BY part",
                arguments: [directory.string])
        }
    }

    /// Whether another directory became this album.
    public func isTaken(album id: String, notBy directory: Pathname) async throws -> Bool {
        try await index.database.read { db in
            try Bool.fetchOne(
                db, sql: "SELECT 1 FROM export_albums WHERE album_id = ? AND directory <> ?",
                arguments: [id, directory.string]) ?? false
        }
    }

    /// Remembers what a directory became; no albums forget it.
    public func note(albums ids: [String], of directory: Pathname) async throws {
        try await index.database.write { db in
            try db.execute(sql: "DELETE FROM export_albums WHERE directory = ?", arguments: [directory.string])
            for (part, id) in ids.enumerated() {
                try db.execute(
                    sql: "INSERT INTO export_albums(directory, part, album_id) VALUES(?, ?, ?)",
                    arguments: [directory.string, part, id])
            }
        }
    }

    /// Whether some content is known to be this item.
    public func knows(item id: String) async throws -> Bool {
        try await index.database.read { db in
            try Bool.fetchOne(db, sql: "SELECT 1 FROM uploads WHERE item_id = ?", arguments: [id]) ?? false
        }
    }

    /// Of some items, those of which no content is known.
    public func unknown(of ids: [String]) async throws -> [String] {
        try await index.database.read { db in
            let statement = try db.cachedStatement(sql: "SELECT 1 FROM uploads WHERE item_id = ?")
            return try ids.filter { try Bool.fetchOne(statement, arguments: [$0]) == nil }
        }
    }

    /// Whether nothing was ever uploaded with this journal.
    public func isEmpty() async throws -> Bool {
        try await index.database.read { db in
            try Bool.fetchOne(db, sql: "SELECT 0 FROM uploads LIMIT 1") ?? true
        }
    }
}
