import ConnectorKit
import GRDB
import PhotosAPI

/// How what came by the second way gets into the listing, once it is known which items it is.
extension Pairing {
    /// Where an item is in the library.
    public struct Sighting: Sendable {
        public var number: Int64
        /// As in ``SecondItem``.
        public var id: String
        /// What becomes of it in a row of its own.
        public var item: MediaItem
        public var isInLibrary: Bool
        public var isFavorite: Bool
        public var isArchived: Bool

        public init(
            number: Int64, id: String, item: MediaItem, isInLibrary: Bool, isFavorite: Bool, isArchived: Bool
        ) {
            self.number = number
            self.id = id
            self.item = item
            self.isInLibrary = isInLibrary
            self.isFavorite = isFavorite
            self.isArchived = isArchived
        }
    }

    /// Puts items into the listing: into rows of their own, but where a row of the service shows them.
    public func place(_ sightings: [Sighting], at time: Timestamp) async throws {
        let known = try await rows(ofSeconds: sightings.map(\.number))
        let fresh = sightings.filter { sighting in
            known[sighting.number].map { !$0.isPaired && $0.id == sighting.item.id } ?? true
        }
        let numbers = try await listing.add(fresh.map(\.item), from: .album, at: time)
        try await listing.index.database.write { db in
            let note = try db.cachedStatement(sql: "UPDATE second_way SET item = ? WHERE number = ?")
            // What did not change is not written.
            let keep = try db.cachedStatement(
                sql: """
                    INSERT INTO second_items VALUES(?, ?)
                    ON CONFLICT(id) DO UPDATE SET item = excluded.item WHERE item <> excluded.item
                    """)
            for (sighting, row) in zip(fresh, numbers) {
                try note.execute(arguments: [row, sighting.number])
                try keep.execute(arguments: [sighting.id, row])
            }
        }
        let rows = try await rows(ofSeconds: sightings.map(\.number))
        func shown(where isWanted: (Sighting) -> Bool) -> [Int64] {
            sightings.filter(isWanted).compactMap { rows[$0.number]?.number }
        }
        listing.log.change { seen in
            seen.note(shown { _ in true }, from: .album)
            seen.note(shown(where: \.isInLibrary), from: .library)
            seen.note(shown(where: \.isFavorite), from: .favorites)
        }
        listing.setArchived(numbers: shown(where: \.isArchived))
    }

    /// How the items of the listing came.
    public struct Counts: Sendable, Hashable {
        public var both = 0
        public var onlySecond = 0
        public var onlyFirst = 0
    }

    public func counts() async throws -> Counts {
        try await listing.index.database.read { db in
            func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
            return Counts(
                both: try count("SELECT count(*) FROM second_way WHERE is_paired"),
                onlySecond: try count("SELECT count(*) FROM second_way WHERE NOT is_paired"),
                onlyFirst: try count("SELECT count(*) FROM first_way WHERE second IS NULL"))
        }
    }

    /// Those rows of the index that came by the first way alone.
    public func shownByFirstAlone(among rows: [Int64]) async throws -> Set<Int64> {
        try await listing.index.database.read { db in
            let list = rows.map(String.init).joined(separator: ",")
            return try Set(
                Int64.fetchAll(db, sql: "SELECT item FROM first_way WHERE item IN (\(list)) AND second IS NULL"))
        }
    }

    /// The row of the index that shows an item of the second way.
    public struct Shown: Sendable, Hashable {
        public var number: Int64
        public var id: String
        /// Whether the service lists it, too.
        public var isPaired: Bool
    }

    public func rows(ofSeconds numbers: [Int64]) async throws -> [Int64: Shown] {
        try await listing.index.database.read { db in
            var found: [Int64: Shown] = [:]
            let list = numbers.map(String.init).joined(separator: ",")
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT s.number, i.number, i.id, s.is_paired FROM second_way s JOIN items i ON i.number = s.item
                    WHERE s.number IN (\(list))
                    """)
            while let row = try rows.next() { found[row[0]] = Shown(number: row[1], id: row[2], isPaired: row[3]) }
            return found
        }
    }

    /// Those rows of the index whose bytes come by the second way.
    public func shownBySecond(among rows: [Int64]) async throws -> Set<Int64> {
        try await listing.index.database.read { db in
            let list = rows.map(String.init).joined(separator: ",")
            return try Set(
                Int64.fetchAll(
                    db,
                    sql: """
                        SELECT item FROM second_way WHERE item IN (\(list)) AND (is_readable OR NOT is_paired)
                        """))
        }
    }

    /// The rows of the index that show items of the second way, by the ids of these, from the oldest to the newest.
    public func numbers(ofSecondIDs ids: [String]) async throws -> [Int64] {
        let seen = listing.sightings.items
        return try await listing.index.database.read { db in
            let find = try db.cachedStatement(
                sql: """
                    SELECT i.number, i.created, i.created_nanos, i.id FROM second_items o
                        JOIN items i ON i.number = o.item WHERE o.id = ?
                    """)
            let found = try ids.compactMap { id in
                try Row.fetchOne(find, arguments: [id]).map { row in
                    (
                        number: row[0] as Int64, time: Timestamp(seconds: row[1], nanoseconds: row[2]),
                        id: row[3] as String
                    )
                }
            }.filter { seen.contains($0.number) }
            return found.sorted { ($0.time, $0.id) < ($1.time, $1.id) }.map(\.number)
        }
    }
}
