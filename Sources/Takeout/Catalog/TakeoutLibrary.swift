import ConnectorKit
import Foundation
import GRDB

/// The exports in one directory, as one library.
public final class TakeoutLibrary: Sendable {
    private let directory: String
    private let catalogPath: String?
    private let catalog: Catalog
    private let parts: PartStore

    /// - Parameters:
    ///   - directory: an absolute path.
    ///   - catalog: the file that remembers what was learnt; nil keeps it in memory. A damaged one is set aside.
    ///   - reporter: is told of damage.
    public convenience init(
        directory: String, catalog path: String?, runtime: Runtime = .live, reporter: (any ConnectorReporter)? = nil
    ) throws {
        try self.init(
            directory: directory, catalog: path, room: EntryRoom(), runtime: runtime, reporter: reporter)
    }

    init(
        directory: String, catalog path: String?, room: EntryRoom, runtime: Runtime = .live,
        reporter: (any ConnectorReporter)? = nil
    ) throws {
        self.directory = directory
        catalogPath = path
        catalog = try Catalog(path: path, runtime: runtime, reporter: reporter)
        parts = PartStore(directory: directory, catalog: catalog, room: room)
    }

    /// Checks that there is something to read.
    /// - Throws: ``ConnectorError`` with code `not-found` or `permission`.
    public func check() throws {
        if try ExportFolder(path: directory).parts().isEmpty {
            throw ConnectorError(.notFound, "there is no export in \(directory)")
        }
    }

    /// Sets what was learnt aside and begins anew, where an error came of damage.
    /// - Returns: whether it did: ``update(_:)`` can be begun again.
    public func replaceIfDamaged(after error: any Error) throws -> Bool { try catalog.replaceIfDamaged(after: error) }

    /// What an update is doing.
    public enum Step: Sendable, Hashable {
        /// Reading a part; so many files of it were seen.
        case reading(part: String, files: Int)
        case matching
    }

    /// Brings the catalog up to date: reads what is new in the directory, and puts it together.
    /// - Throws: ``ConnectorError`` where the directory cannot be read. What cannot be read in it is a problem:
    ///   ``problems()``.
    public func update(_ progress: @escaping @Sendable (Step) -> Void = { _ in }) async throws {
        let lock = try ProcessLock(path: catalogPath.map { $0 + ".lock" }, busy: "another run is reading these exports")
        defer { withExtendedLifetime(lock) {} }
        let files = try ExportFolder(path: directory).parts()
        try catalog.replaceIfUnsound()
        let run = try await beginRun()
        for file in files {
            try Task.checkCancellation()
            try Self.refresh(file, in: catalog, run: run) { progress(.reading(part: file.name, files: $0)) }
        }
        try await catalog.database.write { db in
            for number in try Int64.fetchAll(db, sql: "SELECT number FROM parts WHERE seen <> ?", arguments: [run]) {
                try Self.forget(db, part: number, wholly: true)
            }
        }
        progress(.matching)
        try SidecarSearch(database: catalog.database).run()
        try await ItemGrouping(catalog: catalog, parts: parts).run()
        try await ItemMetadata(database: catalog.database).run()
        try await ContentProbe(catalog: catalog, parts: parts).dateItems()
    }

    private func beginRun() async throws -> Int64 {
        try await catalog.database.read { db in
            (try Int64.fetchOne(db, sql: "SELECT max(seen) FROM parts") ?? 0) + 1
        }
    }

    /// Reads a part where it is new or has changed.
    private static func refresh(
        _ file: PartFile, in catalog: Catalog, run: Int64, progress: @escaping (Int) -> Void
    ) throws {
        let known = try catalog.database.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT number, stamp, size, is_read, changed,
                        EXISTS (SELECT 1 FROM problems WHERE part = parts.number) AS has_problems
                    FROM parts WHERE name = ?
                    """, arguments: [file.name])
        }
        // What was damaged may have been mended without a change of what the part claims to hold.
        let changed = file.changed
        let stamp: (stamp: String, size: Int64)
        var failure: ConnectorError?
        do {
            stamp = try PartReader.stamp(of: file)
        } catch let error as ConnectorError where error.code != .internalDefect {
            // A cut archive has no directory to tell it by: it is looked at every time.
            failure = error
            stamp = ("", 0)
        }
        if let known, known["is_read"], failure == nil, known["stamp"] == stamp.stamp, known["size"] == stamp.size,
            !known["has_problems"] || known["changed"] == changed
        {
            try catalog.database.write { db in
                try db.execute(sql: "UPDATE parts SET seen = ? WHERE name = ?", arguments: [run, file.name])
            }
            return
        }
        let number = try catalog.database.write { db in
            if let known { try forget(db, part: known["number"], wholly: false) }
            return try Int64.fetchOne(
                db,
                sql: """
                    INSERT INTO parts(name, kind, size, stamp, export, is_read, seen, changed)
                    VALUES(?, ?, ?, ?, ?, 0, ?, ?)
                    ON CONFLICT(name) DO UPDATE SET kind = excluded.kind, size = excluded.size, stamp = excluded.stamp,
                        is_read = 0, seen = excluded.seen, changed = excluded.changed
                    RETURNING number
                    """, arguments: [file.name, file.kind.rawValue, stamp.size, stamp.stamp, file.export, run, changed])
        }
        guard let number else { throw ConnectorError(.internalDefect, "the catalog did not take a part") }
        if let failure {
            try catalog.database.write { db in
                try db.execute(
                    sql: "INSERT INTO problems(part, path, message) VALUES(?, '', ?)",
                    arguments: [number, failure.message])
            }
        } else {
            try PartReader(catalog: catalog, part: file, number: number, progress: progress).read()
        }
        try catalog.database.write { db in
            try db.execute(sql: "UPDATE parts SET is_read = 1 WHERE number = ?", arguments: [number])
        }
    }

    /// - Parameter wholly: whether the part is gone, and not only read again.
    private static func forget(_ db: Database, part: Int64, wholly: Bool) throws {
        for table in ["entries", "problems", "floods", "restart_points"] {
            try db.execute(sql: "DELETE FROM \(table) WHERE part = ?", arguments: [part])
        }
        if wholly { try db.execute(sql: "DELETE FROM parts WHERE number = ?", arguments: [part]) }
        try db.execute(
            sql: "DELETE FROM folders WHERE NOT EXISTS (SELECT 1 FROM entries WHERE folder = folders.number)")
    }

    // MARK: What is there

    /// Items in the order in which they are read best.
    /// - Parameter last: the one before the first that is wanted.
    /// - Returns: an empty page at the end.
    public func items(after last: TakeoutItem?, limit: Int = 500) async throws -> [TakeoutItem] {
        try await catalog.database.read { db in
            try Row.fetchAll(
                db, sql: TakeoutItem.query + " WHERE i.position > ? ORDER BY i.position LIMIT ?",
                arguments: [last?.position ?? 0, limit]
            ).map(TakeoutItem.init)
        }
    }

    /// The albums by their folders.
    public func albums() async throws -> [TakeoutAlbum] {
        try await catalog.database.read { db in
            let known = try Row.fetchAll(
                db,
                sql: """
                    SELECT f.name, a.title, a.description, a.notes, a.comments FROM albums a JOIN entries e ON e.number = a.entry
                        JOIN folders f ON f.number = e.folder
                    WHERE f.is_photos ORDER BY f.export, e.number
                    """)
            var told: [String: TakeoutAlbum] = [:]
            for row in known {
                let title: String = row[1]
                let album = TakeoutAlbum(
                    folder: row[0], title: title.isEmpty ? row[0] : title, isUntitled: title.isEmpty,
                    description: row[2], notes: row[3],
                    comments: row[4])
                told[album.folder] = album
            }
            let folders = try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT name FROM folders WHERE is_photos
                        AND EXISTS (SELECT 1 FROM entries WHERE folder = folders.number AND kind IN (0, 2))
                    ORDER BY name
                    """)
            return folders.compactMap { folder in
                guard FolderKind(folder, hasAlbumMetadata: told[folder] != nil) == .album else { return nil }
                return told[folder]
                    ?? TakeoutAlbum(folder: folder, title: folder, description: "", notes: "", comments: "")
            }
        }
    }

    /// The ids of the items of an album, the oldest entry first.
    public func members(of album: TakeoutAlbum) async throws -> [String] {
        try await catalog.database.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT i.id FROM entries e JOIN folders f ON f.number = e.folder JOIN items i ON i.number = e.item
                    WHERE f.name = ? AND f.is_photos GROUP BY i.id ORDER BY min(e.number)
                    """, arguments: [album.folder])
        }
    }

    /// The content of an item.
    public func open(_ item: TakeoutItem) async throws -> any ContentReader {
        guard let place = try await catalog.place(ofEntry: item.source) else { throw PartStore.gone }
        return try parts.open(place)
    }

    /// Keeps the hashes of contents that were read.
    public func learn(sha256 hashes: [Int64: String]) async throws {
        if hashes.isEmpty { return }
        try await catalog.database.write { db in
            let update = try db.cachedStatement(sql: "UPDATE items SET sha256 = ? WHERE number = ?")
            for (number, hash) in hashes { try update.execute(arguments: [hash, number]) }
        }
    }

    /// Looks into the contents of items.
    func probe(_ numbers: [Int64]) async throws {
        if !numbers.isEmpty { try await ContentProbe(catalog: catalog, parts: parts).probe(numbers) }
    }

    /// For the reports of this target.
    func read<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) async throws -> Value {
        try await catalog.database.read(body)
    }
}
