import ConnectorKit
import Crypto
import GRDB

extension TakeoutLibrary {
    /// The SHA-256 of items in hexadecimal: their contents are read where they were not before, and remembered. What
    /// cannot be read has none.
    public func hashes(ofItems numbers: [Int64]) async throws -> [Int64: String] {
        var hashes: [Int64: String] = [:]
        for start in stride(from: 0, to: numbers.count, by: Self.hashedAtOnce) {
            let page = numbers[start..<min(start + Self.hashedAtOnce, numbers.count)]
            var learnt: [Int64: String] = [:]
            for item in try await items(numbered: page) {
                try Task.checkCancellation()
                if let known = item.sha256 {
                    hashes[item.number] = known
                } else if let hash = try? await hash(of: item) {
                    learnt[item.number] = hash
                }
            }
            try await learn(sha256: learnt)
            hashes.merge(learnt) { $1 }
        }
        return hashes
    }

    private static let hashedAtOnce = 100

    /// In the order in which they lie in the parts.
    private func items(numbered numbers: ArraySlice<Int64>) async throws -> [TakeoutItem] {
        let list = numbers.map(String.init).joined(separator: ",")
        return try await read { db in
            try Row.fetchAll(db, sql: TakeoutItem.query + " WHERE i.number IN (\(list)) ORDER BY i.position")
                .map(TakeoutItem.init)
        }
    }

    private func hash(of item: TakeoutItem) async throws -> String {
        let reader = try await open(item)
        var hash = SHA256()
        do {
            while let chunk = try await reader.read() { hash.update(data: chunk) }
        } catch {
            await reader.close()
            throw error
        }
        return String(hexadecimal: Array(hash.finalize()))
    }
}
