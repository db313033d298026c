import ConnectorKit
import GRDB
import QuickSQL

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

    // A session is waited for by one host; by none in particular where `host` is null. `is_kept` is set once a host has
    // shown that it has its state, or will have it: it closed an import in order.
    static let ownershipSchema = """
        ALTER TABLE picker_sessions ADD COLUMN host INTEGER;
        ALTER TABLE picker_hosts ADD COLUMN is_kept INTEGER NOT NULL DEFAULT 0;
        UPDATE picker_hosts SET is_kept = 1;
        """

    // MARK: - Sessions

    public struct Session: Sendable, Hashable {
        public var id: String
        public var begun: Timestamp
        /// Whether all of it was tried: what is left could not be read then.
        public var wasRead: Bool
    }

    /// The sessions of an app that are not known to have ended, whoever waits for them, from the oldest to the newest.
    public func sessions(of client: String) async throws -> [Session] {
        try await index.database.read { db in try Self.sessions(of: client, where: "TRUE", [:], db) }
    }

    /// Those of them that a host may go on with, which are its own from now on: no other host is given them.
    ///
    /// A host that is new may be one that was cut short before it had its state: it goes on with what such hosts left.
    public func takeSessions(of client: String, for host: Host) async throws -> [Session] {
        try await index.database.write { db in
            let found = try Self.sessions(
                of: client,
                where: """
                    (host IS NULL OR host = :host
                        OR (:isNew AND host IN (SELECT number FROM picker_hosts WHERE number > 0 AND NOT is_kept)))
                    """, ["host": host.number, "isNew": host.isNew], db)
            for session in found {
                try db.execute(
                    sql: "UPDATE picker_sessions SET host = ? WHERE id = ?", arguments: [host.number, session.id])
            }
            return found
        }
    }

    private static func sessions(
        of client: String, where condition: String, _ arguments: [String: (any DatabaseValueConvertible)?],
        _ db: Database
    ) throws -> [Session] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT id, begun, was_read FROM picker_sessions WHERE client = :client AND \(condition)
                ORDER BY begun, id
                """, arguments: StatementArguments(arguments.merging(["client": client]) { $1 })
        ).map { Session(id: $0[0], begun: Timestamp(seconds: $0[1]), wasRead: $0[2]) }
    }

    public func note(session id: String, of client: String, for host: Host, begun: Timestamp) async throws {
        try await index.database.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO picker_sessions(id, client, begun, host) VALUES(?, ?, ?, ?)",
                arguments: [id, client, begun.seconds, host.number])
        }
    }

    /// Leaves a session to whatever host comes next: this one only had a look.
    public func release(session id: String) async throws {
        try await index.database.write { db in
            try db.execute(sql: "UPDATE picker_sessions SET host = NULL WHERE id = ?", arguments: [id])
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
        /// Whether it came without a state.
        public let isNew: Bool

        /// All hosts that keep no state: they are not told apart.
        public static let stateless = Host(number: 0, name: "", expected: 0, isNew: false)
    }

    /// The host whose state has that name; nil where it is not known.
    public func host(named name: String) async throws -> Host? {
        try await index.database.write { db in
            try db.execute(
                sql: "UPDATE picker_hosts SET is_kept = 1 WHERE name = ? AND NOT is_kept", arguments: [name])
            return try Row.fetchOne(
                db, sql: "SELECT number, name, expected FROM picker_hosts WHERE name = ?", arguments: [name]
            ).map { Host(number: $0[0], name: $0[1], expected: $0[2], isNew: false) }
        }
    }

    /// Notes that a host has its state by now.
    public func noteKept(_ host: Host) async throws {
        try await index.database.write { db in
            try db.execute(
                sql: "UPDATE picker_hosts SET is_kept = 1 WHERE number = ? AND number > 0 AND NOT is_kept",
                arguments: [host.number])
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
                    INSERT INTO picker_hosts(name, expected, is_kept)
                    VALUES(coalesce(?1, lower(hex(randomblob(8)))), ?2, ?1 IS NOT NULL) RETURNING number, name
                    """, arguments: [name, expected])
            guard let row else { throw ConnectorError(.internalDefect, "the index did not take a host") }
            return Host(number: row[0], name: row[1], expected: expected, isNew: name == nil)
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

    /// Notes that a host has items that were chosen before.
    public func note(earlier items: [Int64], of host: Host) async throws {
        if items.isEmpty { return }
        try await index.database.write { db in
            let insert = try db.cachedStatement(
                sql: """
                    INSERT OR IGNORE INTO picks(host, item, time)
                    SELECT ?1, item, max(time) FROM picks WHERE item = ?2 GROUP BY item
                    """)
            for item in items { try insert.execute(arguments: [host.number, item]) }
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

    /// What the listing saw, in the order of its numbers.
    /// - Returns: an empty page at the end.
    public func items(after number: Int64, limit: Int = 500) async throws -> [ShelvedItem] {
        let seen = sightings.items
        return try await index.database.read { db in
            let rows = try QuickStatement(
                db,
                """
                SELECT \(ShelvedItem.columns) FROM items LEFT JOIN urls ON urls.item = items.number
                WHERE number > ? ORDER BY number
                """)
            rows.bind(1, number)
            var items: [ShelvedItem] = []
            while items.count < limit, try rows.step() {
                if seen.contains(try rows.integer(0)) { items.append(try ShelvedItem(rows)) }
            }
            return items
        }
    }
}
