import GRDB
import QuickSQL

/// A parent of which nothing is missing, where the source has nothing else to tell.
extension SnapshotWriter {
    /// What came from the parent, as it was.
    public struct Taken: Sendable, Hashable {
        /// Files and links.
        public var files: Int
        public var links: Int
        /// Of content, each file counted.
        public var bytes: Int64
    }

    /// What stands for all that the source told when the parent was made, where the parent has all of it and the content
    /// of each file is there in full length: a source that has just the same to tell need not tell it.
    /// - Returns: nil where it must: something was not read then, or is gone since.
    public nonisolated func heldImport() async throws -> String? {
        guard let parent else { return nil }
        return try await reader.read { [store] db in
            let sql = "SELECT fingerprint FROM snapshots WHERE number = ?"
            guard let fingerprint = try String?.fetchOne(db, sql: sql, arguments: [parent.number]) ?? nil,
                try Self.hasContents(of: parent, in: store, db)
            else { return nil }
            return fingerprint
        }
    }

    private static func hasContents(of snapshot: Snapshot, in store: ObjectStore, _ db: Database) throws -> Bool {
        let rows = try QuickStatement(
            db,
            """
            SELECT o.sha256, o.stored_size, o.compressed FROM (
                SELECT DISTINCT i.object FROM entries e JOIN items i ON i.id = e.item
                WHERE e.snapshot = ? AND i.object IS NOT NULL
            ) AS f LEFT JOIN objects o ON o.id = f.object
            """)
        rows.bind(1, snapshot.number)
        while try rows.step() {
            guard !rows.isNull(0), let object = try rows.withBytes(0, { ObjectID($0) }),
                store.fileSize(of: object, compressed: try rows.integer(2) != 0) == (try rows.integer(1))
            else { return false }
        }
        return true
    }

    /// Takes all entries of the parent over, as they are, and what its source wants back, unless that is told anew.
    public func takeParent() async throws -> Taken {
        try requireOpen()
        guard let parent else { return Taken(files: 0, links: 0, bytes: 0) }
        return try await catalog.write { [number] db in
            try db.execute(
                sql: """
                    INSERT INTO entries (snapshot, directory, name, item, carried)
                    SELECT ?, directory, name, item, carried FROM entries WHERE snapshot = ?
                    """, arguments: [number, parent.number])
            try db.execute(
                sql: "UPDATE snapshots SET state = (SELECT state FROM snapshots WHERE number = ?) WHERE number = ?",
                arguments: [parent.number, number])
            let links = try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM entries e JOIN items i ON i.id = e.item
                    WHERE e.snapshot = ? AND i.kind = 'symlink'
                    """, arguments: [parent.number])
            return Taken(files: parent.files, links: links ?? 0, bytes: parent.bytes)
        }
    }
}
