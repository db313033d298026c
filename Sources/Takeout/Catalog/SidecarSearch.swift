import GRDB

/// Finds the sidecars of the files of every folder that has changed.
///
/// Media and JSON of one item may lie in different parts: a folder is looked at when all parts were read. First among the
/// sidecars of the file's own export; what has none there may have been given one by another, as an incremental export
/// holds what has changed and no more.
struct SidecarSearch {
    let database: DatabaseQueue

    private struct File {
        var number: Int64
        var name: String
    }

    func run() throws {
        let names = try database.write { db in
            try findPhotos(db)
            return try String.fetchAll(
                db, sql: "SELECT DISTINCT name FROM folders WHERE is_dirty AND is_photos ORDER BY name")
        }
        for name in names {
            try Task.checkCancellation()
            try database.write { db in
                try match(db, folder: name)
                try db.execute(sql: "UPDATE folders SET is_dirty = 0 WHERE name = ?", arguments: [name])
            }
        }
    }

    /// A folder with a year folder below it that has sidecars of photos is that of Google Photos in a language that is not
    /// known, or one that was moved elsewhere.
    private func findPhotos(_ db: Database) throws {
        let roots = try Row.fetchCursor(
            db,
            sql: """
                SELECT root, name FROM folders WHERE NOT is_photos
                    AND EXISTS (SELECT 1 FROM entries WHERE folder = folders.number AND kind = 1)
                """)
        var found: Set<String> = []
        while let row = try roots.next() {
            if FolderKind.year(row[1]) != nil { found.insert(row[0]) }
        }
        for root in found {
            try db.execute(
                sql: "UPDATE folders SET is_photos = 1, is_dirty = 1 WHERE root = ? AND NOT is_photos",
                arguments: [root])
        }
        // Another part of the same export may hold folders of a root that is known by now.
        try db.execute(
            sql: """
                UPDATE folders SET is_photos = 1, is_dirty = 1 WHERE NOT is_photos
                    AND root IN (SELECT root FROM folders WHERE is_photos)
                """)
    }

    private func match(_ db: Database, folder: String) throws {
        let exports = try String.fetchAll(
            db, sql: "SELECT DISTINCT export FROM folders WHERE name = ? AND is_photos ORDER BY export",
            arguments: [folder])
        let update = try db.cachedStatement(
            sql: "UPDATE entries SET sidecar = ?, certainty = ?, rule = ? WHERE number = ?")
        for export in exports {
            let files = try Row.fetchAll(
                db,
                sql: """
                    SELECT e.number, e.name FROM entries e JOIN folders f ON f.number = e.folder
                    WHERE f.name = ? AND f.export = ? AND f.is_photos AND e.kind = 0 ORDER BY e.number
                    """, arguments: [folder, export]
            ).map { File(number: $0[0], name: $0[1]) }
            if files.isEmpty { continue }
            let own = try sidecars(db, folder: folder, exports: [export])
            var rest: [File] = []
            for (file, match) in zip(files, SidecarMatcher(own.names).match(files.map(\.name))) {
                if match.sidecar == nil { rest.append(file) }
                try update.execute(arguments: [
                    match.sidecar.map { own.numbers[$0] }, match.certainty.rawValue, match.rule.rawValue, file.number,
                ])
            }
            let others = exports.filter { $0 != export }
            if rest.isEmpty || others.isEmpty { continue }
            let foreign = try sidecars(db, folder: folder, exports: others)
            for (file, match) in zip(rest, SidecarMatcher(foreign.names).match(rest.map(\.name))) {
                guard let sidecar = match.sidecar else { continue }
                // The number in a name counts within one export: another's may mean another file.
                let isPlain = MediaName(file.name).number == 0
                let certainty = isPlain ? match.certainty : .guessed
                try update.execute(arguments: [
                    foreign.numbers[sidecar], certainty.rawValue, match.rule.rawValue, file.number,
                ])
            }
        }
    }

    private func sidecars(
        _ db: Database, folder: String, exports: [String]
    ) throws -> (numbers: [Int64], names: [SidecarName]) {
        var numbers: [Int64] = []
        var names: [SidecarName] = []
        for export in exports {
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT e.number, e.name, a.title FROM entries e JOIN folders f ON f.number = e.folder
                        JOIN assets a ON a.entry = e.number
                    WHERE f.name = ? AND f.export = ? AND f.is_photos AND e.kind = 1 ORDER BY e.number
                    """, arguments: [folder, export])
            while let row = try rows.next() {
                numbers.append(row[0])
                names.append(SidecarName(row[1], title: row[2]))
            }
        }
        return (numbers, names)
    }
}
