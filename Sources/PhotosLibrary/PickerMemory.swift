import ConnectorKit
import GRDB

/// What is remembered of the Picker, which itself forgets every choice with its session: the sessions that are not
/// ended yet, and which items which host has.
public struct PickerMemory: Sendable {
    private let index: Index

    public init(_ index: Index) { self.index = index }

    // `was_read` is set once every item of a session was tried and some are left. A host is whatever keeps the state of
    // an import; number 0 stands for all those that keep none. `expected` is how many items a host says that it has of a
    // memory that was lost.
    static let schema = """
        CREATE TABLE picker_sessions(
            id TEXT PRIMARY KEY, client TEXT NOT NULL, begun INTEGER NOT NULL, was_read INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE picker_hosts(
            number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, expected INTEGER NOT NULL DEFAULT 0);
        INSERT INTO picker_hosts(number, name) VALUES(0, '');
        CREATE TABLE picks(
            host INTEGER NOT NULL, item INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY(host, item)) WITHOUT ROWID;
        CREATE INDEX picks_by_item ON picks(item);
        """

    // MARK: - Sessions

    public struct Session: Sendable, Hashable {
        public var id: String
        public var begun: Timestamp
        /// Whether all of it was tried: what is left could not be read then.
        public var wasRead: Bool
    }

    /// The sessions of an app that are not known to have ended, from the oldest to the newest.
    public func sessions(of client: String) async throws -> [Session] {
        try await index.database.read { db in
            try Row.fetchAll(
                db, sql: "SELECT id, begun, was_read FROM picker_sessions WHERE client = ? ORDER BY begun, id",
                arguments: [client]
            ).map { Session(id: $0[0], begun: Timestamp(seconds: $0[1]), wasRead: $0[2]) }
        }
    }

    public func note(session id: String, of client: String, begun: Timestamp) async throws {
        try await index.database.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO picker_sessions(id, client, begun) VALUES(?, ?, ?)",
                arguments: [id, client, begun.seconds])
        }
    }

    /// Notes that all of a session was tried, and some of it is left.
    public func noteRead(session id: String) async throws {
        try await index.database.write { db in
            try db.execute(sql: "UPDATE picker_sessions SET was_read = 1 WHERE id = ?", arguments: [id])
        }
    }

    public func forget(session id: String) async throws {
        try await index.database.write { db in
            try db.execute(sql: "DELETE FROM picker_sessions WHERE id = ?", arguments: [id])
        }
    }

    // MARK: - Hosts

    public struct Host: Sendable, Hashable {
        let number: Int64
        /// What its state names it by; empty for hosts without state.
        public let name: String
        /// How many items it has by its own word, where this memory knows nothing of them.
        public let expected: Int

        /// All hosts that keep no state: they are not told apart.
        public static let stateless = Host(number: 0, name: "", expected: 0)
    }

    /// The host of that name; nil where it is not known.
    public func host(named name: String) async throws -> Host? {
        try await index.database.read { db in
            try Row.fetchOne(
                db, sql: "SELECT number, name, expected FROM picker_hosts WHERE name = ?", arguments: [name]
            ).map { Host(number: $0[0], name: $0[1], expected: $0[2]) }
        }
    }

    /// Makes a host known.
    /// - Parameters:
    ///   - name: the one that its state has; nil for a new one.
    ///   - expected: how many items it has by its own word.
    public func addHost(named name: String? = nil, expected: Int = 0) async throws -> Host {
        try await index.database.write { db in
            // A name tells this host from those of every other memory: SQLite's own chance will do.
            let row = try Row.fetchOne(
                db,
                sql: """
                    INSERT INTO picker_hosts(name, expected) VALUES(coalesce(?, lower(hex(randomblob(8)))), ?)
                    RETURNING number, name
                    """, arguments: [name, expected])
            guard let row else { throw ConnectorError(.internalDefect, "the index did not take a host") }
            return Host(number: row[0], name: row[1], expected: expected)
        }
    }

    // MARK: - Items

    /// Notes that a host has items.
    /// - Parameter had: those of them that it had before: of what is lost, so many are found again.
    public func note(items: [Int64], had: Set<Int64> = [], of host: Host, at time: Timestamp) async throws {
        if items.isEmpty { return }
        try await index.database.write { db in
            let insert = try db.cachedStatement(
                sql: """
                    INSERT INTO picks(host, item, time) VALUES(?, ?, ?)
                    ON CONFLICT(host, item) DO UPDATE SET time = excluded.time
                    """)
            let find = try db.cachedStatement(sql: "SELECT 1 FROM picks WHERE host = ? AND item = ?")
            for item in items {
                if had.contains(item), try Bool.fetchOne(find, arguments: [host.number, item]) == nil {
                    try db.execute(
                        sql: "UPDATE picker_hosts SET expected = expected - 1 WHERE number = ? AND expected > 0",
                        arguments: [host.number])
                }
                try insert.execute(arguments: [host.number, item, time.seconds])
            }
        }
    }

    /// How many items a host has; with nil, how many any host has.
    public func count(of host: Host?) async throws -> Int {
        try await index.database.read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(DISTINCT item) FROM picks WHERE host = ?1 OR ?1 IS NULL",
                arguments: [host?.number]) ?? 0
        }
    }

    /// When an item was read last; nil where none ever was.
    public func lastRead() async throws -> Timestamp? {
        try await index.database.read { db in
            try Int64.fetchOne(db, sql: "SELECT max(time) FROM picks").map { Timestamp(seconds: $0) }
        }
    }
}

extension Listing {
    /// Takes items into the listing that hosts have from earlier.
    /// - Parameter host: nil for those of any host.
    public func addPicks(of host: PickerMemory.Host?) async throws {
        let numbers = try await index.database.read { db in
            try Int64.fetchAll(
                db, sql: "SELECT DISTINCT item FROM picks WHERE host = ?1 OR ?1 IS NULL", arguments: [host?.number])
        }
        log.change { $0.note(numbers, from: .library) }
    }
}
