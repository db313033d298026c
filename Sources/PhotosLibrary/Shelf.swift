import ConnectorKit
import GRDB

/// Where the items of a listing are shown: every item in every directory of a scope, under its name.
///
/// Made when a listing is complete, since only then it is known who is first to have a name.
public struct Shelf: Sendable {
    let index: Index
    let seen: Sightings
    /// What is shown.
    public let scope: Scope
    let filter: LibraryFilter
    let plan: ListingPlan
    /// The albums that were listed whole.
    let listed: Set<Int64>
    /// Album number -> directory number, of those of them that are shown.
    let albums: [Int64: Int64]
    /// Album number -> how many items it has, where names depend on that.
    let counts: [Int64: Int]
    let favorites: Int64?
    /// Every directory of items that has one, and the newest item in it.
    public private(set) var directories: [Int64: Directory] = [:]
    /// Items of the library that no view shows, since they are older than its first year.
    public private(set) var hidden = 0
    private var datedDirectories: [String: Int64] = [:]

    public struct Directory: Sendable, Hashable {
        public var path: Pathname
        public var newest: Timestamp
        /// Whether a filter leaves something in it; true where there is no filter.
        public var isShown: Bool
    }

    static let pageSize = 500

    /// Goes through the items from the oldest to the newest and names those that have no name yet.
    /// - Parameters:
    ///   - albums: those whose members were listed.
    ///   - showsFavorites: whether the favorites are shown and were listed.
    public init(
        index: Index, listing: Listing, scope: Scope, filter: LibraryFilter, plan: ListingPlan,
        albums all: [ListedAlbum],
        showsFavorites: Bool
    ) async throws {
        self.index = index
        seen = listing.sightings
        self.scope = scope
        self.filter = filter
        self.plan = plan
        listed = Set(all.map(\.number))
        let shown = scope.showsAlbums ? all : []
        (albums, counts, favorites) = try await index.database.write { db in
            let names = NameGiver(db, scope.layout)
            var albums: [Int64: Int64] = [:]
            var counts: [Int64: Int] = [:]
            for album in shown {
                guard let directory = album.directory else { continue }
                albums[album.number] = try names.directory(directory)
                if scope.layout.albumOrder != .inverted { continue }
                counts[album.number] = try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM album_items WHERE album = ?", arguments: [album.number])
            }
            return (albums, counts, showsFavorites ? try names.directory(Layout.favorites) : nil)
        }
        for album in shown {
            if let number = albums[album.number], let path = album.directory { open(number, path) }
        }
        if let favorites { open(favorites, Layout.favorites) }
        try await nameItems()
    }

    private mutating func open(_ number: Int64, _ path: Pathname) {
        directories[number] = Directory(path: path, newest: .epoch, isShown: !filter.isActive)
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
                SELECT number, id, filename, mime_type, created, created_nanos, is_video FROM items
                WHERE (created, created_nanos, id) > (?, ?, ?) ORDER BY created, created_nanos, id
                """)
        let rows = try Row.fetchCursor(
            statement, arguments: [last?.created ?? Int64.min, last?.nanos ?? 0, last?.id ?? ""])
        let page = try nextPage(rows) { row in
            NamelessItem(
                number: row[0], id: row[1], filename: row[2], mimeType: row[3],
                time: Timestamp(seconds: row[4], nanoseconds: row[5]), isVideo: row[6])
        }
        guard let end = page.last else { return nil }
        let numbers = page.map(\.number)
        let members = try memberships(db, of: numbers)
        let named = try names(db, of: numbers)
        let giver = NameGiver(db, scope.layout)
        var isNew = false
        for item in page {
            let sighting = Sighting(
                time: item.time, isVideo: item.isVideo, wasInLibrary: seen.library.contains(item.number),
                isFavorite: seen.favorites.contains(item.number), members: members[item.number] ?? [])
            let places = try places(sighting, giver: giver)
            if places.isEmpty, isHidden(sighting) { hidden += 1 }
            for place in places {
                var name = named[item.number]?[place.number]
                if name == nil {
                    isNew = true
                    name = try giver.giveName(
                        to: NameGiver.Item(
                            number: item.number, id: item.id, filename: item.filename, mimeType: item.mimeType,
                            position: place.position, count: place.count), in: place.number)
                }
                try note(item.time, named: name ?? "", in: place.number)
            }
        }
        if isNew { try Index.touch(db) }
        return Cursor(created: end.time.seconds, nanos: Int64(end.time.nanoseconds), id: end.id)
    }

    /// The next of the items that this listing saw, by rows that begin with their numbers.
    private func nextPage<Item>(_ rows: RowCursor, _ item: (Row) -> Item) throws -> [Item] {
        var page: [Item] = []
        while page.count < Self.pageSize, let row = try rows.next() {
            if seen.items.contains(row[0]) { page.append(item(row)) }
        }
        return page
    }

    private struct NamelessItem {
        var number: Int64
        var id: String
        var filename: String
        var mimeType: String
        var time: Timestamp
        var isVideo: Bool
    }

    struct Place {
        var number: Int64
        /// Place within the directory, where it has an order of its own.
        var position: Int?
        /// How many items that directory has, where it matters.
        var count = 0
        var isDated = false
    }

    /// Where the lists held an item, and what filters ask of it.
    struct Sighting {
        var time: Timestamp
        var isVideo: Bool
        var wasInLibrary: Bool
        var isFavorite: Bool
        var members: [Membership]
    }

    private mutating func note(_ time: Timestamp, named name: String, in number: Int64) throws {
        guard let directory = directories[number] else { return }
        if filter.isActive {
            let path = try directory.path.appending(name)
            if !scope.shows(path) || !filter.shows(path) { return }
            directories[number]?.isShown = true
        }
        if time > directory.newest { directories[number]?.newest = time }
    }

    /// The directories that show an item.
    private mutating func places(_ item: Sighting, giver: NameGiver) throws -> [Place] {
        guard filter.shows(time: item.time, isVideo: item.isVideo, isFavorite: item.isFavorite),
            !plan.onlyMembers || !item.members.isEmpty
        else { return [] }
        var found: [Place] = []
        if isInLibrary(item) {
            let date = item.time.date
            for view in scope.views(showing: date) {
                let path = scope.layout.directory(of: date, in: view)
                if let number = datedDirectories[path] {
                    found.append(Place(number: number, isDated: true))
                    continue
                }
                let pathname = try Pathname(path)
                let number = try giver.directory(pathname)
                datedDirectories[path] = number
                open(number, pathname)
                found.append(Place(number: number, isDated: true))
            }
        }
        for member in item.members {
            if let number = albums[member.album] {
                found.append(Place(number: number, position: member.position, count: counts[member.album] ?? 0))
            }
        }
        if let favorites, item.isFavorite { found.append(Place(number: favorites)) }
        return found
    }

    /// Whether the dated views show it. Where the library was not listed, the favourites or the members of the chosen
    /// albums are all that they can show.
    private func isInLibrary(_ item: Sighting) -> Bool {
        plan.library != nil ? item.wasInLibrary : plan.onlyMembers || item.isFavorite
    }

    private func isHidden(_ item: Sighting) -> Bool {
        guard let startYear = scope.startYear, item.time.date.year < startYear, isInLibrary(item) else { return false }
        return filter.shows(time: item.time, isVideo: item.isVideo, isFavorite: item.isFavorite)
            && (!plan.onlyMembers || !item.members.isEmpty)
    }

    /// An album that holds an item, by its number, and the place in it, from 0.
    public struct Membership: Sendable, Hashable {
        public var album: Int64
        public var position: Int
    }

    /// Whether an album is shown, be it that nothing is in it.
    public func shows(album: Int64) -> Bool {
        guard let directory = albums[album].flatMap({ directories[$0] }) else { return false }
        return directory.isShown && scope.root.contains(directory.path)
    }

    private func memberships(_ db: Database, of items: [Int64]) throws -> [Int64: [Membership]] {
        if listed.isEmpty { return [:] }
        var found: [Int64: [Membership]] = [:]
        let list = items.map(String.init).joined(separator: ",")
        let rows = try Row.fetchCursor(
            db, sql: "SELECT item, album, position FROM album_items WHERE item IN (\(list)) ORDER BY item, album")
        while let row = try rows.next() {
            if listed.contains(row[1]) {
                found[row[0], default: []].append(Membership(album: row[1], position: row[2]))
            }
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
    public var count: Int { seen.items.count }

    /// The next items, from the newest to the oldest, with every place that shows them.
    /// - Returns: an empty page at the end.
    public func page(before last: ShelvedItem?) async throws -> [ShelvedItem] {
        try await index.database.write { [self] db in
            var shelf = self
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(ShelvedItem.columns) FROM items LEFT JOIN urls ON urls.item = items.number
                    WHERE (created, created_nanos, id) < (?, ?, ?)
                    ORDER BY created DESC, created_nanos DESC, id DESC
                    """)
            let rows = try Row.fetchCursor(
                statement,
                arguments: [
                    last?.item.creationTime.seconds ?? Int64.max, last?.item.creationTime.nanoseconds ?? 0,
                    last?.item.id ?? "",
                ])
            var items = try nextPage(rows, ShelvedItem.init)
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
                    WHERE id = ?
                    """)
            var items = try ids.compactMap { id in
                try Row.fetchOne(statement, arguments: [id]).map(ShelvedItem.init)
            }.filter { seen.items.contains($0.number) }
            try shelf.givePlaces(to: &items, db)
            return items
        }
    }

    private mutating func givePlaces(to items: inout [ShelvedItem], _ db: Database) throws {
        let numbers = items.map(\.number)
        let members = try memberships(db, of: numbers)
        let named = try names(db, of: numbers)
        let giver = NameGiver(db, scope.layout)
        for index in items.indices {
            let item = items[index]
            items[index].isFavorite = seen.favorites.contains(item.number)
            items[index].albums = (members[item.number] ?? []).filter { shows(album: $0.album) }
            let places = try places(
                Sighting(
                    time: item.item.creationTime, isVideo: item.item.kind == .video,
                    wasInLibrary: seen.library.contains(item.number),
                    isFavorite: seen.favorites.contains(item.number), members: members[item.number] ?? []), giver: giver
            )
            for place in places {
                guard let directory = directories[place.number], let name = named[item.number]?[place.number] else {
                    throw Self.disturbed
                }
                let path = try directory.path.appending(name)
                guard scope.shows(path), filter.shows(path) else { continue }
                items[index].places.append(.init(path: path, position: place.position, isDated: place.isDated))
            }
        }
    }

    /// Somebody else wrote into the index, although it is locked for the time of an import.
    public static let disturbed = ConnectorError(
        .unavailable, "another run has listed this account in the meantime", isRetryable: true, hint: "run it again")

    /// The pathnames of items whose names end so: few, as a rule none.
    public func paths(endingIn suffix: String) async throws -> Set<Pathname> {
        try await index.database.read { [directories] db in
            let rows = try Row.fetchCursor(
                db, sql: "SELECT directory, name FROM names WHERE item > 0 AND lower(substr(name, -?)) = ?",
                arguments: [suffix.count, suffix])
            var paths: Set<Pathname> = []
            while let row = try rows.next() {
                if let directory = directories[row[0]] { paths.insert(try directory.path.appending(row[1])) }
            }
            return paths
        }
    }

    /// Whether an item is shown under exactly this pathname.
    public func showsItem(at path: Pathname) async throws -> Bool {
        guard let parent = path.parent, let directory = directories.first(where: { $0.value.path == parent })?.key
        else {
            return false
        }
        return try await index.database.read { db in
            let item = try Int64.fetchOne(
                db, sql: "SELECT item FROM names WHERE directory = ? AND name = ?", arguments: [directory, path.name])
            return item.map(seen.items.contains) ?? false
        }
    }
}
