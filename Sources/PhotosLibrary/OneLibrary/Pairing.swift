import ConnectorKit
import GRDB

/// Finds out which items that came by a second way are items of a listing of the service: each is one item then.
///
/// From the surest sign to the weakest, and never where two fit: then both stay, and nothing is lost.
/// 1. The same id at Google.
/// 2. They were one item before, and do not contradict each other now.
/// 3. The same SHA-256, as far as hashes are known.
/// 4. The page of the one has the name of the other's page, or of its id.
/// 5. The same file name, second of creation and kind, and the same size in pixels; where that is not known of both, the
///    same type.
public struct Pairing: Sendable {
    let listing: Listing
    /// What the ids of this second way begin with.
    let way: String
    private var database: DatabaseQueue { listing.index.database }

    /// Tables of this process, which go into a temporary file where they are large. Sizes in pixels are kept the short side
    /// first: the ways differ in whether they have turned a picture.
    private static let tables = """
        DROP TABLE IF EXISTS first_way;
        DROP TABLE IF EXISTS second_way;
        DROP TABLE IF EXISTS second_names;
        DROP TABLE IF EXISTS candidates;
        CREATE TEMP TABLE first_way(
            item INTEGER PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, page TEXT NOT NULL, created INTEGER NOT NULL,
            is_video INTEGER NOT NULL, type TEXT NOT NULL, short INTEGER NOT NULL, long INTEGER NOT NULL,
            second INTEGER);
        CREATE TEMP TABLE second_way(
            number INTEGER PRIMARY KEY, id TEXT NOT NULL, is_sure INTEGER NOT NULL, page TEXT NOT NULL, sha256 TEXT,
            size INTEGER, created INTEGER NOT NULL, is_video INTEGER NOT NULL, type TEXT NOT NULL,
            short INTEGER NOT NULL, long INTEGER NOT NULL, is_readable INTEGER NOT NULL, item INTEGER,
            is_paired INTEGER NOT NULL DEFAULT 0);
        CREATE TEMP TABLE second_names(number INTEGER NOT NULL, name TEXT NOT NULL);
        CREATE TEMP TABLE candidates(item INTEGER NOT NULL, second INTEGER NOT NULL, UNIQUE(item, second));
        CREATE INDEX temp.candidates_by_second ON candidates(second);
        """

    /// Made where the tables are full: it is quicker than with every row.
    private static let indexes = """
        CREATE INDEX temp.first_by_name ON first_way(name, created);
        CREATE INDEX temp.first_by_page ON first_way(page) WHERE page <> '';
        CREATE INDEX temp.first_by_id ON first_way(id);
        CREATE INDEX temp.second_names_by_number ON second_names(number, name);
        CREATE INDEX temp.second_by_hash ON second_way(sha256) WHERE sha256 IS NOT NULL;
        CREATE INDEX temp.second_by_item ON second_way(item) WHERE item IS NOT NULL;
        """

    /// Which item of the index shows what came by the second way, from one run to the next; and the same of albums.
    static let schema = """
        CREATE TABLE second_items(id TEXT PRIMARY KEY, item INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX second_items_by_item ON second_items(item);
        CREATE TABLE second_albums(id TEXT PRIMARY KEY, album INTEGER NOT NULL) WITHOUT ROWID;
        """

    /// Begins with the items that the listing has so far: those of the service.
    /// - Parameter way: what the ids of the second way begin with.
    public init(_ listing: Listing, way: String) async throws {
        self.listing = listing
        self.way = way
        let seen = listing.sightings.items
        try await database.write { db in
            try db.execute(sql: Self.tables)
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT number, id, filename, product_url, created, is_video, mime_type, min(width, height),
                        max(width, height) FROM items
                    """)
            let insert = try db.cachedStatement(sql: "INSERT INTO first_way VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)")
            while let row = try rows.next() {
                guard seen.contains(row[0]) else { continue }
                try insert.execute(arguments: [
                    row[0] as Int64, row[1] as String, Alike.name(row[2]), Alike.page(row[3]), row[4] as Int64,
                    row[5] as Bool, Alike.type(row[6]), row[7] as Int64, row[8] as Int64,
                ])
            }
        }
    }

    /// Takes in some of what came by the second way.
    public func add(_ items: [SecondItem]) async throws {
        try await database.write { db in
            let insert = try db.cachedStatement(
                sql: "INSERT INTO second_way VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 0)")
            let name = try db.cachedStatement(sql: "INSERT INTO second_names VALUES(?, ?)")
            for item in items {
                try insert.execute(arguments: [
                    item.number, item.id, item.isSure, Alike.page(item.url), item.sha256, item.size,
                    item.created.seconds, item.isVideo, Alike.type(item.mimeType), min(item.width, item.height),
                    max(item.width, item.height), item.isReadable,
                ])
                for known in Set(item.names.map(Alike.name)) where !known.isEmpty {
                    try name.execute(arguments: [item.number, known])
                }
            }
        }
    }

    // MARK: Rules

    private static let contradiction = "(f.long > 0 AND s.long > 0 AND (f.long <> s.long OR f.short <> s.short))"
    private static let sameName = """
        EXISTS (SELECT 1 FROM second_names n WHERE n.number = s.number AND n.name = f.name)
        """

    /// Each chooses pairs of an item and a number of the second way.
    private static let sureRules = [
        """
        SELECT f.item, s.number FROM second_way s JOIN first_way f ON f.id = substr(s.id, length('\(SecondItem.picker)') + 1)
        WHERE s.id LIKE '\(SecondItem.picker)%'
        """,
        """
        SELECT f.item, s.number FROM second_way s JOIN second_items o ON o.id = s.id JOIN first_way f ON f.item = o.item
        WHERE f.is_video = s.is_video AND NOT \(contradiction)
        """,
        """
        SELECT f.item, s.number FROM second_way s JOIN uploads u ON u.sha256 = s.sha256
            JOIN first_way f ON f.id = u.item_id
        """,
        sameBytes,
        // An edited copy has the page of its original, and another name.
        """
        SELECT f.item, s.number FROM second_way s JOIN first_way f ON f.page = s.page
        WHERE s.page <> '' AND f.page <> '' AND f.is_video = s.is_video AND \(sameName)
        """,
        """
        SELECT f.item, s.number FROM second_way s JOIN first_way f ON f.id = s.page
        WHERE s.page <> '' AND f.is_video = s.is_video AND \(sameName)
        """,
        """
        SELECT f.item, s.number FROM second_way s JOIN first_way f ON f.page = s.page
        WHERE s.page <> '' AND f.page <> '' AND f.is_video = s.is_video
        """,
    ]

    private static let sameBytes = """
        SELECT f.item, s.number FROM first_way f JOIN items i ON i.number = f.item
            JOIN second_way s ON s.sha256 = lower(hex(i.sha256)) WHERE i.sha256 IS NOT NULL
        """

    private static let alike = """
        FROM second_way s JOIN second_names n ON n.number = s.number
            JOIN first_way f ON f.name = n.name AND f.created = s.created
        WHERE s.is_sure AND f.is_video = s.is_video AND s.item IS NULL AND f.second IS NULL
        """

    /// Pairs what is surely one.
    /// - Returns: numbers of the second way whose size in pixels is needed to go on, in their order.
    public func pairWhatIsSure() async throws -> [Int64] {
        try await database.write { db in
            try db.execute(sql: Self.indexes)
            for rule in Self.sureRules { try Self.apply(rule, db) }
            return try Int64.fetchAll(
                db,
                sql: "SELECT DISTINCT s.number \(Self.alike) AND s.long = 0 AND f.long > 0 ORDER BY s.number")
        }
    }

    /// Notes sizes in pixels that were asked for.
    public func learn(pixels: [Int64: (width: Int, height: Int)]) async throws {
        try await database.write { db in
            let update = try db.cachedStatement(sql: "UPDATE second_way SET short = ?, long = ? WHERE number = ?")
            for (number, size) in pixels {
                try update.execute(arguments: [min(size.width, size.height), max(size.width, size.height), number])
            }
        }
    }

    /// Pairs what is alike in all that is known of it.
    /// - Returns: numbers of the second way, in their order, that have no partner and the length of an item whose hash is
    ///   known: their own hash tells whether it is theirs.
    public func pairWhatIsAlike() async throws -> [Int64] {
        try await database.write { db in
            try Self.apply(
                """
                SELECT DISTINCT f.item, s.number \(Self.alike) AND NOT \(Self.contradiction)
                    AND (f.long > 0 AND s.long > 0 OR f.type = s.type)
                """, db)
            return try Int64.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT s.number FROM first_way f JOIN items i ON i.number = f.item
                        JOIN second_way s ON s.size = i.size
                    WHERE f.second IS NULL AND i.sha256 IS NOT NULL AND f.is_video = s.is_video
                        AND s.item IS NULL AND s.sha256 IS NULL AND s.is_readable ORDER BY s.number
                    """)
        }
    }

    /// Notes hashes that were asked for, and pairs what they tell to be the same.
    public func learn(sha256 hashes: [Int64: String]) async throws {
        if hashes.isEmpty { return }
        try await database.write { db in
            let update = try db.cachedStatement(sql: "UPDATE second_way SET sha256 = ? WHERE number = ?")
            for (number, hash) in hashes { try update.execute(arguments: [hash, number]) }
            try Self.apply(Self.sameBytes, db)
        }
    }

    /// Every pair is found: keeps what stays.
    public func finish() async throws {
        try await database.write { db in try remember(db) }
    }

    /// Takes the pairs of a rule in which neither has another.
    private static func apply(_ rule: String, _ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM candidates;
                INSERT OR IGNORE INTO candidates SELECT c.item, c.number FROM (\(rule)) c
                    JOIN first_way w ON w.item = c.item JOIN second_way x ON x.number = c.number
                    WHERE w.second IS NULL AND x.item IS NULL;
                DELETE FROM candidates WHERE item IN (SELECT item FROM candidates GROUP BY item HAVING count(*) > 1)
                    OR second IN (SELECT second FROM candidates GROUP BY second HAVING count(*) > 1);
                UPDATE second_way SET item = c.item, is_paired = 1 FROM candidates c WHERE c.second = second_way.number;
                UPDATE first_way SET second = c.second FROM candidates c WHERE c.item = first_way.item
                """)
    }

    // MARK: What stays from run to run

    /// Pathnames stay. Where an item was shown by another row of the index before, the row that shows it now has its
    /// names, but for those that it has of its own. What the service does not list any more stays with the row that it had.
    private func remember(_ db: Database) throws {
        let moved = try Row.fetchAll(
            db,
            sql: """
                SELECT o.item, s.item FROM second_way s JOIN second_items o ON o.id = s.id
                WHERE s.item IS NOT NULL AND o.item <> s.item AND o.item NOT IN (SELECT item FROM first_way)
                """)
        if !moved.isEmpty { try Index.touch(db) }
        // Two that were shown, and are one now: nothing was removed.
        listing.log.noteMerged(moved.map { $0[0] })
        for row in moved {
            try db.execute(
                sql: "UPDATE OR IGNORE names SET item = ? WHERE item = ?",
                arguments: [row[1] as Int64, row[0] as Int64])
        }
        try db.execute(
            sql: """
                DELETE FROM second_items WHERE item IN (SELECT item FROM second_way WHERE is_paired)
                    AND id NOT IN (SELECT id FROM second_way WHERE is_paired) AND id LIKE '\(way)%';
                INSERT INTO second_items SELECT id, item FROM second_way WHERE is_paired
                    ON CONFLICT(id) DO UPDATE SET item = excluded.item WHERE item <> excluded.item;
                DELETE FROM candidates;
                INSERT OR IGNORE INTO candidates SELECT o.item, s.number FROM second_way s
                    JOIN second_items o ON o.id = s.id JOIN items i ON i.number = o.item
                    WHERE s.item IS NULL AND o.item NOT IN (SELECT item FROM first_way);
                DELETE FROM candidates WHERE item IN (SELECT item FROM candidates GROUP BY item HAVING count(*) > 1);
                UPDATE second_way SET item = c.item FROM candidates c WHERE c.second = second_way.number
                """)
    }
}
