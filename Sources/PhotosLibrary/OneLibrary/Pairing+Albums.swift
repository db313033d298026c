import GRDB

/// Which albums of the second way are albums of the service.
extension Pairing {
    /// The members of an album of this listing, in their order.
    public func members(ofAlbum album: Int64) async throws -> [Int64] {
        try await listing.index.database.read { db in
            try Int64.fetchAll(
                db, sql: "SELECT item FROM album_items WHERE album = ? ORDER BY position", arguments: [album])
        }
    }

    /// The albums of the index that showed albums of the second way before, by the ids of these.
    public func knownAlbums() async throws -> [String: Int64] {
        try await listing.index.database.read { db in
            var known: [String: Int64] = [:]
            let rows = try Row.fetchCursor(db, sql: "SELECT id, album FROM second_albums")
            while let row = try rows.next() { known[row[0]] = row[1] }
            return known
        }
    }

    public func remember(albums: [String: Int64]) async throws {
        if albums.isEmpty { return }
        try await listing.index.database.write { db in
            for (id, album) in albums {
                // What did not change is not written.
                try db.execute(
                    sql: """
                        INSERT INTO second_albums VALUES(?, ?)
                        ON CONFLICT(id) DO UPDATE SET album = excluded.album WHERE album <> excluded.album
                        """, arguments: [id, album])
            }
        }
    }
}
