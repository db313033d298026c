import ConnectorKit
import Foundation
import GRDB

/// What an index says of a source without asking anybody.
public struct IndexSummary: Sendable, Hashable {
    /// Items that the last listing held.
    public var items: Int
    /// When something was written to it last.
    public var time: Timestamp
}

extension Index {
    /// What the index in a file knows; nil where there is none, which is not made.
    public static func summary(path: String) async throws -> IndexSummary? {
        // What is written last may still be beside it.
        let times = [path, path + "-wal"].compactMap { file in
            (try? FileManager.default.attributesOfItem(atPath: file))?[.modificationDate] as? Date
        }
        guard let time = times.max() else { return nil }
        let items = try await Index(path: path).database.read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM items WHERE seen = (SELECT value FROM counters WHERE name = 'listing')")
        }
        return IndexSummary(items: items ?? 0, time: Timestamp(seconds: Int64(time.timeIntervalSince1970)))
    }
}
