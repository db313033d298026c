import ConnectorKit
import Foundation
import GRDB

/// How a listing differs from the one before that asked the same.
public struct ListingChanges: Sendable, Hashable {
    /// Items that were not there.
    public var new = 0
    /// Items that were there with another file name, description or other metadata, or were a favorite or none.
    public var changed = 0
    /// Items that were there, in other albums.
    public var moved = 0
    /// Items that are not there any more.
    public var removed = 0
    /// Items that were there, and are one with others now: they came by two ways, which is known since.
    public var merged = 0

    /// By the names that hosts know.
    public var counters: [String: Int64] {
        var counters = [
            "items_new": Int64(new), "items_changed": Int64(changed), "items_moved": Int64(moved),
            "items_removed": Int64(removed),
        ]
        // Few sources have two ways to one item.
        if merged > 0 { counters["items_merged"] = Int64(merged) }
        return counters
    }
}

/// What became of an item of which something was known.
enum ItemChange: Int {
    case metadata = 1
    case albums = 2
}

extension Listing {
    /// Notes what was seen as what is there now, and compares it with the listing before that asked the same.
    ///
    /// Only a listing with the same question can tell what is gone: another one did not ask for it.
    /// - Parameters:
    ///   - question: tells listings apart that ask for other parts of a library.
    ///   - isWhole: false where a list failed. What it did not show may be there: nothing counts as removed, and the next
    ///     listing is compared with the one before this.
    /// - Returns: nil where there is nothing to compare with.
    public func finish(_ question: String, isWhole: Bool) async throws -> ListingChanges? {
        let now = sightings
        return try await index.database.write { [number] db in
            let known = try Self.past(question, db)
            // What a listing that is not whole shows is kept nowhere to compare with.
            if !isWhole { try Index.touch(db) }
            if isWhole, known?.sightings != now {
                for album in known?.sightings.albums.subtracting(now.albums).numbers ?? [] {
                    try Index.setMembers([], ofAlbum: album, listing: number, db)
                }
                try Index.touch(db)
            }
            if isWhole { try keep(now, for: question, db) }
            guard let known else { return nil }
            let stayed = now.items.intersection(known.sightings.items)
            let flagged = now.favorites.symmetricDifference(known.sightings.favorites)
            let changed = try Self.items(with: .metadata, since: known.number, db).union(flagged)
            let gone = isWhole ? known.sightings.items.subtracting(now.items) : ItemSet()
            let merged = gone.intersection(log.merged)
            let moved = try Self.items(with: .albums, since: known.number, db)
            return ListingChanges(
                new: now.items.subtracting(known.sightings.items).count,
                changed: changed.intersection(stayed).count, moved: moved.intersection(stayed).count,
                removed: gone.count - merged.count, merged: merged.count)
        }
    }

    private static func past(_ question: String, _ db: Database) throws -> (number: Int64, sightings: Sightings)? {
        let row = try Row.fetchOne(
            db, sql: "SELECT number, items, library, favorites, albums FROM listings WHERE question = ?",
            arguments: [question])
        guard let row else { return nil }
        var sightings = Sightings()
        sightings.items = ItemSet(try row.decode(Data.self, atIndex: 1))
        sightings.library = ItemSet(try row.decode(Data.self, atIndex: 2))
        sightings.favorites = ItemSet(try row.decode(Data.self, atIndex: 3))
        sightings.albums = ItemSet(try row.decode(Data.self, atIndex: 4))
        return (try row.decode(atIndex: 0), sightings)
    }

    private func keep(_ sightings: Sightings, for question: String, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO listings(question, number, items, library, favorites, albums)
                VALUES(?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                question, number, sightings.items.data, sightings.library.data, sightings.favorites.data,
                sightings.albums.data,
            ])
        // Whoever looks into one folder after the other leaves a row for each.
        try db.execute(
            sql: """
                DELETE FROM listings WHERE number <= (SELECT number FROM listings ORDER BY number DESC LIMIT 1 OFFSET 32)
                """)
    }

    private static func items(with change: ItemChange, since number: Int64, _ db: Database) throws -> ItemSet {
        var items = ItemSet()
        let rows = try Int64.fetchCursor(
            db, sql: "SELECT item FROM item_changes WHERE listing > ? AND kind = ?",
            arguments: [number, change.rawValue])
        while let item = try rows.next() { items.insert(item) }
        return items
    }

    static let schema = """
        -- What a listing sees is kept as sets of numbers, a bit each: a listing with nothing new writes no item.
        ALTER TABLE items DROP COLUMN seen;
        ALTER TABLE items DROP COLUMN library_seen;
        ALTER TABLE items DROP COLUMN favorite_seen;
        ALTER TABLE albums DROP COLUMN seen;
        CREATE TABLE listings(
            question TEXT PRIMARY KEY, number INTEGER NOT NULL, items BLOB NOT NULL, library BLOB NOT NULL,
            favorites BLOB NOT NULL, albums BLOB NOT NULL) WITHOUT ROWID;

        -- The last listing that found an item changed (kind 1), or in other albums (kind 2).
        CREATE TABLE item_changes(
            item INTEGER NOT NULL, kind INTEGER NOT NULL, listing INTEGER NOT NULL,
            PRIMARY KEY(item, kind)) WITHOUT ROWID;
        CREATE INDEX item_changes_by_listing ON item_changes(listing);

        -- 32 bytes, where the content was read.
        ALTER TABLE items ADD COLUMN sha256 BLOB;
        -- When its members were listed whole, in seconds of Unix time; 0 where the list of albums has told of something
        -- new since.
        ALTER TABLE albums ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
        """
}
