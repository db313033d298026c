import ConnectorKit
import Foundation
import GRDB

/// What an index says of a source without asking anybody.
public struct IndexSummary: Sendable, Hashable {
    /// Items that the last listing of the whole source held; nil where there was none.
    public var items: Int?
    /// When something was written to it last.
    public var time: Timestamp
}

extension Index {
    /// What the index in a file knows; nil where there is none, which is not made.
    /// - Parameter reporter: is told of damage.
    public static func summary(
        path: String, reporter: (any ConnectorReporter)? = nil
    ) async throws -> IndexSummary? {
        // What is written last may still be beside it.
        let times = [path, path + "-wal"].compactMap { file in
            (try? FileManager.default.attributesOfItem(atPath: file))?[.modificationDate] as? Date
        }
        guard let time = times.max() else { return nil }
        let items = try await Index(path: path, reporter: reporter).database.read { db in
            // A question begins with the root. What filters leave is less than the whole.
            try Data.fetchAll(db, sql: "SELECT items FROM listings WHERE question LIKE '/' || char(10) || '%'")
                .map { ItemSet($0).count }.max()
        }
        return IndexSummary(items: items, time: Timestamp(seconds: Int64(time.timeIntervalSince1970)))
    }
}
