import ConnectorKit
import GRDB

/// What could not be read of the exports.
public struct TakeoutProblem: Sendable, Hashable {
    /// The part; for one that is missing, the name that it would have.
    public var part: String
    /// The entry within it; empty for the part itself.
    public var path: String
    public var message: String
}

/// The exports in numbers: what a person wants to know before anything is backed up.
public struct TakeoutReport: Sendable, Hashable {
    public struct Part: Sendable, Hashable {
        public var name: String
        public var kind: String
        public var size: Int64
        public var entries: Int
        /// When the export was made; nil where the name does not say.
        public var date: Timestamp?
    }

    public var parts: [Part] = []
    public var items = 0
    public var bytes: Int64 = 0
    /// Entries whose content another has already.
    public var duplicates = 0
    public var albums = 0
    public var matched = 0
    public var guessed = 0
    public var unmatched = 0
    /// Items whose metadata does not say when they were taken, by what does.
    public var dating: [TakeoutItem.Dating: Int] = [:]
    /// Sidecars of nothing that is there.
    public var sidecarsWithoutItem = 0
    /// Files of other products.
    public var otherFiles = 0
    public var problems: [TakeoutProblem] = []
}

extension TakeoutLibrary {
    /// What could not be read, and parts whose numbers are missing.
    public func problems() async throws -> [TakeoutProblem] {
        try await read { db in try Self.problems(db) }
    }

    private static func problems(_ db: Database) throws -> [TakeoutProblem] {
        var found = try Row.fetchAll(
            db,
            sql: """
                SELECT p.name, x.path, x.message FROM problems x JOIN parts p ON p.number = x.part
                ORDER BY p.name, x.number
                """
        ).map { TakeoutProblem(part: $0[0], path: $0[1], message: $0[2]) }
        found += try Row.fetchAll(
            db, sql: "SELECT p.name, x.entries FROM floods x JOIN parts p ON p.number = x.part ORDER BY p.name"
        ).map { TakeoutProblem(part: $0[0], path: "", message: "\($0[1] as Int) more of its files are refused") }
        var numbers: [PartName: Set<Int>] = [:]
        for name in try String.fetchAll(db, sql: "SELECT name FROM parts") {
            let part = PartName(name.split(separator: "/").last.map(String.init) ?? name)
            guard !part.stamp.isEmpty, let number = part.number else { continue }
            numbers[PartName(stamp: part.stamp, series: part.series, number: nil), default: []].insert(number)
        }
        for (part, known) in numbers.sorted(by: { ($0.key.stamp, $0.key.series) < ($1.key.stamp, $1.key.series) }) {
            for gap in PartName.gaps(in: known) {
                let digits = String(repeating: "0", count: max(0, 3 - String(gap).count)) + String(gap)
                let series = part.series.isEmpty ? "" : "-\(part.series)"
                found.append(
                    TakeoutProblem(
                        part: "takeout-\(part.stamp)\(series)-\(digits)", path: "",
                        message: "this part of the export is missing"))
            }
        }
        return found
    }

    /// Counts what is there. ``update(_:)`` comes first.
    public func report() async throws -> TakeoutReport {
        let albums = try await albums().count
        return try await read { db in
            var report = TakeoutReport()
            report.parts = try Row.fetchAll(
                db,
                sql: """
                    SELECT name, kind, size, export, (SELECT count(*) FROM entries WHERE part = parts.number)
                    FROM parts WHERE kind <> 'folder' OR EXISTS (SELECT 1 FROM entries WHERE part = parts.number)
                    ORDER BY export, name
                    """
            ).map {
                Part(
                    name: $0[0], kind: $0[1], size: $0[2], entries: $0[4],
                    date: PartName("takeout-\($0[3] as String)").date)
            }
            func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
            report.items = try count("SELECT count(*) FROM items")
            report.bytes = Int64(try count("SELECT total(size) FROM items"))
            report.duplicates = try count("SELECT count(*) FROM entries WHERE item IS NOT NULL") - report.items
            report.albums = albums
            report.matched = try count("SELECT count(*) FROM items WHERE certainty = 2")
            report.guessed = try count("SELECT count(*) FROM items WHERE certainty = 1")
            report.unmatched = try count("SELECT count(*) FROM items WHERE certainty = 0")
            report.dating = try TakeoutLibrary.dating(db)
            report.sidecarsWithoutItem = try count(
                """
                SELECT count(*) FROM assets a JOIN entries e ON e.number = a.entry JOIN folders f ON f.number = e.folder
                WHERE f.is_photos AND NOT EXISTS (SELECT 1 FROM entries WHERE sidecar = a.entry)
                    AND NOT EXISTS (SELECT 1 FROM assets o JOIN entries m ON m.sidecar = o.entry
                        WHERE o.url = a.url AND a.url <> '')
                """)
            report.otherFiles = try count(
                "SELECT count(*) FROM entries e JOIN folders f ON f.number = e.folder WHERE NOT f.is_photos AND e.kind = 0"
            )
            report.problems = try Self.problems(db)
            return report
        }
    }

    private typealias Part = TakeoutReport.Part
}

extension PartName {
    init(stamp: String, series: String, number: Int?) {
        self.stamp = stamp
        self.series = series
        self.number = number
    }
}
