import ConnectorKit
import Crypto
import Foundation
import GRDB
import StrictJSON

/// Reads what is in one part into the catalog, without keeping any of it.
struct PartReader {
    let catalog: Catalog
    let part: PartFile
    let number: Int64
    /// Told now and then how many files were seen.
    let progress: (Int) -> Void

    /// The longest sidecar. They are a kilobyte; an album with many texts may be more.
    static let longestSidecar: Int64 = 1 << 20
    /// Entries that go into the catalog at a time.
    private static let batch = 2000

    /// What tells whether a part has changed: for a zip its directory, which has every length and checksum; for a tgz its
    /// ends, of which the last has the checksum of all; for a folder the names, lengths and times of its files.
    static func stamp(of part: PartFile) throws -> (stamp: String, size: Int64) {
        switch part.kind {
        case .zip:
            let file = try RandomAccessFile(path: part.path)
            return (try ZipDirectory(file).digest(), file.size)
        case .tgz:
            let file = try RandomAccessFile(path: part.path)
            let length = Int(min(file.size, 65_536))
            var hash = SHA256()
            hash.update(data: try file.readExactly(at: 0, count: length))
            hash.update(data: try file.readExactly(at: file.size - Int64(length), count: length))
            return (String(hexadecimal: Array(hash.finalize())), file.size)
        case .folder:
            var hash = SHA256()
            var size: Int64 = 0
            try ExportFolder.walk(part) { entry in
                guard case .file(let file) = entry else { return }
                size += file.size
                hash.update(data: Array("\(file.path)\n\(file.size) \(file.modified)\n".utf8))
            }
            return (String(hexadecimal: Array(hash.finalize())), size)
        }
    }

    private struct Found {
        var entry: ArchiveEntry
        var sidecar: Sidecar?
    }

    /// Reads the part. What cannot be read becomes a problem of the catalog, and the rest goes on.
    func read() throws {
        var batch: [Found] = []
        var count = 0
        func flush() throws {
            try Task.checkCancellation()
            try store(batch)
            count += batch.count
            progress(count)
            batch = []
        }
        func take(_ entry: ArchiveEntry, _ bytes: [UInt8]?) throws {
            var found = Found(entry: entry)
            if let bytes {
                do throws(JSONError) {
                    found.sidecar = Sidecar(try JSON(parsing: bytes))
                } catch {
                    try note(entry.path, "is no JSON: \(error.description)")
                }
            }
            batch.append(found)
            if batch.count == Self.batch { try flush() }
        }
        do {
            switch part.kind {
            case .zip: try readZip(take)
            case .tgz: try readTar(take)
            case .folder: try readFolder(take)
            }
        } catch let error as ConnectorError where error.code != .internalDefect {
            try note("", error.message)
        }
        try flush()
    }

    private static func isSidecar(_ entry: ArchiveEntry) -> Bool {
        entry.path.utf8.count > 5 && entry.path.suffix(5).lowercased() == ".json" && entry.size <= longestSidecar
            && entry.fault == nil
    }

    private func readZip(_ take: (ArchiveEntry, [UInt8]?) throws -> Void) throws {
        let file = try RandomAccessFile(path: part.path)
        var directory = try ZipDirectory(file)
        while let scanned = try directory.next() {
            switch scanned {
            case .refused(let path, let reason): try note(path, reason)
            case .file(let entry):
                guard Self.isSidecar(entry) else {
                    try take(entry, nil)
                    continue
                }
                do {
                    try take(entry, try Self.all(of: try ZipStream(file, entry: entry)))
                } catch let error as ConnectorError where error.code == .corrupt {
                    try note(entry.path, error.message)
                }
            }
        }
    }

    private static func all(of stream: any ByteStream) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let more = try stream.next() { bytes += more }
        return bytes
    }

    private func readTar(_ take: (ArchiveEntry, [UInt8]?) throws -> Void) throws {
        let cursor = GzipCursor(try RandomAccessFile(path: part.path))
        cursor.onRestartPoint = { try keep($0) }
        let tar = TarReader(cursor)
        var count = 0
        while let scanned = try tar.next() {
            count += 1
            if count % 512 == 0 { try Task.checkCancellation() }
            switch scanned {
            case .refused(let path, let reason): try note(path, reason)
            case .file(var entry):
                // All of it is unpacked anyway: the checksum costs little and is what a zip has for nothing.
                var crc = CRC32()
                var bytes: [UInt8]? = Self.isSidecar(entry) ? [] : nil
                while let more = try tar.content() {
                    crc.add(more)
                    bytes?.append(contentsOf: more)
                }
                entry.crc = crc.value
                try take(entry, bytes)
            }
        }
    }

    private func keep(_ point: RestartPoint) throws {
        try Task.checkCancellation()
        try catalog.database.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO restart_points(part, output, input, bits, window) VALUES(?, ?, ?, ?, ?)",
                arguments: [number, point.output, point.input, point.bits, Data(point.window)])
        }
    }

    private func readFolder(_ take: (ArchiveEntry, [UInt8]?) throws -> Void) throws {
        let directory = String(part.path.dropLast(part.name.count))
        try ExportFolder.walk(part) { scanned in
            switch scanned {
            case .refused(let path, let reason): try note(path, reason)
            case .file(let entry):
                guard Self.isSidecar(entry) else { return try take(entry, nil) }
                guard let bytes = try contents(of: entry, at: directory + entry.path) else { return }
                try take(entry, bytes)
            }
        }
    }

    /// The bytes of a small file; nil where it cannot be read, which is noted.
    private func contents(of entry: ArchiveEntry, at path: String) throws -> [UInt8]? {
        do {
            return try RandomAccessFile(path: path).readExactly(at: 0, count: Int(entry.size))
        } catch {
            try note(entry.path, error.message)
            return nil
        }
    }

    /// More problems of one part than anybody reads: after these, they are counted.
    private static let mostProblems = 200

    private func note(_ path: String, _ message: String) throws {
        try catalog.database.write { db in
            let known = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM problems WHERE part = ? AND path <> ''", arguments: [number])
            if path.isEmpty || known ?? 0 < Self.mostProblems {
                return try db.execute(
                    sql: "INSERT INTO problems(part, path, message) VALUES(?, ?, ?)",
                    arguments: [number, path, message])
            }
            try db.execute(
                sql: """
                    INSERT INTO floods(part, entries) VALUES(?, 1)
                    ON CONFLICT(part) DO UPDATE SET entries = entries + 1
                    """, arguments: [number])
        }
    }

    // MARK: Into the catalog

    private func store(_ batch: [Found]) throws {
        let export = part.export
        try catalog.database.write { db in
            var folders: [String: Int64] = [:]
            let insert = try db.cachedStatement(
                sql: """
                    INSERT INTO entries(part, folder, name, kind, offset, packed, method, size, crc, modified, fault)
                    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            let insertAsset = try db.cachedStatement(
                sql: "INSERT INTO assets(entry, title, url, metadata) VALUES(?, ?, ?, ?)")
            let insertAlbum = try db.cachedStatement(
                sql: "INSERT INTO albums(entry, title, description, notes, comments) VALUES(?, ?, ?, ?, ?)")
            for found in batch {
                let (directory, name) = Self.split(found.entry.path)
                // What lies in no folder is no photo of an export.
                guard let directory else { continue }
                if folders[directory] == nil { folders[directory] = try Self.folder(db, directory, export) }
                let entry = found.entry
                try insert.execute(arguments: [
                    number, folders[directory], name, Self.kind(name, found.sidecar).rawValue, entry.offset,
                    entry.packedSize, entry.method.rawValue, entry.size, entry.crc.map { Int64($0) },
                    entry.modified.seconds, entry.fault,
                ])
                let entryNumber = db.lastInsertedRowID
                switch found.sidecar {
                case .asset(let asset)?:
                    try insertAsset.execute(arguments: [entryNumber, asset.title, asset.url, asset.json.text])
                case .album(let album)?:
                    try insertAlbum.execute(arguments: [
                        entryNumber, album.title, album.description, album.notes.joined(separator: "\n"),
                        album.comments.map(\.line).joined(separator: "\n"),
                    ])
                case .other?, nil: break
                }
            }
        }
    }

    private static func split(_ path: String) -> (directory: String?, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (nil, path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    private static func folder(_ db: Database, _ directory: String, _ export: String) throws -> Int64? {
        let (root, name) = split(directory)
        return try Int64.fetchOne(
            db,
            sql: """
                INSERT INTO folders(export, root, name, is_photos) VALUES(?, ?, ?, ?)
                ON CONFLICT(export, root, name) DO UPDATE SET is_dirty = 1 RETURNING number
                """,
            arguments: [export, root ?? "", name, root.map { ProductRoot.isPhotos(split($0).name) } ?? false])
    }

    private static func kind(_ name: String, _ sidecar: Sidecar?) -> Catalog.Kind {
        switch sidecar {
        case .asset?: .asset
        case .album?: .album
        case .other?: .other
        case nil: ExportFolder.isJunk(name) || name.lowercased().hasSuffix(".json") ? .other : .media
        }
    }
}
