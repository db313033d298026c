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
            let find = try db.cachedStatement(sql: "SELECT size, sha256 FROM items WHERE number = ?")
            let update = try db.cachedStatement(sql: "UPDATE items SET size = ?, sha256 = ? WHERE number = ?")
            var isNew = false
            var isOther = false
            for (number, content) in contents {
                guard let row = try Row.fetchOne(find, arguments: [number]) else { continue }
                let size = try row.decode(Int64?.self, atIndex: 0)
                let known = try row.decode(Data?.self, atIndex: 1)
                let told = content.sha256.flatMap { [UInt8](hexadecimal: $0) }.map { Data($0) }
                let hash = told ?? (size == content.size ? known : nil)
                if size == content.size, hash == known { continue }
                isNew = true
                isOther = isOther || (size != nil && size != content.size) || (known != nil && known != hash)
                try update.execute(arguments: [content.size, hash, number])
            }
            if isNew { try Self.touchLearnt(db) }
            if isOther { try Self.touch(db) }
        }
    }
}
