import GRDB
import StrictJSON

/// Gives every item what the sidecars say of it, and the entry that it is read from.
struct ItemMetadata {
    let database: DatabaseQueue

    func run() async throws {
        try await database.write { db in
            try chooseSources(db)
            try merge(db)
        }
    }

    /// The entry that can be read, from a zip if there is one: it is reached at once. And the order of all: that in which
    /// they lie in the parts, so that disks and decompressors go forward.
    private func chooseSources(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE items SET source = (
                    SELECT e.number FROM entries e JOIN parts p ON p.number = e.part WHERE e.item = items.number
                    ORDER BY e.fault IS NOT NULL, p.kind = 'tgz', p.kind = 'folder', e.number LIMIT 1),
                    certainty = (SELECT max(certainty) FROM entries WHERE item = items.number);
                UPDATE items SET position = NULL;
                UPDATE items SET position = o.position FROM (
                    SELECT i.number, row_number() OVER (ORDER BY e.part, e.offset, i.number) AS position
                    FROM items i JOIN entries e ON e.number = i.source) o
                WHERE o.number = items.number
                """)
    }

    /// In the order of the exports, so that the later ones win. A sidecar counts for every item of its page, too: an
    /// incremental export may hold the sidecar without the photo. But a page that was guessed tells nothing of others.
    private func merge(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TEMP TABLE linked(item INTEGER NOT NULL, sidecar INTEGER NOT NULL, PRIMARY KEY(item, sidecar))
                    WITHOUT ROWID;
                INSERT OR IGNORE INTO linked
                    SELECT item, sidecar FROM entries WHERE item IS NOT NULL AND sidecar IS NOT NULL;
                INSERT OR IGNORE INTO linked
                    SELECT e.item, other.entry FROM entries e JOIN assets a ON a.entry = e.sidecar
                        JOIN assets other ON other.url = a.url
                    WHERE e.item IS NOT NULL AND e.certainty = 2 AND a.url <> '' AND other.entry <> a.entry
                """)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT l.item, a.metadata FROM linked l JOIN assets a ON a.entry = l.sidecar
                    JOIN entries e ON e.number = l.sidecar JOIN parts p ON p.number = e.part
                ORDER BY l.item, p.export, e.number
                """)
        try db.execute(
            sql: "UPDATE items SET metadata = NULL, is_dated = 0 WHERE certainty = 0 AND metadata IS NOT NULL")
        let update = try db.cachedStatement(sql: "UPDATE items SET metadata = ?, is_dated = ? WHERE number = ?")
        var item: Int64?
        var merged = AssetMetadata()
        func finish() throws {
            if let item { try update.execute(arguments: [merged.json.text, merged.taken != nil, item]) }
        }
        while let row = try rows.next() {
            guard let metadata = Self.metadata(row[1]) else { continue }
            if item == row[0] {
                merged = merged.updated(by: metadata)
            } else {
                try finish()
                item = row[0]
                merged = metadata
            }
        }
        try finish()
        try db.execute(sql: "DROP TABLE linked")
    }

    /// What the catalog keeps of a sidecar.
    static func metadata(_ text: String) -> AssetMetadata? {
        (try? JSON(parsing: Array(text.utf8))).flatMap(AssetMetadata.init)
    }
}
