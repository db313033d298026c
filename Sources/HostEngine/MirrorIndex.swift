import ConnectorKit
import Foundation
import GRDB
import Vault

/// `.gphotos-mirror.sqlite`: what a mirror knows of the files in its folder. It can be deleted at any time: then files
/// are told by size and time, and those that were there already are never removed.
///
/// A rollback journal and no WAL: that works on network file systems too, and one process at a time uses it.
final class MirrorIndex: Sendable {
    static let name = ".gphotos-mirror.sqlite"
    /// How the names of all files begin that are the mirror's own.
    static let reserved = ".gphotos-mirror"

    private let database: DatabaseQueue
    private let path: String

    private static let version = 1

    private init(_ database: DatabaseQueue, path: String) {
        self.database = database
        self.path = path
    }

    /// Opens the index of a folder, or makes it.
    /// - Parameters:
    ///   - now: names one that is damaged and set aside.
    ///   - warn: told of that.
    convenience init(in folder: LocalFolder, now: Timestamp, warn: (String) -> Void) throws {
        let path = folder.path + "/" + Self.name
        try Self.check(try folder.root.status(of: Self.name), path)
        do {
            do {
                self.init(try Self.open(path), path: path)
            } catch let error where DatabaseDamage.isDamage(error) {
                let aside = try DatabaseDamage.setAside(path, at: now)
                warn(
                    "the mirror's index \(path) is damaged: it is \(aside) now. The files are told by their size and "
                        + "time, and of those that are here nothing is ever removed")
                self.init(try Self.open(path), path: path)
            }
        } catch {
            throw Self.describe(error, path: path)
        }
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL")
        }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.write { db in
            try DatabaseDamage.check(db)
            if try version(db) == 0 {
                try db.execute(sql: schema + "PRAGMA user_version = \(version)")
            }
            try checkVersion(db, path)
            try checkTables(db)
        }
        return database
    }

    /// The index as it is now, for a look; one without anything where there is none, or a damaged one.
    convenience init(reading folder: LocalFolder?, warn: (String) -> Void) throws {
        let path = (folder?.path ?? "") + "/" + Self.name
        let status = try folder?.root.status(of: Self.name)
        try Self.check(status, path)
        do {
            if status == nil {
                self.init(try Self.empty(), path: path)
                return
            }
            do {
                var configuration = Configuration()
                configuration.readonly = true
                configuration.busyMode = .timeout(10)
                let database = try DatabaseQueue(path: path, configuration: configuration)
                try database.read { db in
                    try DatabaseDamage.check(db)
                    try Self.checkVersion(db, path)
                    try Self.checkTables(db)
                }
                self.init(database, path: path)
            } catch let error where DatabaseDamage.isDamage(error) {
                warn("the mirror's index \(path) is damaged: what it knew does not count here")
                self.init(try Self.empty(), path: path)
            }
        } catch {
            throw Self.describe(error, path: path)
        }
    }

    /// Whether the tables are those of this version; SQLite says so as an error of the statement.
    private static func checkTables(_ db: Database) throws {
        try db.execute(
            sql: """
                SELECT \(columns), id FROM files LIMIT 0; SELECT \(columns), temporary FROM pending LIMIT 0;
                SELECT path FROM directories LIMIT 0; SELECT key, value FROM properties LIMIT 0
                """)
    }

    private static func empty() throws -> DatabaseQueue {
        let database = try DatabaseQueue()
        try database.write { db in try db.execute(sql: schema) }
        return database
    }

    /// SQLite would follow a link.
    private static func check(_ status: FileStatus?, _ path: String) throws {
        if let status, status.kind != .file {
            throw VaultError(.cannotWrite, "\(path) is no file", hint: "move it away")
        }
    }

    private static func version(_ db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    }

    private static func checkVersion(_ db: Database, _ path: String) throws {
        if try version(db) == version { return }
        throw VaultError(.newerFormat, "a later version of this program made \(path)", hint: "use that version")
    }

    private static let columns =
        "path, standing, fingerprint, target, size, mtime, mtime_nanoseconds, sha256"

    private static let schema = """
        CREATE TABLE files (
            id INTEGER PRIMARY KEY,
            path TEXT NOT NULL UNIQUE,     -- begins with a slash, which is the mirror's folder
            standing INTEGER NOT NULL,     -- 0: written by the mirror, 1: was there and is the same, 2: is another
            fingerprint TEXT,              -- of the source
            target TEXT,                   -- of a link
            size INTEGER NOT NULL,         -- as the file was right after it was written
            mtime INTEGER NOT NULL,        -- seconds since 1970-01-01T00:00:00Z
            mtime_nanoseconds INTEGER NOT NULL,
            sha256 TEXT
        ) STRICT;

        -- Complete files under temporary names, on their way to their own.
        CREATE TABLE pending (
            path TEXT NOT NULL PRIMARY KEY, standing INTEGER NOT NULL, fingerprint TEXT, target TEXT,
            size INTEGER NOT NULL, mtime INTEGER NOT NULL, mtime_nanoseconds INTEGER NOT NULL, sha256 TEXT,
            temporary TEXT NOT NULL
        ) STRICT;

        -- Directories that the mirror made, and may remove.
        CREATE TABLE directories (path TEXT NOT NULL PRIMARY KEY) STRICT;

        -- source: what the folder is a mirror of; running: a run that did not come to its end.
        CREATE TABLE properties (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;

        """

    // MARK: - Access

    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try database.read(body) } catch { throw Self.describe(error, path: path) }
    }

    private func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try database.write(body) } catch { throw Self.describe(error, path: path) }
    }

    /// Does work of several transactions in the index's own thread, so that it holds up no other task.
    func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }

    private let queue = DispatchQueue(label: "mirror")

    func close() { try? database.close() }

    private static func describe(_ error: any Error, path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_FULL: return VaultError(.full, "cannot write to \(path): \(reason)", hint: "free some space")
        case .SQLITE_BUSY, .SQLITE_LOCKED: return VaultError(.inUse, "another program uses \(path)")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_MISMATCH:
            return VaultError(
                .damaged, "\(path) is damaged: \(reason)",
                hint: "delete it: the next run tells the files by their size and time")
        default: return VaultError(.cannotWrite, "cannot use \(path): \(reason)")
        }
    }

    // MARK: - Properties

    func property(_ key: String) throws -> String? {
        try read { db in
            try String.fetchOne(db, sql: "SELECT value FROM properties WHERE key = ?", arguments: [key])
        }
    }

    /// - Parameter value: nil to take it away.
    func setProperty(_ key: String, _ value: String?) throws {
        try write { db in
            guard let value else {
                return try db.execute(sql: "DELETE FROM properties WHERE key = ?", arguments: [key])
            }
            try db.execute(sql: "INSERT OR REPLACE INTO properties VALUES (?, ?)", arguments: [key, value])
        }
    }

    // MARK: - Files

    /// A row, and its key: keys rise with every new place.
    struct Row: Sendable {
        var id: Int64
        var entry: MirrorEntry
    }

    func rows(at places: [Pathname]) throws -> [Pathname: Row] {
        try read { db in
            let statement = try db.cachedStatement(sql: "SELECT \(Self.columns), id FROM files WHERE path = ?")
            var rows: [Pathname: Row] = [:]
            for place in places {
                if let row = try GRDB.Row.fetchOne(statement, arguments: [place.string]) {
                    rows[place] = Row(id: row[8], entry: try Self.entry(row))
                }
            }
            return rows
        }
    }

    var lastID: Int64 {
        get throws { try read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM files") ?? 0 } }
    }

    /// How many files the mirror wrote that are still known.
    var writtenCount: Int {
        get throws {
            try read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM files WHERE standing = 0") ?? 0 }
        }
    }

    /// Goes through everything, in the order of keys.
    func visitRows(_ body: (Row) throws -> Void) throws {
        try read { db in
            let rows = try GRDB.Row.fetchCursor(db, sql: "SELECT \(Self.columns), id FROM files ORDER BY id")
            while let row = try rows.next() { try body(Row(id: row[8], entry: try Self.entry(row))) }
        }
    }

    func put(_ entries: [MirrorEntry]) throws {
        if entries.isEmpty { return }
        try write { db in for entry in entries { try Self.put(entry, db) } }
    }

    func forget(_ places: [Pathname]) throws {
        if places.isEmpty { return }
        try write { db in
            let statement = try db.cachedStatement(sql: "DELETE FROM files WHERE path = ?")
            for place in places { try statement.execute(arguments: [place.string]) }
        }
    }

    private static func put(_ entry: MirrorEntry, _ db: Database) throws {
        // An update keeps the key, by which a run knows what it has seen.
        try db.cachedStatement(
            sql: """
                INSERT INTO files (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (path) DO UPDATE SET standing = excluded.standing, fingerprint = excluded.fingerprint,
                    target = excluded.target, size = excluded.size, mtime = excluded.mtime,
                    mtime_nanoseconds = excluded.mtime_nanoseconds, sha256 = excluded.sha256
                """
        ).execute(arguments: values(entry))
    }

    private static func values(_ entry: MirrorEntry) -> StatementArguments {
        [
            entry.place.string, entry.standing.rawValue, entry.fingerprint, entry.target, entry.size,
            entry.modificationTime.seconds, entry.modificationTime.nanoseconds, entry.sha256,
        ]
    }

    private static func entry(_ row: GRDB.Row) throws -> MirrorEntry {
        guard let place = try? Pathname(row[0]), let standing = MirrorEntry.Standing(rawValue: row[1]) else {
            throw DatabaseError(resultCode: .SQLITE_MISMATCH, message: "a row makes no sense")
        }
        return MirrorEntry(
            place: place, standing: standing, fingerprint: row[2], target: row[3], size: row[4],
            modificationTime: Timestamp(seconds: row[5], nanoseconds: row[6]), sha256: row[7])
    }

    // MARK: - Pending files

    func begin(_ files: [PendingFile]) throws {
        try write { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO pending (\(Self.columns), temporary) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for file in files {
                try statement.execute(arguments: Self.values(file.entry) + [file.temporary])
            }
        }
    }

    func pending() throws -> [PendingFile] {
        try read { db in
            try GRDB.Row.fetchAll(db, sql: "SELECT \(Self.columns), temporary FROM pending")
                .map { PendingFile(temporary: $0[8], entry: try Self.entry($0)) }
        }
    }

    /// Takes in those that have their names, and drops the others.
    func settle(_ files: [PendingFile], named: [MirrorEntry]) throws {
        try write { db in
            for entry in named { try Self.put(entry, db) }
            let statement = try db.cachedStatement(sql: "DELETE FROM pending WHERE path = ?")
            for file in files { try statement.execute(arguments: [file.entry.place.string]) }
        }
    }

    // MARK: - Directories

    func addDirectories(_ places: [Pathname]) throws {
        if places.isEmpty { return }
        try write { db in
            for place in places {
                try db.execute(sql: "INSERT OR IGNORE INTO directories VALUES (?)", arguments: [place.string])
            }
        }
    }

    func directories() throws -> [Pathname] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT path FROM directories").compactMap { try? Pathname($0) }
        }
    }

    func forgetDirectories(_ places: [Pathname]) throws {
        if places.isEmpty { return }
        try write { db in
            for place in places {
                try db.execute(sql: "DELETE FROM directories WHERE path = ?", arguments: [place.string])
            }
        }
    }
}
