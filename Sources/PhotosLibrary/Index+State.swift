import ConnectorKit
import Foundation
import GRDB
import QuickSQL

/// What a host keeps for a machine that has no index yet.
extension Index {
    /// What is known and no listing tells; the same text as long as nothing changed.
    public func state() async throws -> String {
        try await database.write { db in
            let revision = try Self.knowledge(db)
            let kept = "SELECT state FROM kept_state WHERE revision = ?"
            if let state = try String.fetchOne(db, sql: kept, arguments: [revision]) { return state }
            let state = try Self.text(of: Self.gathered(db), db)
            try db.execute(sql: "DELETE FROM kept_state")
            try db.execute(sql: "INSERT INTO kept_state(revision, state) VALUES(?, ?)", arguments: [revision, state])
            return state
        }
    }

    /// Takes in what a host kept, where nothing is known yet: what an index learnt itself goes first.
    /// - Returns: false where it is not understood.
    public func adopt(_ state: String) async throws -> Bool {
        let isEmpty = try await database.read { db in
            try Bool.fetchOne(
                db, sql: "SELECT 1 FROM items UNION ALL SELECT 1 FROM counters WHERE name = 'hints' LIMIT 1") == nil
        }
        if !isEmpty { return true }
        guard let parsed = IndexState(state) else { return false }
        try await database.write { db in try Hints.take(parsed, db) }
        return true
    }

    private static func gathered(_ db: Database) throws -> IndexState {
        var state = IndexState()
        var numbers: [Int64: Int] = [:]
        func note(_ name: String, of id: String, in directory: Int64, _ row: Row) throws {
            if numbers[directory] == nil {
                numbers[directory] = state.directories.count
                state.directories.append(
                    IndexState.Directory(space: try row.decode(atIndex: 3), path: try row.decode(atIndex: 4)))
            }
            state.names.append(
                IndexState.Name(owner: Hints.owner(id), directory: numbers[directory] ?? 0, name: name))
        }
        // The folders of albums: which of two with one title came first, or by which photo one was dated, is forgotten.
        let folders = try Row.fetchCursor(
            db,
            sql: """
                SELECT n.name, a.id, p.number, p.space, p.path FROM albums a JOIN directories d ON d.album = a.number
                JOIN names n ON n.item = -d.number JOIN directories p ON p.number = n.directory ORDER BY d.number
                """)
        while let row = try folders.next() {
            try note(row.decode(atIndex: 0), of: row.decode(atIndex: 1), in: row.decode(atIndex: 2), row)
        }
        // Those that are marked; with them, the others are given their plain names again. The numbers that gphotos-sync
        // has in albums are those of the day on which a name was given.
        let names = try Row.fetchCursor(
            db,
            sql: """
                SELECT n.name, i.id, d.number, d.space, d.path, d.album IS NOT NULL AND d.space LIKE 'gphotos-sync%'
                FROM names n JOIN items i ON i.number = n.item JOIN directories d ON d.number = n.directory
                WHERE instr(n.name, '{') > 0 OR (d.album IS NOT NULL AND d.space LIKE 'gphotos-sync%')
                """)
        while state.names.count < mostNames, let row = try names.next() {
            let name = try row.decode(String.self, atIndex: 0)
            let id = try row.decode(String.self, atIndex: 1)
            guard try row.decode(atIndex: 5) || name.contains("{" + SafeName.mark(of: id)) else { continue }
            try note(name, of: id, in: row.decode(atIndex: 2), row)
        }
        return state
    }

    /// Items that were read before those of which only the size is known.
    private static func text(of state: IndexState, _ db: Database) throws -> String {
        try state.text { put in
            for known in ["IS NOT NULL", "IS NULL"] {
                let items = try QuickStatement(
                    db, "SELECT id, size FROM items WHERE size IS NOT NULL AND sha256 \(known) ORDER BY number")
                while try items.step(), try put(Hints.owner(items.text(0)), items.integer(1)) {}
            }
        } hashes: { put in
            let items = try QuickStatement(
                db, "SELECT sha256 FROM items WHERE size IS NOT NULL AND sha256 IS NOT NULL ORDER BY number")
            while try items.step(), try put(items.withBytes(0) { Array($0)[...] }) {}
        }
    }

    /// More than these do not fit, whatever they are.
    private static let mostNames = IndexState.longestText * 3 / 4 / 11
}
