import ConnectorKit
import GRDB
import PhotosAPI

/// What all processes of this machine have asked of Google today, by client id: the quotas are those of its project,
/// whichever accounts it is used for.
///
/// A process reserves requests by the block, so that the file is written once for many; one that is killed leaves at
/// most a block counted that was not used.
public final class QuotaLedger: RequestLedger {
    private let database: DatabaseQueue
    private let client: String
    private let limits: [DailyQuota: Int]

    /// - Parameters:
    ///   - path: nil keeps it in memory, for tests.
    ///   - client: whose requests these are.
    ///   - now: names a file that is damaged and set aside.
    ///   - reporter: is told of that.
    public init(
        path: String?, client: String, limits: [DailyQuota: Int], now: Timestamp = Runtime.live.now(),
        reporter: (any ConnectorReporter)? = nil
    ) throws {
        self.client = client
        self.limits = limits
        var configuration = Configuration()
        configuration.busyMode = .timeout(15)
        do {
            do {
                database = try Self.open(path, configuration)
            } catch let error where path != nil && IndexDamage.isDamage(error) {
                let aside = try IndexDamage.rename(path ?? "", at: now)
                reporter?.log(
                    .warning,
                    "the count of today's requests is damaged: it is \(aside) now, and is begun anew; Google counts on",
                    pathname: nil)
                database = try Self.open(path, configuration)
            }
        } catch let error as DatabaseError {
            throw ConnectorError(
                .internalDefect,
                "the count of today's requests cannot be kept: \(error.message ?? error.resultCode.description)",
                hint: "check \(path ?? "memory"); it can be removed: then nobody knows what was asked for today")
        }
    }

    private static func open(_ path: String?, _ configuration: GRDB.Configuration) throws -> DatabaseQueue {
        let database: DatabaseQueue
        if let path {
            try StateDirectory.prepare(file: path)
            database = try DatabaseQueue(path: path, configuration: configuration)
        } else {
            database = try DatabaseQueue(configuration: configuration)
        }
        try database.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS days(
                        client TEXT NOT NULL, day INTEGER NOT NULL, quota TEXT NOT NULL, used INTEGER NOT NULL,
                        PRIMARY KEY(client, day, quota)) WITHOUT ROWID
                    """)
        }
        return database
    }

    /// The ledger that goes with some settings.
    /// - Parameter reporter: is told of damage.
    public convenience init(
        _ settings: LibrarySettings, environment: [String: String], now: Timestamp = Runtime.live.now(),
        reporter: (any ConnectorReporter)? = nil
    ) throws {
        try self.init(
            path: StateDirectory(environment: environment).path + "/quota.sqlite",
            client: SafeName.mark(of: settings.api.apiURL + "\n" + settings.api.clientID, digits: 16),
            limits: [.requests: settings.dailyRequests, .downloads: settings.dailyDownloads], now: now,
            reporter: reporter)
    }

    /// Requests and downloads that are reserved at a time: what a kill can lose of a day.
    private static func block(of quota: DailyQuota) -> Int { quota == .requests ? 10 : 200 }

    public func reserve(_ quota: DailyQuota, on day: QuotaDay) throws -> Int {
        try change(quota, day) { used in
            let count = max(0, min(Self.block(of: quota), limit(quota) - used))
            return (used + count, count)
        }
    }

    public func giveBack(_ count: Int, of quota: DailyQuota, on day: QuotaDay) throws {
        try change(quota, day) { used in (max(0, used - count), ()) }
    }

    public func left(_ quota: DailyQuota, on day: QuotaDay) throws -> Int? {
        max(0, limit(quota) - (try database.read { db in try used(quota, day, db) }))
    }

    private func limit(_ quota: DailyQuota) -> Int { limits[quota] ?? .max }

    private func used(_ quota: DailyQuota, _ day: QuotaDay, _ db: Database) throws -> Int {
        try Int.fetchOne(
            db, sql: "SELECT used FROM days WHERE client = ? AND day = ? AND quota = ?",
            arguments: [client, day.date.daysSinceEpoch, quota.rawValue]) ?? 0
    }

    private func change<Value>(_ quota: DailyQuota, _ day: QuotaDay, _ body: (Int) -> (Int, Value)) throws -> Value {
        // Two processes must not read the same count before either writes.
        try database.writeWithoutTransaction { db in
            var value: Value?
            try db.inTransaction(.immediate) {
                let (count, result) = body(try used(quota, day, db))
                try db.execute(
                    sql: "INSERT OR REPLACE INTO days(client, day, quota, used) VALUES(?, ?, ?, ?)",
                    arguments: [client, day.date.daysSinceEpoch, quota.rawValue, count])
                try db.execute(sql: "DELETE FROM days WHERE day < ?", arguments: [day.date.daysSinceEpoch - 30])
                value = result
                return .commit
            }
            guard let value else { throw ConnectorError(.internalDefect, "a transaction had no result") }
            return value
        }
    }
}

extension QuotaLedger {
    /// What a day has left.
    public struct Balance: Sendable, Hashable {
        public var requestsLeft: Int
        public var downloadsLeft: Int
        public var requests: Int
        public var downloads: Int
        /// When both are refilled.
        public var end: Timestamp
    }

    /// What the day of a moment has left, as far as this machine knows: what other machines asked for with the same
    /// client id, Google alone can tell.
    public func balance(at now: Timestamp) throws -> Balance {
        let day = QuotaDay(at: now)
        return Balance(
            requestsLeft: try left(.requests, on: day) ?? 0, downloadsLeft: try left(.downloads, on: day) ?? 0,
            requests: limit(.requests), downloads: limit(.downloads), end: day.end)
    }
}
