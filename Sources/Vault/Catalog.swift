import ConnectorKit
import Foundation
import GRDB

/// `catalog.sqlite`, read. Readers and the writer do not wait for each other: the database is in WAL mode.
final class Catalog: Sendable {
    private let database: any DatabaseReader
    let path: String

    /// - Throws: ``VaultError``: `damaged`, `cannotRead`.
    init(_ layout: VaultLayout) throws {
        path = layout.catalog
        do {
            database = try Self.openDatabase(path)
            let version = try database.read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") }
            if version != CatalogSchema.version {
                throw VaultError(.damaged, "\(path) is no catalog of a vault")
            }
        } catch {
            throw VaultError.from(error, catalog: path)
        }
    }

    private static func openDatabase(_ path: String) throws -> any DatabaseReader {
        guard OpenFile.size(at: path) != nil else {
            throw VaultError(
                .damaged, "\(path) is missing",
                hint: "the contents in objects/ are files of their own; see docs/vault.md")
        }
        if access(path, R_OK) != 0 { throw VaultError(errno: errno, trying: "read \(path)", reading: true) }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        // SQLite wants to write beside a database in WAL mode even to read it. Where it cannot, nobody else writes
        // either, and the file may be read as it is: https://sqlite.org/wal.html#read_only_databases
        if access(path, W_OK) != 0, (OpenFile.size(at: path + "-wal") ?? 0) == 0,
            let escaped = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
        {
            return try DatabaseQueue(path: "file:\(escaped)?immutable=1", configuration: configuration)
        }
        return try DatabasePool(path: path, configuration: configuration)
    }

    /// Reads in the caller's thread: for a look at one row.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try database.read(body) } catch { throw VaultError.from(error, catalog: path) }
    }

    /// Reads in a thread of the database: for everything that may take longer.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await database.read(body) } catch { throw VaultError.from(error, catalog: path) }
    }

    // MARK: - Objects

    func form(of object: ObjectID) throws -> StoredForm? {
        try read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT size, stored_size, compressed FROM objects WHERE sha256 = ?")
            return try Row.fetchOne(statement, arguments: [Data(object.bytes)]).map { try StoredForm($0, from: 0) }
        }
    }

    // MARK: - Snapshots

    private static let snapshotColumns = """
        id, time, finished, source, origin, kind, root, parent, files, directories, bytes, errors, number
        """

    /// The finished ones, the oldest first.
    func snapshots() throws -> [Snapshot] {
        try read { db in
            let sql = "SELECT \(Self.snapshotColumns) FROM snapshots WHERE finished IS NOT NULL ORDER BY number"
            return try Row.fetchAll(db, sql: sql).map { try Self.snapshot(from: $0) }
        }
    }

    static func snapshot(in db: Database, number: Int64) throws -> Snapshot? {
        let sql = "SELECT \(snapshotColumns) FROM snapshots WHERE finished IS NOT NULL AND number = ?"
        return try Row.fetchOne(db, sql: sql, arguments: [number]).map { try snapshot(from: $0) }
    }

    private static func snapshot(from row: Row) throws -> Snapshot {
        let id: String = try row.decode(atIndex: 0)
        guard let time = Timestamp(try row.decode(atIndex: 1)), let finished = Timestamp(try row.decode(atIndex: 2)),
            let root = try? Pathname(try row.decode(atIndex: 6))
        else {
            throw VaultError(.damaged, "the catalog has a snapshot that makes no sense: \(id)")
        }
        return Snapshot(
            id: id, time: time, finished: finished, source: try row.decode(atIndex: 3),
            origin: try row.decode(atIndex: 4), kind: try row.decode(atIndex: 5), root: root,
            parent: try row.decode(atIndex: 7), files: try row.decode(atIndex: 8),
            directories: try row.decode(atIndex: 9), bytes: try row.decode(atIndex: 10),
            errors: try row.decode(atIndex: 11), number: try row.decode(atIndex: 12))
    }

    func state(of snapshot: Snapshot) throws -> String? {
        try read { db in
            try String?.fetchOne(
                db, sql: "SELECT state FROM snapshots WHERE number = ?", arguments: [snapshot.number]) ?? nil
        }
    }

    // MARK: - Entries

    func entry(of snapshot: Snapshot, at pathname: Pathname) throws -> SnapshotEntry? {
        let (directory, name) = pathname.place
        return try read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(ItemRow.selection) FROM entries e \(ItemRow.joins)
                    WHERE e.snapshot = ? AND e.directory = (SELECT id FROM directories WHERE path = ?) AND e.name = ?
                    """)
            return try Row.fetchOne(statement, arguments: [snapshot.number, directory, name])
                .map { try ItemRow.entry(from: $0) }
        }
    }

    /// The next entries right in a directory, in the order of their names.
    /// - Parameters:
    ///   - directory: its path, with a slash at its end.
    ///   - name: the last one that is known; empty for none.
    func entries(
        of snapshot: Snapshot, in directory: String, after name: String, limit: Int
    ) async throws -> [SnapshotEntry] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(ItemRow.selection) FROM entries e \(ItemRow.joins)
                    WHERE e.snapshot = ? AND e.directory = (SELECT id FROM directories WHERE path = ?) AND e.name > ?
                    ORDER BY e.name LIMIT ?
                    """)
            let rows = try Row.fetchCursor(statement, arguments: [snapshot.number, directory, name, limit])
            return try Array(rows.map { try ItemRow.entry(from: $0) })
        }
    }

    /// The latest entry with content at a pathname that has this fingerprint, in any of these snapshots, finished or
    /// not.
    func entry(at pathname: Pathname, fingerprint: String, in snapshots: [Int64]) throws -> (
        entry: SnapshotEntry, form: StoredForm
    )? {
        let (directory, name) = pathname.place
        return try read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(ItemRow.selection), o.size, o.stored_size, o.compressed FROM entries e \(ItemRow.joins)
                    WHERE e.snapshot IN (\(snapshots.list))
                        AND e.directory = (SELECT id FROM directories WHERE path = ?) AND e.name = ?
                        AND i.fingerprint = ? AND o.id IS NOT NULL AND i.error_code IS NULL
                    ORDER BY e.snapshot DESC LIMIT 1
                    """)
            return try Row.fetchOne(statement, arguments: [directory, name, fingerprint])
                .map { (try ItemRow.entry(from: $0), try StoredForm($0, from: 17)) }
        }
    }
}

extension StoredForm {
    /// Of three columns: size, stored_size, compressed.
    init(_ row: Row, from index: Int) throws {
        self.init(
            size: try row.decode(atIndex: index), storedSize: try row.decode(atIndex: index + 1),
            isCompressed: try row.decode(atIndex: index + 2))
    }
}

extension [Int64] {
    /// For `IN (...)`.
    var list: String { map { String($0) }.joined(separator: ",") }
}

extension Pathname {
    /// As the catalog keeps it: the directory with a slash at its end, and the name in it. Together they are the
    /// pathname.
    var place: (directory: String, name: String) {
        let name = name
        return (String(Substring(string.utf8.dropLast(name.utf8.count))), name)
    }

    /// This pathname as a directory: with a slash at its end.
    var asDirectory: String { isRoot ? "/" : string + "/" }
}
