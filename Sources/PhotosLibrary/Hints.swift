import ConnectorKit
import Crypto
import Foundation
import GRDB

/// What an index elsewhere knew of this account, as a host kept it: names that were given, and what contents hold.
///
/// Looked at when something new comes: what the index learnt itself goes first.
struct Hints {
    private let db: Database

    /// - Returns: nil where there are none, as nearly always.
    init?(_ db: Database) throws {
        self.db = db
        let find = try db.cachedStatement(sql: "SELECT value FROM counters WHERE name = 'hints'")
        if try Int64.fetchOne(find) == nil { return nil }
    }

    static let schema = """
        -- What an index elsewhere knew. An item or album is named by the first 64 bits of the SHA-256 of its id.
        CREATE TABLE name_hints(
            space TEXT NOT NULL, path TEXT NOT NULL, name TEXT NOT NULL, owner INTEGER NOT NULL,
            PRIMARY KEY(space, path, name)) WITHOUT ROWID;
        CREATE INDEX name_hints_by_owner ON name_hints(owner);
        CREATE TABLE content_hints(owner INTEGER PRIMARY KEY, size INTEGER NOT NULL, sha256 BLOB);
        -- What is handed to the host as long as the revision is the same.
        CREATE TABLE kept_state(revision INTEGER NOT NULL, state TEXT);
        """

    /// How an item or album is named where its id would be too long.
    static func owner(_ id: String) -> Int64 {
        SHA256.hash(data: Array(id.utf8)).withUnsafeBytes { bytes in
            Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        }
    }

    /// Takes in what a host kept.
    static func take(_ state: IndexState, _ db: Database) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO counters(name, value) VALUES('hints', 1)")
        let name = try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO name_hints(space, path, name, owner) VALUES(?, ?, ?, ?)")
        for hint in state.names {
            let directory = state.directories[hint.directory]
            try name.execute(arguments: [directory.space, directory.path, hint.name, hint.owner])
        }
        let content = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO content_hints(owner, size, sha256) VALUES(?, ?, ?)")
        for hint in state.contents {
            try content.execute(arguments: [hint.owner, hint.size, hint.sha256.map { Data($0) }])
        }
    }

    /// Gives a new item the size and hash that it had.
    func giveContent(to number: Int64, id: String) throws {
        let update = try db.cachedStatement(
            sql: """
                UPDATE items SET (size, sha256) = (SELECT size, sha256 FROM content_hints WHERE owner = ?) WHERE number = ?
                """)
        try update.execute(arguments: [Self.owner(id), number])
    }

    /// The name that an item had in a directory.
    func name(ofItem id: String, in directory: Int64) throws -> String? {
        let find = try db.cachedStatement(
            sql: """
                SELECT h.name FROM name_hints h JOIN directories d ON d.space = h.space AND d.path = h.path
                WHERE h.owner = ? AND d.number = ?
                """)
        return try String.fetchOne(find, arguments: [Self.owner(id), directory])
    }

    /// The directory that an album had.
    func directory(ofAlbum id: String, space: String) throws -> Pathname? {
        let find = try db.cachedStatement(sql: "SELECT path, name FROM name_hints WHERE owner = ? AND space = ?")
        guard let row = try Row.fetchOne(find, arguments: [Self.owner(id), space]) else { return nil }
        return try row.pathname(atIndex: 0).appending(stored: row.decode(atIndex: 1))
    }

    /// Whether a name is that of something else, which may come still.
    func isKept(_ name: String, forOthersThan id: String, in directory: Int64) throws -> Bool {
        let find = try db.cachedStatement(
            sql: """
                SELECT h.owner FROM directories d JOIN name_hints h ON h.space = d.space AND h.path = d.path
                WHERE d.number = ? AND h.name = ?
                """)
        return try Int64.fetchOne(find, arguments: [directory, name]).map { $0 != Self.owner(id) } ?? false
    }
}
