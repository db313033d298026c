import ConnectorKit
import GRDB

/// Albums whose members come by two ways: first those of the service, in its order, then those that only another way has.
extension Listing {
    static let mergingSchema = """
        -- How many members of an album, from the first, the service listed; all of them where there is no row.
        CREATE TABLE merged_albums(album INTEGER PRIMARY KEY, own INTEGER NOT NULL);
        """

    /// What the service lists of an album from now on is kept apart until ``settleMembers(ofAlbum:beside:)``, so that an
    /// album that is as it was is not written, be it that half of it comes by another way.
    public func mergingAlbums() async throws -> Listing {
        try await index.database.write { db in
            try db.execute(
                sql: """
                    DROP TABLE IF EXISTS own_albums;
                    DROP TABLE IF EXISTS own_members;
                    CREATE TEMP TABLE own_albums(album INTEGER PRIMARY KEY, listed INTEGER NOT NULL);
                    CREATE TEMP TABLE own_members(
                        album INTEGER NOT NULL, position INTEGER NOT NULL, item INTEGER NOT NULL,
                        PRIMARY KEY(album, position)) WITHOUT ROWID;
                    """)
        }
        var listing = self
        listing.mergesAlbums = true
        return listing
    }

    func keepApart(_ items: [Int64], ofAlbum album: Int64, at time: Timestamp) async throws {
        try await index.database.write { db in
            try db.execute(sql: "INSERT INTO own_albums VALUES(?, ?)", arguments: [album, time.seconds])
            let insert = try db.cachedStatement(sql: "INSERT INTO own_members VALUES(?, ?, ?)")
            for (position, item) in items.enumerated() { try insert.execute(arguments: [album, position, item]) }
        }
    }

    /// The members of an album that the service lists, in their order: now, or when it was listed last.
    public func ownMembers(ofAlbum album: Int64) async throws -> [Int64] {
        try await index.database.read { db in
            if mergesAlbums, let (_, items) = try Self.listedNow(album, db) { return items }
            return try Self.ownMembers(ofAlbum: album, db)
        }
    }

    static func ownMembers(ofAlbum album: Int64, _ db: Database) throws -> [Int64] {
        try Int64.fetchAll(
            db,
            sql: """
                SELECT item FROM album_items LEFT JOIN merged_albums USING(album)
                WHERE album = ? AND (own IS NULL OR position < own) ORDER BY position
                """, arguments: [album])
    }

    private static func listedNow(_ album: Int64, _ db: Database) throws -> (time: Int64, items: [Int64])? {
        let find = "SELECT listed FROM own_albums WHERE album = ?"
        guard let time = try Int64.fetchOne(db, sql: find, arguments: [album]) else { return nil }
        let items = "SELECT item FROM own_members WHERE album = ? ORDER BY position"
        return (time, try Int64.fetchAll(db, sql: items, arguments: [album]))
    }

    /// Notes what an album of the service holds: what that lists, and what it does not.
    public func settleMembers(ofAlbum album: Int64, beside others: [Int64] = []) async throws {
        try await index.database.write { db in
            let now = mergesAlbums ? try Self.listedNow(album, db) : nil
            let own = try now?.items ?? Self.ownMembers(ofAlbum: album, db)
            let find = "SELECT listed FROM albums WHERE number = ?"
            let listed = try now?.time ?? Int64.fetchOne(db, sql: find, arguments: [album]) ?? 0
            let known = Set(own)
            let extra = others.filter { !known.contains($0) }
            try Index.setMembers(
                own + extra, own: extra.isEmpty ? nil : own.count, ofAlbum: album, listed: listed, listing: number, db)
            if now == nil { return }
            try db.execute(sql: "UPDATE albums SET listed = ? WHERE number = ?", arguments: [listed, album])
        }
    }

    static func isMerged(_ album: Int64, _ db: Database) throws -> Bool {
        let find = try db.cachedStatement(sql: "SELECT 1 FROM merged_albums WHERE album = ?")
        return try Bool.fetchOne(find, arguments: [album]) == true
    }

    static func note(own: Int?, ofAlbum album: Int64, _ db: Database) throws {
        guard let own else {
            return try db.execute(sql: "DELETE FROM merged_albums WHERE album = ?", arguments: [album])
        }
        try db.execute(
            sql: """
                INSERT INTO merged_albums VALUES(?, ?)
                ON CONFLICT(album) DO UPDATE SET own = excluded.own WHERE own <> excluded.own
                """, arguments: [album, own])
    }

    /// An album goes on in the folder of another one that showed the same before, in every layout; and with its members,
    /// where nothing is known of its own.
    /// - Returns: the folder, in this layout.
    public func passFolder(from former: Int64, to album: Int64) async throws -> Pathname? {
        try await index.database.write { [layout] db in
            let spaces = "SELECT space FROM directories WHERE album = ?"
            for space in try String.fetchAll(db, sql: spaces, arguments: [former]) {
                try db.execute(
                    sql: "UPDATE directories SET album = NULL WHERE album = ? AND space = ?", arguments: [album, space])
                try db.execute(
                    sql: "UPDATE directories SET album = ? WHERE album = ? AND space = ?",
                    arguments: [album, former, space])
                try Index.touch(db)
            }
            let members = "SELECT 1 FROM album_items WHERE album = ?"
            if try Bool.fetchOne(db, sql: members, arguments: [album]) == nil {
                try db.execute(
                    sql: "UPDATE album_items SET album = ? WHERE album = ?", arguments: [album, former])
                // Should it come back, nothing is known of it.
                try Self.note(own: nil, ofAlbum: former, db)
                try db.execute(sql: "UPDATE albums SET listed = 0 WHERE number = ?", arguments: [former])
            }
            return try NameGiver(db, layout).directory(ofAlbum: album)
        }
    }
}
