import ConnectorKit
import GRDB

/// What one export must remember of its records and of the account, and nobody after it: in temporary tables, so that
/// memory is bounded whatever the number of records. They go with the process.
public struct JournalNotes: Sendable {
    let index: Index

    /// Forgets what an earlier export with the same index has noted.
    public init(_ index: Index) throws {
        self.index = index
        try index.database.write { db in try db.execute(sql: Self.schema) }
    }

    private static let schema = """
        DROP TABLE IF EXISTS temp.source_files;
        DROP TABLE IF EXISTS temp.source_albums;
        DROP TABLE IF EXISTS temp.stored_files;
        DROP TABLE IF EXISTS temp.kept_items;
        DROP TABLE IF EXISTS temp.late_links;
        DROP TABLE IF EXISTS temp.waiting_items;
        DROP TABLE IF EXISTS temp.account_items;
        DROP TABLE IF EXISTS temp.made_items;
        -- What the catalog of the snapshot says, by pathname.
        CREATE TEMP TABLE source_files(
            path TEXT PRIMARY KEY, filename TEXT NOT NULL, description TEXT, size INTEGER, sha256 TEXT,
            created INTEGER, width INTEGER, height INTEGER) WITHOUT ROWID;
        CREATE TEMP TABLE source_albums(
            path TEXT PRIMARY KEY, main TEXT NOT NULL, title TEXT NOT NULL) WITHOUT ROWID;
        -- What the records of this export became.
        CREATE TEMP TABLE stored_files(path TEXT PRIMARY KEY, item_id TEXT NOT NULL) WITHOUT ROWID;
        -- All items that any record stood for: a pathname that comes twice must not hide the first of its items.
        CREATE TEMP TABLE kept_items(item_id TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TEMP TABLE late_links(
            number INTEGER PRIMARY KEY, path TEXT NOT NULL, target TEXT NOT NULL, directory TEXT NOT NULL,
            title TEXT NOT NULL, place INTEGER NOT NULL);
        -- What is in the library, and gets its place in an album when all of that are known.
        CREATE TEMP TABLE waiting_items(
            directory TEXT NOT NULL, title TEXT NOT NULL, place INTEGER NOT NULL, item_id TEXT NOT NULL,
            path TEXT NOT NULL, filename TEXT NOT NULL, sha256 TEXT, essence TEXT,
            PRIMARY KEY(directory, place)) WITHOUT ROWID;
        -- What was seen in the account.
        CREATE TEMP TABLE account_items(
            item_id TEXT PRIMARY KEY, filename TEXT NOT NULL, created INTEGER NOT NULL, width INTEGER NOT NULL,
            height INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX temp.account_items_by_name ON account_items(filename, created);
        CREATE INDEX temp.account_items_by_time ON account_items(created);
        -- What this export made, to be read back. An album of '' is the library.
        CREATE TEMP TABLE made_items(
            album TEXT NOT NULL, item_id TEXT NOT NULL, place INTEGER NOT NULL, path TEXT NOT NULL,
            filename TEXT NOT NULL, sha256 TEXT, essence TEXT, PRIMARY KEY(album, item_id)) WITHOUT ROWID;
        """

    // MARK: The catalog of the snapshot

    /// What the catalog says of a file.
    public struct SourceFile: Sendable, Hashable {
        public var filename: String
        public var description: String?
        public var size: Int64?
        public var sha256: String?
        public var created: Timestamp?
        public var width: Int
        public var height: Int
    }

    public func note(_ items: [CatalogItem]) async throws {
        try await index.database.write { db in
            for item in items {
                for path in item.paths {
                    try db.execute(
                        sql: "INSERT OR REPLACE INTO source_files VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                        arguments: [
                            path, item.filename, item.description, item.size, item.sha256, item.created?.seconds,
                            item.width ?? 0, item.height ?? 0,
                        ])
                }
            }
        }
    }

    /// An album that several directories show is one: the first of them stands for it.
    public func note(_ albums: [CatalogAlbum]) async throws {
        try await index.database.write { db in
            for album in albums {
                for path in album.paths {
                    try db.execute(
                        sql: "INSERT OR REPLACE INTO source_albums VALUES(?, ?, ?)",
                        arguments: [path, album.paths.first ?? path, album.title])
                }
            }
        }
    }

    public func file(at path: Pathname) async throws -> SourceFile? {
        try await index.database.read { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT * FROM source_files WHERE path = ?", arguments: [path.string])
            return row.map { row in
                SourceFile(
                    filename: row["filename"], description: row["description"], size: row["size"],
                    sha256: row["sha256"], created: (row["created"] as Int64?).map { Timestamp(seconds: $0) },
                    width: row["width"], height: row["height"])
            }
        }
    }

    /// The directory that stands for the album of a directory, and its title.
    public func album(at directory: Pathname) async throws -> (directory: Pathname, title: String)? {
        let texts: (main: String, title: String)? = try await index.database.read { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT main, title FROM source_albums WHERE path = ?", arguments: [directory.string])
            return row.map { ($0["main"], $0["title"]) }
        }
        guard let texts, let main = try? Pathname(texts.main) else { return nil }
        return (main, texts.title)
    }

    /// File names of a directory, as the catalog has them; so many at most.
    public func filenames(in directory: Pathname, limit: Int) async throws -> Set<String> {
        // "0" follows "/", so the range is what lies below.
        try await index.database.read { db in
            try String.fetchSet(
                db, sql: "SELECT filename FROM source_files WHERE path > ? AND path < ? LIMIT ?",
                arguments: [directory.string + "/", directory.string + "0", limit])
        }
    }

    // MARK: What records became

    public func note(item id: String, at path: Pathname) async throws {
        try await index.database.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO stored_files VALUES(?, ?)", arguments: [path.string, id])
            try db.execute(sql: "INSERT OR IGNORE INTO kept_items VALUES(?)", arguments: [id])
        }
    }

    public func item(at path: Pathname) async throws -> String? {
        try await index.database.read { db in
            try String.fetchOne(
                db, sql: "SELECT item_id FROM stored_files WHERE path = ?", arguments: [path.string])
        }
    }

    /// A link that came before what it leads to.
    public struct Link: Sendable, Hashable {
        public var path: Pathname
        public var target: Pathname
        /// Of the album that shows it.
        public var directory: Pathname
        public var title: String
        public var place: Int

        public init(path: Pathname, target: Pathname, directory: Pathname, title: String, place: Int) {
            self.path = path
            self.target = target
            self.directory = directory
            self.title = title
            self.place = place
        }
    }

    public func note(_ link: Link) async throws {
        try await index.database.write { db in
            try db.execute(
                sql: "INSERT INTO late_links(path, target, directory, title, place) VALUES(?, ?, ?, ?, ?)",
                arguments: [
                    link.path.string, link.target.string, link.directory.string, link.title, link.place,
                ])
        }
    }

    /// Takes links of one album, in its order, with the items that they lead to.
    /// - Returns: empty when no link is left.
    public func takeLinks(limit: Int) async throws -> [(link: Link, item: String?)] {
        try await index.database.write { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT l.*, s.item_id FROM late_links l LEFT JOIN stored_files s ON s.path = l.target
                    WHERE l.directory = (SELECT directory FROM late_links ORDER BY number LIMIT 1)
                    ORDER BY l.place, l.number LIMIT ?
                    """, arguments: [limit])
            var links: [(link: Link, item: String?)] = []
            for row in rows {
                try db.execute(sql: "DELETE FROM late_links WHERE number = ?", arguments: [row["number"] as Int64])
                guard let path = try? Pathname(row["path"]), let target = try? Pathname(row["target"]),
                    let directory = try? Pathname(row["directory"])
                else { continue }
                let link = Link(
                    path: path, target: target, directory: directory, title: row["title"], place: row["place"])
                links.append((link, row["item_id"]))
            }
            return links
        }
    }
}

extension JournalNotes {
    /// Of some items, those that no record of this export stood for.
    public func withoutStored(_ ids: [String]) async throws -> [String] {
        try await index.database.read { db in
            var left: [String] = []
            let statement = try db.cachedStatement(sql: "SELECT 1 FROM kept_items WHERE item_id = ?")
            for id in ids where try Bool.fetchOne(statement, arguments: [id]) == nil { left.append(id) }
            return left
        }
    }
}
