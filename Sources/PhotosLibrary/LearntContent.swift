import ConnectorKit
import Foundation
import GRDB

/// What was learnt of a content by reading it.
public struct LearntContent: Sendable, Hashable {
    /// Bytes.
    public var size: Int64
    /// In 64 hexadecimal digits; nil where it was not read, but asked for its size.
    public var sha256: String?

    public init(size: Int64, sha256: String? = nil) {
        self.size = size
        self.sha256 = sha256
    }
}

extension Index {
    /// Notes what items hold, by their numbers. A hash that is not told stays as long as the size is the same.
    public func learn(_ contents: [Int64: LearntContent]) async throws {
        if contents.isEmpty { return }
        try await database.write { db in
            let update = try db.cachedStatement(
                sql: """
                    UPDATE items SET sha256 = coalesce(?2, CASE WHEN size = ?1 THEN sha256 END), size = ?1
                    WHERE number = ?3 AND (size IS NOT ?1 OR (?2 IS NOT NULL AND sha256 IS NOT ?2))
                    """)
            var isNew = false
            for (number, content) in contents {
                let hash = content.sha256.flatMap { [UInt8](hexadecimal: $0) }.map { Data($0) }
                try update.execute(arguments: [content.size, hash, number])
                isNew = isNew || db.changesCount > 0
            }
            if isNew { try Self.touch(db) }
        }
    }
}
