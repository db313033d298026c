import ConnectorKit
import GRDB

/// Gives names that stay: unique in their directory, and never another's later on.
///
/// The plain name belongs to whoever asks first; the next of that name is marked by its id. What is asked first is the
/// caller's to decide, by creation time and id. Each layout has names of its own, kept beside those of the others.
struct NameGiver {
    private let db: Database
    private let layout: LibraryLayout
    private let space: String

    init(_ db: Database, _ layout: LibraryLayout) {
        self.db = db
        self.layout = layout
        space = layout.key
    }

    /// An item that wants a name in a directory.
    struct Item {
        var number: Int64
        var id: String
        var filename: String
        var mimeType: String
        /// Its place in the directory, from 0, where that has an order.
        var position: Int?
        /// How many items that directory has.
        var count = 0
    }

    /// Gives an item a name in a directory.
    func giveName(to item: Item, in directory: Int64) throws -> String {
        let given =
            item.filename.isEmpty
            ? SafeName.marked(Self.nameless(item.mimeType), mark: SafeName.mark(of: item.id)) : item.filename
        let raw = item.position.map { layout.filename(given, position: $0, count: item.count) } ?? given
        return try claim(SafeName.make(raw, layout.rules) ?? raw, id: item.id, for: item.number, in: directory)
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
        for digits in [0, 8, 16, 64] {
            let candidate = digits == 0 ? name : SafeName.marked(name, mark: SafeName.mark(of: id, digits: digits))
            if try take(candidate, for: item, in: directory) { return candidate }
        }
        throw ConnectorError(.internalDefect, "two items have the same id")
    }

    /// - Returns: false where the name is taken.
    private func take(_ name: String, for item: Int64, in directory: Int64) throws -> Bool {
        let insert = try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO names(item, directory, name, folded) VALUES(?, ?, ?, ?)")
        try insert.execute(arguments: [item, directory, name, layout.rules.folded(name)])
        return db.changesCount > 0
    }

    /// The number of a directory, made with its parents where it is new.
    func directory(_ path: Pathname) throws -> Int64 {
        let find = try db.cachedStatement(sql: "SELECT number FROM directories WHERE space = ? AND path = ?")
        if let number = try Int64.fetchOne(find, arguments: [space, path.string]) { return number }
        return try insert(path, album: nil)
    }

    private func insert(_ path: Pathname, album: Int64?) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO directories(space, path, album) VALUES(?, ?, ?)", arguments: [space, path.string, album])
        let number = db.lastInsertedRowID
        if let parent = path.parent { _ = try take(path.name, for: -number, in: try directory(parent)) }
        return number
    }

    /// The directory that an album has; nil where it has none yet.
    func directory(ofAlbum album: Int64) throws -> Pathname? {
        let find = try db.cachedStatement(sql: "SELECT path FROM directories WHERE album = ? AND space = ?")
        return try String.fetchOne(find, arguments: [album, space]).map { try Pathname($0) }
    }

    /// Gives an album its directory, where it has none yet.
    /// - Parameter date: of the photo that dates it, where the layout dates albums.
    func giveDirectory(toAlbum album: Int64, id: String, title: String, date: CivilDate? = nil) throws -> Pathname {
        if let known = try directory(ofAlbum: album) { return known }
        try Index.touch(db)
        let parts = layout.parts(ofAlbum: title, id: id, date: date)
        var parent = layout.albums
        for part in parts.dropLast() {
            // A folder of a nested title; where an item of the outer album has its name, the item was first.
            parent = try free(part, id: part, in: parent, mayExist: true)
        }
        let path = try free(parts.last ?? SafeName.mark(of: id), id: id, in: parent, mayExist: false)
        let find = "SELECT number FROM directories WHERE space = ? AND path = ?"
        if let existing = try Int64.fetchOne(db, sql: find, arguments: [space, path.string]) {
            try db.execute(sql: "UPDATE directories SET album = ? WHERE number = ?", arguments: [album, existing])
        } else {
            _ = try insert(path, album: album)
        }
        return path
    }

    /// The first directory of that name, plain or marked, that no item and no other album has.
    /// - Parameter mayExist: whether another album's directory will do as well.
    private func free(_ name: String, id: String, in parent: Pathname, mayExist: Bool) throws -> Pathname {
        let directory = try directory(parent)
        for digits in [0, 8, 16, 64] {
            let candidate = digits == 0 ? name : SafeName.marked(name, mark: SafeName.mark(of: id, digits: digits))
            let folded = layout.rules.folded(candidate)
            let owner = try Int64.fetchOne(
                db, sql: "SELECT item FROM names WHERE directory = ? AND \(folded == nil ? "name" : "folded") = ?",
                arguments: [directory, folded ?? candidate])
            guard let owner else { return try parent.appending(candidate) }
            guard owner < 0,
                let taken = try Row.fetchOne(
                    db, sql: "SELECT path, album FROM directories WHERE number = ?", arguments: [-owner])
            else { continue }
            if mayExist || taken["album"] == nil { return try Pathname(taken["path"]) }
        }
        throw ConnectorError(.internalDefect, "two albums have the same id")
    }
}
