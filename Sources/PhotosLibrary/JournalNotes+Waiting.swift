import ConnectorKit
import GRDB

/// Items that wait for their place in an album until the end of the export.
extension JournalNotes {
    /// An item of the library that belongs into the midst of an album. What was made has no album yet.
    public struct Waiting: Sendable, Hashable {
        /// Of the album that is to show it.
        public var directory: Pathname
        public var title: String
        public var made: Made

        public init(directory: Pathname, title: String, made: Made) {
            self.directory = directory
            self.title = title
            self.made = made
        }
    }

    public func note(_ waiting: Waiting) async throws {
        let made = waiting.made
        try await index.database.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO waiting_items VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    waiting.directory.string, waiting.title, made.place, made.itemID, made.path.string, made.filename,
                    made.sha256, made.essence,
                ])
        }
    }

    /// Takes all that wait for one album, in its order: 20,000 at most.
    /// - Returns: empty when none is left.
    public func takeWaiting() async throws -> [Waiting] {
        try await index.database.write { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT *, '' AS album FROM waiting_items
                    WHERE directory = (SELECT directory FROM waiting_items LIMIT 1) ORDER BY place
                    """)
            guard let first = rows.first else { return [] }
            try db.execute(
                sql: "DELETE FROM waiting_items WHERE directory = ?", arguments: [first["directory"] as String])
            return rows.compactMap { row in
                guard let directory = try? Pathname(row["directory"]), let made = Made(row) else { return nil }
                return Waiting(directory: directory, title: row["title"], made: made)
            }
        }
    }
}
