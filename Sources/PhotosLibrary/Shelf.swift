import ConnectorKit
import GRDB

/// Where the items of a listing are shown: every item in every directory of a scope, under its name.
///
/// Made when a listing is complete, since only then it is known who is first to have a name.
public struct Shelf: Sendable {
    let index: Index
    let listing: Int64
    let scope: Scope
    /// Album number -> directory number, of the albums that were listed whole.
    let albums: [Int64: Int64]
    let favorites: Int64?
    /// Every directory of items that has one, and the newest item in it.
    public private(set) var directories: [Int64: Directory] = [:]
    private var datedDirectories: [String: Int64] = [:]

    public struct Directory: Sendable, Hashable {
        public var path: Pathname
        public var newest: Timestamp
    }

    static let pageSize = 500

    /// Goes through the items from the oldest to the newest and names those that have no name yet.
    /// - Parameters:
    ///   - albums: those whose members were listed.
    ///   - showsFavorites: whether the favorites were listed.
    public init(
        index: Index, listing: Listing, scope: Scope, albums listed: [ListedAlbum], showsFavorites: Bool
    ) async throws {
        self.index = index
        self.listing = listing.number
        self.scope = scope
        (albums, favorites) = try await index.database.write { db in
            let names = NameGiver(db)
            var albums: [Int64: Int64] = [:]
            for album in listed { albums[album.number] = try names.directory(album.directory) }
            return (albums, showsFavorites ? try names.directory(Layout.favorites) : nil)
        }
        for album in listed {
            if let number = albums[album.number] {
                directories[number] = Directory(path: album.directory, newest: .epoch)
            }
        }
        if let favorites { directories[favorites] = Directory(path: Layout.favorites, newest: .epoch) }
        try await nameItems()
    }

    private mutating func nameItems() async throws {
        var last: Cursor?
        repeat {
            (self, last) = try await index.database.write { [self, last] db in
                var shelf = self
                let next = try shelf.namePage(db, after: last)
                return (shelf, next)
            }
            try Task.checkCancellation()
        } while last != nil
    }

    /// Where a page ended, in the order of time.
    struct Cursor: Sendable {
        var created: Int64
        var nanos: Int64
        var id: String
    }

    private mutating func namePage(_ db: Database, after last: Cursor?) throws -> Cursor? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT number, id, filename, mime_type, created, created_nanos, library_seen, favorite_seen FROM items
                WHERE (created, created_nanos, id) > (?, ?, ?) AND seen = ?
                ORDER BY created, created_nanos, id LIMIT \(Self.pageSize)
                """)
        let items = try Row.fetchCursor(
            statement, arguments: [last?.created ?? Int64.min, last?.nanos ?? 0, last?.id ?? "", listing]
        ).map { row in
            NamelessItem(
                number: row[0], id: row[1], filename: row[2], mimeType: row[3],
                time: Timestamp(seconds: row[4], nanoseconds: row[5]), librarySeen: row[6], favoriteSeen: row[7])
        }
        let page = try Array(items)
        guard let end = page.last else { return nil }
        let numbers = page.map(\.number)
        let members = try memberships(db, of: numbers)
        let named = try names(db, of: numbers)
        let giver = NameGiver(db)
        for item in page {
            let places = try places(
                time: item.time, isInLibrary: item.librarySeen == listing, isFavorite: item.favoriteSeen == listing,
                members: members[item.number] ?? [], giver: giver)
            for place in places {
                if item.time > directories[place.number]?.newest ?? .epoch {
                    directories[place.number]?.newest = item.time
                }
                if named[item.number]?[place.number] != nil { continue }
                try giver.giveName(
                    toItem: item.number, id: item.id, filename: item.filename, mimeType: item.mimeType,
                    in: place.number)
            }
        }
        return Cursor(created: end.time.seconds, nanos: Int64(end.time.nanoseconds), id: end.id)
    }

    private struct NamelessItem {
        var number: Int64
        var id: String
        var filename: String
        var mimeType: String
        var time: Timestamp
        var librarySeen: Int64
        var favoriteSeen: Int64
    }

    struct Place {
        var number: Int64
        /// Place within the directory, where it has an order of its own.
        var position: Int?
    }

    /// The directories that show an item.
    private mutating func places(
        time: Timestamp, isInLibrary: Bool, isFavorite: Bool, members: [Membership], giver: NameGiver
    ) throws -> [Place] {
        var found: [Place] = []
        if isInLibrary {
            for view in scope.datedViews {
                let path = Layout.directory(of: time.date, in: view)
                if let number = datedDirectories[path] {
                    found.append(Place(number: number))
                    continue
                }
                let pathname = try Pathname(path)
                let number = try giver.directory(pathname)
                datedDirectories[path] = number
                directories[number] = Directory(path: pathname, newest: .epoch)
                found.append(Place(number: number))
            }
        }
        for member in members {
            if let number = albums[member.album] {
                found.append(Place(number: number, position: member.position))
            }
        }
        if let favorites, isFavorite { found.append(Place(number: favorites)) }
        return found
    }

    struct Membership {
        var album: Int64
        var position: Int
    }

    private func memberships(_ db: Database, of items: [Int64]) throws -> [Int64: [Membership]] {
        if albums.isEmpty { return [:] }
        var found: [Int64: [Membership]] = [:]
        let list = items.map(String.init).joined(separator: ",")
        let rows = try Row.fetchCursor(
            db, sql: "SELECT item, album, position FROM album_items WHERE item IN (\(list)) ORDER BY item, album")
        while let row = try rows.next() {
            found[row[0], default: []].append(Membership(album: row[1], position: row[2]))
        }
        return found
    }

    private func names(_ db: Database, of items: [Int64]) throws -> [Int64: [Int64: String]] {
        var found: [Int64: [Int64: String]] = [:]
        let list = items.map(String.init).joined(separator: ",")
        let rows = try Row.fetchCursor(db, sql: "SELECT item, directory, name FROM names WHERE item IN (\(list))")
        while let row = try rows.next() { found[row[0], default: [:]][row[1]] = row[2] }
        return found
    }

    /// How many items the listing holds.
    public func count() async throws -> Int {
        try await index.database.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM items WHERE seen = ?", arguments: [listing]) ?? 0
        }
    }

    /// The next items, from the newest to the oldest, with every place that shows them.
    /// - Returns: an empty page at the end.
    public func page(before last: ShelvedItem?) async throws -> [ShelvedItem] {
        try await index.database.write { [self] db in
            var shelf = self
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(ShelvedItem.columns) FROM items LEFT JOIN urls ON urls.item = items.number
                    WHERE (created, created_nanos, id) < (?, ?, ?) AND seen = ?
                    ORDER BY created DESC, created_nanos DESC, id DESC LIMIT \(Self.pageSize)
                    """)
            var items = try Array(
                Row.fetchCursor(
                    statement,
                    arguments: [
                        last?.item.creationTime.seconds ?? Int64.max, last?.item.creationTime.nanoseconds ?? 0,
                        last?.item.id ?? "", shelf.listing,
                    ]
                ).map(ShelvedItem.init))
            try shelf.givePlaces(to: &items, db)
            return items
        }
    }

    /// Items by their ids, in the order of these, with every place that shows them: for a source whose contents have an
    /// order of their own.
    public func items(_ ids: [String]) async throws -> [ShelvedItem] {
        try await index.database.write { [self] db in
            var shelf = self
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(ShelvedItem.columns) FROM items LEFT JOIN urls ON urls.item = items.number
                    WHERE id = ? AND seen = ?
                    """)
            var items = try ids.compactMap { id in
                try Row.fetchOne(statement, arguments: [id, shelf.listing]).map(ShelvedItem.init)
            }
            try shelf.givePlaces(to: &items, db)
            return items
        }
    }

    private mutating func givePlaces(to items: inout [ShelvedItem], _ db: Database) throws {
        let numbers = items.map(\.number)
        let members = try memberships(db, of: numbers)
        let named = try names(db, of: numbers)
        let giver = NameGiver(db)
        for index in items.indices {
            let item = items[index]
            let places = try places(
                time: item.item.creationTime, isInLibrary: item.librarySeen == listing,
                isFavorite: item.favoriteSeen == listing, members: members[item.number] ?? [], giver: giver)
            for place in places {
                guard let directory = directories[place.number], let name = named[item.number]?[place.number] else {
                    throw Self.disturbed
                }
                let path = try directory.path.appending(name)
                if scope.shows(path) { items[index].places.append(.init(path: path, position: place.position)) }
            }
        }
    }

    /// Somebody else wrote into the index, although it is locked for the time of an import.
    public static let disturbed = ConnectorError(
        .unavailable, "another run has listed this account in the meantime", isRetryable: true, hint: "run it again")

    /// Whether an item is shown under exactly this pathname.
    public func showsItem(at path: Pathname) async throws -> Bool {
        guard let parent = path.parent, let directory = directories.first(where: { $0.value.path == parent })?.key
        else {
            return false
        }
        return try await index.database.read { db in
            try Bool.fetchOne(
                db,
                sql: """
                    SELECT 1 FROM names JOIN items ON items.number = names.item
                    WHERE directory = ? AND name = ? AND seen = ?
                    """, arguments: [directory, path.name, listing]) ?? false
        }
    }
}
