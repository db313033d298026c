import ConnectorKit
import Foundation
import GRDB
import Synchronization

/// What was learnt about one account: items, albums, the names that were given to them, and what was uploaded.
///
/// One SQLite file per account, 0600. Losing it costs requests and never data: everything in it can be learnt again,
/// but for who was first to have a name.
public final class Index: Sendable {
    private let connection: Mutex<DatabaseQueue>
    private let path: String?
    private let kind: Kind
    private let runtime: Runtime
    private let reporter: (any ConnectorReporter)?
    /// What the latest listing saw.
    let latest = Mutex(SightingLog())

    var database: DatabaseQueue { connection.withLock { $0 } }

    /// Opens or makes the index of an account. A damaged one is set aside, and a new one is made.
    /// - Parameters:
    ///   - path: nil keeps it in memory, for tests.
    ///   - runtime: tells a new index from every other.
    ///   - reporter: is told of damage.
    ///   - kind: tells what is lost then.
    /// - Throws: ``ConnectorError`` where the file cannot be used.
    public init(
        path: String?, runtime: Runtime = .live, reporter: (any ConnectorReporter)? = nil, of kind: Kind = .account
    ) throws {
        self.path = path
        self.kind = kind
        self.runtime = runtime
        self.reporter = reporter
        do {
            if let path { try StateDirectory.prepare(file: path) }
            let database: DatabaseQueue
            do {
                database = try Self.connect(path, runtime)
            } catch let error where path != nil && IndexDamage.isDamage(error) {
                // Another process may have brought the same file up to date meanwhile: a second look tells.
                if let again = try? Self.connect(path, runtime) {
                    database = again
                } else {
                    let told = try IndexDamage.setAside(path ?? "", of: kind, at: runtime.now())
                    reporter?.log(.warning, told, pathname: nil)
                    try StateDirectory.prepare(file: path ?? "")
                    database = try Self.connect(path, runtime)
                }
            }
            connection = Mutex(database)
        } catch let error as DatabaseError {
            throw ConnectorError(
                .internalDefect,
                "the index of the account cannot be used: \(error.message ?? error.resultCode.description)",
                hint: kind.hint(path ?? "memory"))
        }
    }

    private static func connect(_ path: String?, _ runtime: Runtime) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(15)
        configuration.prepareDatabase { db in
            // A page cache of 8 MiB: a library of any size passes through it. Download URLs are capabilities that end
            // within the hour: they are kept in a temporary table, whose file SQLite unlinks as soon as it is open.
            try db.execute(
                sql: """
                    PRAGMA cache_size = -8192; PRAGMA temp_store = FILE; PRAGMA synchronous = NORMAL;
                    PRAGMA wal_autocheckpoint = 4096
                    """)
        }
        let database =
            try path.map { try DatabaseQueue(path: $0, configuration: configuration) }
            ?? DatabaseQueue(configuration: configuration)
        if path != nil {
            try database.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = WAL") }
        }
        try migrator.migrate(database)
        try database.write { db in
            try beginLineage(db, runtime: runtime)
            try db.execute(
                sql: "CREATE TEMP TABLE urls(item INTEGER PRIMARY KEY, url TEXT NOT NULL, born INTEGER NOT NULL)")
        }
        return database
    }

    /// Sets the index aside and begins a new one, where an error came of damage.
    /// - Parameter isOneOfSeveral: whether the error may have come of another file: then this one is looked at.
    /// - Returns: whether it did: what failed can be begun again.
    public func replaceIfDamaged(after error: any Error, isOneOfSeveral: Bool = false) async throws -> Bool {
        guard let path else { return false }
        let isCertain = IndexDamage.isDamage(error)
        var isDamaged = isCertain && !isOneOfSeveral
        if !isDamaged, isCertain || IndexDamage.isSuspect(error) {
            let verdict = try? await database.read { db in
                try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
            }
            isDamaged = verdict != "ok"
        }
        guard isDamaged else { return false }
        try? database.close()
        reporter?.log(.warning, try IndexDamage.setAside(path, of: kind, at: runtime.now()), pathname: nil)
        try StateDirectory.prepare(file: path)
        let fresh = try Self.connect(path, runtime)
        connection.withLock { $0 = fresh }
        return true
    }

    /// Holds the index for one import, so that no other one changes what it has listed before it was emitted.
    ///
    /// An OS lock: it ends with the process, however that ends.
    /// - Throws: ``ConnectorError`` with code `unavailable` where another import of the account runs.
    public func lockForImport() throws -> ProcessLock {
        try ProcessLock(path: path.map { $0 + ".lock" }, busy: "another run is reading this account")
    }

    /// Holds the account for one export: two would make albums of one title twice, and Google refuses writes that meet.
    /// - Throws: ``ConnectorError`` with code `unavailable` where another export to the account runs.
    public func lockForExport() throws -> ProcessLock {
        try ProcessLock(path: path.map { $0 + ".export.lock" }, busy: "another run is writing to this account")
    }

    /// The file of an account's index.
    public static func path(for settings: LibrarySettings, environment: [String: String]) -> String {
        let account = [settings.api.apiURL, settings.api.clientID, settings.origin, settings.unnamedSignIn?.reveal()]
        return path(forAccount: account.compactMap(\.self).joined(separator: "\n"), environment: environment)
    }

    /// The file of whatever a text tells apart from all others.
    public static func path(forAccount account: String, environment: [String: String]) -> String {
        StateDirectory(environment: environment).path + "/\(SafeName.mark(of: account, digits: 16)).sqlite"
    }

    private static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in try db.execute(sql: schema) }
        migrator.registerMigration("upload-sessions") { db in try db.execute(sql: Journal.sessionSchema) }
        migrator.registerMigration("layouts") { db in try db.execute(sql: layouts) }
        migrator.registerMigration("sightings") { db in try db.execute(sql: Listing.schema) }
        migrator.registerMigration("export-albums") { db in try db.execute(sql: Journal.albumSchema) }
        migrator.registerMigration("second-way") { db in try db.execute(sql: Pairing.schema) }
        migrator.registerMigration("hints") { db in try db.execute(sql: Hints.schema) }
        migrator.registerMigration("picker") { db in try db.execute(sql: PickerMemory.schema) }
        migrator.registerMigration("picker-hosts") { db in try db.execute(sql: PickerMemory.ownershipSchema) }
        migrator.registerMigration("merged-albums") { db in try db.execute(sql: Listing.mergingSchema) }
        migrator.registerMigration("album-moves") { db in try db.execute(sql: Journal.moveSchema) }
        return migrator
    }()

    private static let schema = """
        -- number is ours and short; id is Google's. seen, library_seen and favorite_seen are the number of the last
        -- listing that held the item anywhere, in the library, among the favorites.
        CREATE TABLE items(
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
            filename TEXT NOT NULL, description TEXT NOT NULL, mime_type TEXT NOT NULL,
            created INTEGER NOT NULL, created_nanos INTEGER NOT NULL,
            width INTEGER NOT NULL, height INTEGER NOT NULL,
            is_video INTEGER NOT NULL, video_status TEXT,
            camera_make TEXT NOT NULL, camera_model TEXT NOT NULL, product_url TEXT NOT NULL,
            seen INTEGER NOT NULL, library_seen INTEGER NOT NULL DEFAULT 0, favorite_seen INTEGER NOT NULL DEFAULT 0,
            size INTEGER);
        CREATE INDEX items_by_time ON items(created, created_nanos, id);

        -- position is the order of the album.
        CREATE TABLE albums(
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, items INTEGER NOT NULL,
            cover TEXT NOT NULL, seen INTEGER NOT NULL);
        CREATE TABLE album_items(
            album INTEGER NOT NULL, position INTEGER NOT NULL, item INTEGER NOT NULL,
            PRIMARY KEY(album, position)) WITHOUT ROWID;
        CREATE INDEX album_items_by_item ON album_items(item, album);

        -- Names are given once and kept. A directory holds its own name in its parent under the item -number.
        CREATE TABLE directories(number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, album INTEGER);
        CREATE TABLE names(
            item INTEGER NOT NULL, directory INTEGER NOT NULL, name TEXT NOT NULL,
            PRIMARY KEY(item, directory)) WITHOUT ROWID;
        CREATE UNIQUE INDEX names_by_directory ON names(directory, name);

        -- The journal of uploads: content -> upload token -> media item.
        CREATE TABLE uploads(
            sha256 TEXT PRIMARY KEY, token TEXT, token_born INTEGER, item_id TEXT) WITHOUT ROWID;

        -- What has another file name or title is another file or folder.
        CREATE TRIGGER item_renamed AFTER UPDATE OF filename ON items WHEN old.filename <> new.filename BEGIN
            DELETE FROM names WHERE item = old.number;
        END;
        CREATE TRIGGER album_renamed AFTER UPDATE OF title ON albums WHEN old.title <> new.title BEGIN
            UPDATE directories SET album = NULL WHERE album = old.number;
        END;

        CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        """

    /// Each layout has directories of its own, told apart by `space`; `folded` is filled where case does not count.
    private static let layouts = """
        DROP TRIGGER album_renamed;
        CREATE TABLE spaces(
            number INTEGER PRIMARY KEY, space TEXT NOT NULL, path TEXT NOT NULL, album INTEGER, UNIQUE(space, path));
        INSERT INTO spaces SELECT number, '', path, album FROM directories;
        DROP TABLE directories;
        ALTER TABLE spaces RENAME TO directories;
        CREATE INDEX directories_by_album ON directories(album, space) WHERE album IS NOT NULL;
        CREATE TRIGGER album_renamed AFTER UPDATE OF title ON albums WHEN old.title <> new.title BEGIN
            UPDATE directories SET album = NULL WHERE album = old.number;
        END;
        ALTER TABLE names ADD COLUMN folded TEXT;
        CREATE UNIQUE INDEX names_by_folded ON names(directory, folded) WHERE folded IS NOT NULL;
        """
}
