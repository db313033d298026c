import ConnectorKit
import GRDB

/// What leaves an album to come back behind something else, so that a run that was killed in between is made good.
extension Journal {
    static let moveSchema = """
        CREATE TABLE album_moves(
            album_id TEXT NOT NULL, place INTEGER NOT NULL, item_id TEXT NOT NULL,
            PRIMARY KEY(album_id, place)) WITHOUT ROWID;
        """

    /// What is to come to the end of an album, in this order.
    public func moves(in albumID: String) async throws -> [String] {
        try await index.database.read { db in
            try String.fetchAll(
                db, sql: "SELECT item_id FROM album_moves WHERE album_id = ? ORDER BY place", arguments: [albumID])
        }
    }

    /// Remembers what is to come to the end of an album; nothing where it is there.
    public func note(moves items: [String], in albumID: String) async throws {
        try await index.database.write { db in
            try db.execute(sql: "DELETE FROM album_moves WHERE album_id = ?", arguments: [albumID])
            let statement = try db.cachedStatement(sql: "INSERT INTO album_moves VALUES(?, ?, ?)")
            for (place, item) in items.enumerated() { try statement.execute(arguments: [albumID, place, item]) }
        }
    }
}
