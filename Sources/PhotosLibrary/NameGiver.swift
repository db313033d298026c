import ConnectorKit
import GRDB

/// Gives names that stay: unique in their directory, and never another's later on.
///
/// The plain name belongs to whoever asks first; the next of that name is marked by its id. What is asked first is the
/// caller's to decide, by creation time and id.
struct NameGiver {
    private let db: Database

    init(_ db: Database) { self.db = db }

    /// Gives an item a name in a directory.
    func giveName(toItem item: Int64, id: String, filename: String, mimeType: String, in directory: Int64) throws {
        let plain = SafeName.make(filename) ?? SafeName.marked(Self.nameless(mimeType), mark: SafeName.mark(of: id))
        _ = try claim(plain, id: id, for: item, in: directory)
    }

    /// A name for an item that has none: its kind, marked by its id.
    private static func nameless(_ mimeType: String) -> String {
        let parts = mimeType.split(separator: "/")
        guard parts.count == 2, let type = parts.last, type.utf8.allSatisfy({ (48..<123).contains($0) }) else {
            return "item"
        }
        return "\(parts[0]).\(type == "jpeg" ? "jpg" : type == "quicktime" ? "mov" : type)"
    }

    /// The first free one of: the name, the name marked by 8 digits, by 16, by all.
    private func claim(_ name: String, id: String, for item: Int64, in directory: Int64) throws -> String {
        let insert = try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO names(item, directory, name) VALUES(?, ?, ?)")
        for digits in [0, 8, 16, 64] {
            let candidate = digits == 0 ? name : SafeName.marked(name, mark: SafeName.mark(of: id, digits: digits))
            try insert.execute(arguments: [item, directory, candidate])
            if db.changesCount > 0 { return candidate }
        }
        throw ConnectorError(.internalDefect, "two items have the same id")
    }

    /// The number of a directory, made with its parents where it is new.
    func directory(_ path: Pathname) throws -> Int64 {
        let find = try db.cachedStatement(sql: "SELECT number FROM directories WHERE path = ?")
        if let number = try Int64.fetchOne(find, arguments: [path.string]) { return number }
        return try insert(path, album: nil)
    }

    private func insert(_ path: Pathname, album: Int64?) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO directories(path, album) VALUES(?, ?)", arguments: [path.string, album])
        let number = db.lastInsertedRowID
        if let parent = path.parent {
            try db.execute(
                sql: "INSERT OR IGNORE INTO names(item, directory, name) VALUES(?, ?, ?)",
                arguments: [-number, try directory(parent), path.name])
        }
        return number
    }

    /// Gives an album its directory, where it has none yet. A `/` in its title makes folders, as rclone does.
    func giveDirectory(toAlbum album: Int64, id: String, title: String) throws {
        let known = try Int64.fetchOne(
            db, sql: "SELECT number FROM directories WHERE album = ?", arguments: [album])
        if known != nil { return }
        var parts = title.split(separator: "/").compactMap { SafeName.make(String($0)) }
        let last = parts.popLast() ?? "{\(SafeName.mark(of: id))}"
        var parent = Layout.albums
        for part in parts {
            // A folder of a nested title; where an item of the outer album has its name, the item was first.
            parent = try free(part, id: part, in: parent, mayExist: true)
        }
        let path = try free(last, id: id, in: parent, mayExist: false)
        let find = "SELECT number FROM directories WHERE path = ?"
        if let existing = try Int64.fetchOne(db, sql: find, arguments: [path.string]) {
            try db.execute(sql: "UPDATE directories SET album = ? WHERE number = ?", arguments: [album, existing])
        } else {
            _ = try insert(path, album: album)
        }
    }

    /// The first directory of that name, plain or marked, that no item and no other album has.
    /// - Parameter mayExist: whether another album's directory will do as well.
    private func free(_ name: String, id: String, in parent: Pathname, mayExist: Bool) throws -> Pathname {
        for digits in [0, 8, 16, 64] {
            let candidate = digits == 0 ? name : SafeName.marked(name, mark: SafeName.mark(of: id, digits: digits))
            let path = try parent.appending(candidate)
            let owner = try Row.fetchOne(
                db, sql: "SELECT album FROM directories WHERE path = ?", arguments: [path.string])
            if let owner {
                if mayExist || owner["album"] == nil { return path }
                continue
            }
            let taken = try Bool.fetchOne(
                db, sql: "SELECT 1 FROM names WHERE directory = ? AND name = ?",
                arguments: [try directory(parent), candidate])
            if taken == nil { return path }
        }
        throw ConnectorError(.internalDefect, "two albums have the same id")
    }
}
