import ConnectorKit
import Foundation
import GRDB
import QuickSQL

/// What goes into the catalog in one transaction, after the contents it names are durable.
struct Batch: Sendable {
    var objects: [ObjectID: StoredForm]
    var entries: [SnapshotEntry]
    /// The snapshot that the entries are of.
    var snapshot: Int64
    /// Snapshots that may have the same items.
    var relatives: [Int64]

    func insert(into db: Database) throws {
        try insertObjects(into: db)
        let findDirectory = try db.cachedStatement(sql: "SELECT id FROM directories WHERE path = ?")
        let addDirectory = try db.cachedStatement(sql: "INSERT INTO directories (path) VALUES (?)")
        let findObject = try db.cachedStatement(sql: "SELECT id FROM objects WHERE sha256 = ?")
        let findItem = try db.cachedStatement(sql: Self.findItem(in: relatives))
        let addItem = try db.cachedStatement(sql: Self.addItem)
        let addEntry = try QuickStatement(db, "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)")
        addEntry.bind(1, snapshot)
        func add(_ entry: SnapshotEntry, _ row: SnapshotEntry.Row, name: String) throws {
            addEntry.bind(2, row.directory)
            addEntry.bind(3, name)
            addEntry.bind(4, row.item)
            addEntry.bind(5, entry.isCarried ? 1 : 0)
            try addEntry.run()
        }
        var directories: [String: Int64] = [:]

        for entry in entries {
            if let row = entry.row {
                try add(entry, row, name: entry.record.pathname.name)
                continue
            }
            let (path, name) = entry.record.pathname.place
            let directory: Int64
            if let known = directories[path] {
                directory = known
            } else if let known = try Int64.fetchOne(findDirectory, arguments: [path]) {
                directory = known
            } else {
                try addDirectory.execute(arguments: [path])
                directory = db.lastInsertedRowID
            }
            directories[path] = directory

            var object: Int64?
            if let id = entry.object {
                object = try Int64.fetchOne(findObject, arguments: [Data(id.bytes)])
                if object == nil {
                    throw ConnectorError(
                        .internalDefect, "an entry names the content \(id.short), which was not stored")
                }
            }
            let values = ItemRow.values(of: entry.record, object: object)
            var known: Int64?
            if !relatives.isEmpty {
                known = try Int64.fetchOne(findItem, arguments: StatementArguments([directory, name] + values))
            }
            if known == nil { try addItem.execute(arguments: StatementArguments(values)) }
            try add(entry, .init(directory: directory, item: known ?? db.lastInsertedRowID), name: name)
        }
    }

    private func insertObjects(into db: Database) throws {
        let addObject = try db.cachedStatement(
            sql: """
                INSERT INTO objects (sha256, size, stored_size, compressed) VALUES (?, ?, ?, ?)
                ON CONFLICT (sha256) DO UPDATE
                SET size = excluded.size, stored_size = excluded.stored_size, compressed = excluded.compressed
                """)
        for (id, form) in objects {
            try addObject.execute(arguments: [Data(id.bytes), form.size, form.storedSize, form.isCompressed])
        }
    }

    private static let addItem = """
        INSERT INTO items (\(ItemRow.columns.joined(separator: ", ")))
        VALUES (\(ItemRow.columns.map { _ in "?" }.joined(separator: ", ")))
        """

    /// The item of an entry that is the same in every column: shared, it keeps a snapshot without changes small.
    private static func findItem(in snapshots: [Int64]) -> String {
        """
        SELECT i.id FROM entries e JOIN items i ON i.id = e.item
        WHERE e.snapshot IN (\(snapshots.list)) AND e.directory = ? AND e.name = ?
        AND \(ItemRow.columns.map { "i.\($0) IS ?" }.joined(separator: " AND ")) LIMIT 1
        """
    }
}
