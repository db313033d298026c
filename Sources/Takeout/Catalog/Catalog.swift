import ConnectorKit
import Foundation
import GRDB
import Synchronization

/// What was learnt of the exports in one directory: their files, which belong together, and where the bytes are.
///
/// A library of any size passes through it a page at a time. It can be removed at any time: it is learnt again by reading
/// the directories of the parts, and every `.tgz` once.
final class Catalog: Sendable {
    private let connection: Mutex<DatabaseQueue>
    private let path: String?
    private let runtime: Runtime
    private let reporter: (any ConnectorReporter)?

    var database: DatabaseQueue { connection.withLock { $0 } }

    /// Opens or makes a catalog. A damaged one is set aside, and a new one is made.
    /// - Parameters:
    ///   - path: nil keeps it in memory, for tests.
    ///   - reporter: is told of damage.
    init(path: String?, runtime: Runtime, reporter: (any ConnectorReporter)?) throws {
        self.path = path
        self.runtime = runtime
        self.reporter = reporter
        do {
            let database: DatabaseQueue
            do {
                database = try Self.connect(path)
            } catch let error where path != nil && CatalogDamage.isDamage(error) {
                // Another process may have brought the same file up to date meanwhile: a second look tells.
                if let again = try? Self.connect(path) {
                    database = again
                } else {
                    reporter?.log(.warning, try CatalogDamage.setAside(path ?? "", at: runtime.now()), pathname: nil)
                    database = try Self.connect(path)
                }
            }
            connection = Mutex(database)
        } catch let error as DatabaseError {
            throw ConnectorError(
                .internalDefect,
                "the catalog of the exports cannot be used: \(error.message ?? error.resultCode.description)",
                hint: "check \(path ?? "memory"); it can be removed: it is learnt again")
        }
    }

    /// Sets the catalog aside and begins a new one, where an error came of damage.
    /// - Returns: whether it did: what failed can be begun again.
    func replaceIfDamaged(after error: any Error) throws -> Bool {
        // It may have come of another file.
        CatalogDamage.isDamage(error) ? try replaceIfUnsound() : false
    }

    /// Sets the catalog aside and begins a new one, where SQLite finds fault with it: a row that holds something else than
    /// was written would end the process.
    @discardableResult func replaceIfUnsound() throws -> Bool {
        guard let path else { return false }
        let verdict = try? database.read { db in try String.fetchOne(db, sql: "PRAGMA quick_check(1)") }
        if verdict == "ok" { return false }
        try? database.close()
        reporter?.log(.warning, try CatalogDamage.setAside(path, at: runtime.now()), pathname: nil)
        let fresh = try Self.connect(path)
        connection.withLock { $0 = fresh }
        return true
    }

    private static func connect(_ path: String?) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(15)
        configuration.prepareDatabase { db in
            try db.execute(
                sql: """
                    PRAGMA cache_size = -16384; PRAGMA temp_store = FILE; PRAGMA synchronous = NORMAL;
                    PRAGMA wal_autocheckpoint = 4096
                    """)
        }
        if let path { try prepareFile(path) }
        let database =
            try path.map { try DatabaseQueue(path: $0, configuration: configuration) }
            ?? DatabaseQueue(configuration: configuration)
        if path != nil {
            try database.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = WAL") }
        }
        try migrator.migrate(database)
        return database
    }

    /// Made before SQLite does, so that it is never readable by others: it holds names, places and people.
    private static func prepareFile(_ path: String) throws {
        let directory = (path as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ConnectorError(
                .config, "the catalog cannot be written: \(path): \(String(cString: strerror(errno)))",
                hint: "set XDG_STATE_HOME to a directory that can be written")
        }
        close(descriptor)
    }

    /// What an entry is; the numbers are in the database.
    enum Kind: Int {
        case media, asset, album, other
    }

    private static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in try db.execute(sql: schema) }
        migrator.registerMigration("contents") { db in try db.execute(sql: contents) }
        return migrator
    }()

    private static let schema = """
        -- An archive, or a folder with what was unpacked. stamp tells whether it has changed; export is the moment in its
        -- name, which sorts by time, and empty where it has none; is_read: it was read to its end, or as far as it goes.
        CREATE TABLE parts(
            number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, size INTEGER NOT NULL,
            stamp TEXT NOT NULL, export TEXT NOT NULL, is_read INTEGER NOT NULL, seen INTEGER NOT NULL);

        -- Where reading a tgz can begin.
        CREATE TABLE restart_points(
            part INTEGER NOT NULL, output INTEGER NOT NULL, input INTEGER NOT NULL, bits INTEGER NOT NULL,
            window BLOB NOT NULL, PRIMARY KEY(part, output)) WITHOUT ROWID;

        -- A folder within an export; root is what it is in, such as Takeout/Google Photos.
        CREATE TABLE folders(
            number INTEGER PRIMARY KEY, export TEXT NOT NULL, root TEXT NOT NULL, name TEXT NOT NULL,
            is_photos INTEGER NOT NULL DEFAULT 0, is_dirty INTEGER NOT NULL DEFAULT 1, UNIQUE(export, root, name));
        CREATE INDEX folders_by_name ON folders(name);

        -- crc is null where it was not needed yet. sidecar is the entry that speaks of it, certainty and rule how sure
        -- that is and why.
        CREATE TABLE entries(
            number INTEGER PRIMARY KEY, part INTEGER NOT NULL, folder INTEGER NOT NULL, name TEXT NOT NULL,
            kind INTEGER NOT NULL, offset INTEGER NOT NULL, packed INTEGER NOT NULL, method INTEGER NOT NULL,
            size INTEGER NOT NULL, crc INTEGER, modified INTEGER NOT NULL, fault TEXT,
            item INTEGER, sidecar INTEGER, certainty INTEGER NOT NULL DEFAULT 0, rule TEXT NOT NULL DEFAULT 'none');
        CREATE INDEX entries_by_part ON entries(part);
        CREATE INDEX entries_by_folder ON entries(folder, kind);
        CREATE INDEX entries_by_item ON entries(item) WHERE item IS NOT NULL;
        CREATE INDEX entries_by_sidecar ON entries(sidecar) WHERE sidecar IS NOT NULL;
        CREATE INDEX entries_by_size ON entries(size) WHERE kind = 0;

        CREATE TABLE assets(entry INTEGER PRIMARY KEY, title TEXT NOT NULL, url TEXT NOT NULL, metadata TEXT NOT NULL);
        CREATE INDEX assets_by_url ON assets(url) WHERE url <> '';
        CREATE TABLE albums(
            entry INTEGER PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, notes TEXT NOT NULL);

        -- One content, however many entries hold it. source is the entry that it is read from, position its place in
        -- the order in which all are read.
        CREATE TABLE items(
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, crc INTEGER, sha256 TEXT,
            source INTEGER, position INTEGER, metadata TEXT, certainty INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX items_by_content ON items(size, crc);
        CREATE INDEX items_by_position ON items(position) WHERE position IS NOT NULL;

        -- What could not be read; path is empty for a whole part.
        CREATE TABLE problems(
            number INTEGER PRIMARY KEY, part INTEGER NOT NULL, path TEXT NOT NULL, message TEXT NOT NULL);
        CREATE INDEX problems_by_part ON problems(part);

        CREATE TRIGGER entry_gone AFTER DELETE ON entries BEGIN
            DELETE FROM assets WHERE entry = old.number;
            DELETE FROM albums WHERE entry = old.number;
            UPDATE folders SET is_dirty = 1 WHERE number = old.folder;
            UPDATE entries SET sidecar = NULL, certainty = 0, rule = 'none'
                WHERE sidecar = old.number AND old.kind = 1;
        END;
        """

    /// changed is when the file of a part was changed in any way, which its contents do not tell. taken, width and height
    /// are what the bytes of an item say, looked at where is_probed; taken_by is the kind of place that said so.
    private static let contents = """
        ALTER TABLE parts ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE albums ADD COLUMN comments TEXT NOT NULL DEFAULT '';
        ALTER TABLE items ADD COLUMN is_dated INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE items ADD COLUMN is_probed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE items ADD COLUMN taken INTEGER;
        ALTER TABLE items ADD COLUMN taken_by TEXT;
        ALTER TABLE items ADD COLUMN width INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE items ADD COLUMN height INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX items_without_time ON items(position) WHERE is_dated = 0 AND is_probed = 0;
        -- How many more entries of a part have problems than those that are noted.
        CREATE TABLE floods(part INTEGER PRIMARY KEY, entries INTEGER NOT NULL);
        -- Comments were passed over until now.
        UPDATE parts SET is_read = 0;
        """
}
