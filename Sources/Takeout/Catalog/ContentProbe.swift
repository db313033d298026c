import ConnectorKit
import GRDB

/// Looks into contents for what no metadata tells, and remembers what it saw.
///
/// Items are gone through in the order in which they lie in the parts, so that a tgz is unpacked once at most.
struct ContentProbe {
    let catalog: Catalog
    let parts: PartStore

    private static let page = 200

    /// Finds out when items were taken whose sidecars do not say it, or that have none.
    func dateItems() async throws {
        while true {
            let numbers = try await catalog.database.read { db in
                try Int64.fetchAll(
                    db,
                    sql: """
                        SELECT number FROM items WHERE is_dated = 0 AND is_probed = 0 AND position IS NOT NULL
                        ORDER BY position LIMIT \(Self.page)
                        """)
            }
            if numbers.isEmpty { return }
            try await probe(numbers)
        }
    }

    /// Looks into the contents of items, whose numbers are in the order in which these lie in the parts.
    func probe(_ numbers: [Int64]) async throws {
        var found: [(number: Int64, facts: ContentFacts?)] = []
        for number in numbers {
            try Task.checkCancellation()
            found.append((number, try? await facts(ofItem: number)))
        }
        let all = found
        try await catalog.database.write { db in
            let update = try db.cachedStatement(
                sql: """
                    UPDATE items SET is_probed = 1, taken = ?, taken_by = ?, width = ?, height = ? WHERE number = ?
                    """)
            for (number, facts) in all {
                let dating = facts?.taken.map { _ in facts?.isOfVideo == true ? TakeoutItem.Dating.video : .exif }
                try update.execute(arguments: [
                    facts?.taken?.seconds, dating?.rawValue, facts?.width ?? 0, facts?.height ?? 0, number,
                ])
            }
        }
    }

    /// What cannot be read tells nothing here, and its error when it is read for good.
    private func facts(ofItem number: Int64) async throws -> ContentFacts? {
        let entry = try await catalog.database.read { db in
            try Int64.fetchOne(db, sql: "SELECT source FROM items WHERE number = ?", arguments: [number])
        }
        guard let entry, let place = try await catalog.place(ofEntry: entry), place.entry.fault == nil else {
            return nil
        }
        return try parts.head(of: place) { try ContentFacts($0) }
    }
}

extension TakeoutLibrary {
    /// The sizes of items in pixels, as far as their bytes say it: looked at once, and remembered.
    public func pixels(ofItems numbers: [Int64]) async throws -> [Int64: (width: Int, height: Int)] {
        let list = numbers.map(String.init).joined(separator: ",")
        let unknown = try await read { db in
            try Int64.fetchAll(
                db, sql: "SELECT number FROM items WHERE number IN (\(list)) AND is_probed = 0 ORDER BY position")
        }
        try await probe(unknown)
        return try await read { db in
            var sizes: [Int64: (width: Int, height: Int)] = [:]
            let rows = try Row.fetchCursor(
                db, sql: "SELECT number, width, height FROM items WHERE number IN (\(list)) AND width > 0")
            while let row = try rows.next() { sizes[row[0]] = (row[1], row[2]) }
            return sizes
        }
    }

    /// How it is known when items were taken whose metadata do not say it.
    static func dating(_ db: Database) throws -> [TakeoutItem.Dating: Int] {
        var counts: [TakeoutItem.Dating: Int] = [:]
        let rows = try Row.fetchCursor(
            db, sql: TakeoutItem.query + " WHERE i.is_dated = 0 AND i.position IS NOT NULL")
        while let row = try rows.next() { counts[TakeoutItem(row).dating, default: 0] += 1 }
        return counts
    }
}
