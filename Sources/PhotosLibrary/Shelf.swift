import ConnectorKit
import GRDB
import QuickSQL

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
    let archive: Int64?
    /// Items that are archived, as far as the source tells it.
    let archived: ItemSet
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
        archived = listing.log.archived
        self.scope = scope
        self.filter = filter
        self.plan = plan
        listed = Set(all.map(\.number))
        let shown = scope.showsAlbums ? all : []
        (albums, counts, favorites, archive) = try await index.database.write { db in
            let names = try NameGiver(db, scope.layout)
            var albums: [Int64: Int64] = [:]
            var counts: [Int64: Int] = [:]
            for album in shown {
                guard let directory = album.directory else { continue }
                albums[album.number] = try names.directory(directory)
                if scope.layout.albumOrder != .inverted { continue }
                counts[album.number] = try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM album_items WHERE album = ?", arguments: [album.number])
            }
            return (
                albums, counts, showsFavorites ? try names.directory(Layout.favorites) : nil,
                scope.showsArchive ? try names.directory(Layout.archive) : nil
            )
        }
        for album in shown {
            if let number = albums[album.number], let path = album.directory { open(number, path) }
        }
        if let favorites { open(favorites, Layout.favorites) }
        if let archive { open(archive, Layout.archive) }
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
        let rows = try QuickStatement(
            db,
            """
            SELECT number, id, filename, mime_type, created, created_nanos, is_video FROM items
            WHERE (created, created_nanos, id) > (?, ?, ?) ORDER BY created, created_nanos, id
            """)
        rows.bind(1, last?.created ?? Int64.min)
        rows.bind(2, last?.nanos ?? 0)
        rows.bind(3, last?.id ?? "")
        var page: [NamelessItem] = []
        page.reserveCapacity(Self.pageSize)
        while page.count < Self.pageSize, try rows.step() {
            guard seen.items.contains(try rows.integer(0)) else { continue }
            guard let nanoseconds = Int32(exactly: try rows.integer(5)) else { throw DamagedIndex() }
            page.append(
                NamelessItem(
                    number: try rows.integer(0), id: try rows.text(1), filename: try rows.text(2),
                    mimeType: try rows.text(3),
                    time: Timestamp(seconds: try rows.integer(4), nanoseconds: nanoseconds),
                    isVideo: try rows.integer(6) != 0))
        }
        guard let end = page.last else { return nil }
        let numbers = page.map(\.number)
        let members = try memberships(db, of: numbers)
        let named = try names(db, of: numbers)
        let giver = try NameGiver(db, scope.layout)
        var isNew = false
        for (item, given) in zip(page, named) {
            let sighting = Sighting(
                time: item.time, isVideo: item.isVideo, wasInLibrary: seen.library.contains(item.number),
                isFavorite: seen.favorites.contains(item.number), isArchived: archived.contains(item.number),
                members: members[item.number] ?? [])
            let places = try places(sighting, giver: giver)
            if places.isEmpty, isHidden(sighting) { hidden += 1 }
            for place in places {
                var name = given.first { $0.directory == place.number }?.name
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
        var isArchived: Bool
        var members: [Membership]
    }

    private mutating func note(_ time: Timestamp, named name: String, in number: Int64) throws {
        guard let directory = directories[number] else { return }
        if filter.isActive {
            let path = try directory.path.appending(stored: name)
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
        if let archive, item.isArchived { found.append(Place(number: archive)) }
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
        let rows = try QuickStatement(db, "SELECT album, position FROM album_items WHERE item = ? ORDER BY album")
        for item in items {
            rows.bind(1, item)
            while try rows.step() {
                let album = try rows.integer(0)
                if listed.contains(album) {
                    found[item, default: []].append(Membership(album: album, position: Int(try rows.integer(1))))
                }
            }
        }
        return found
    }

    /// A name in a directory. An item has few.
    private struct Given {
        var directory: Int64
        var name: String
    }

    /// The names of each item, in the order of the items.
    private func names(_ db: Database, of items: [Int64]) throws -> [[Given]] {
        let rows = try QuickStatement(db, "SELECT directory, name FROM names WHERE item = ?")
        var all: [[Given]] = []
        all.reserveCapacity(items.count)
        for item in items {
            rows.bind(1, item)
            var given: [Given] = []
            while try rows.step() { given.append(Given(directory: try rows.integer(0), name: try rows.text(1))) }
            all.append(given)
        }
        return all
    }

    /// How many items the listing holds.
    public var count: Int { seen.items.count }

    /// The next items, from the newest to the oldest, with every place that shows them.
    /// - Returns: an empty page at the end.
    public func page(before last: ShelvedItem?) async throws -> [ShelvedItem] {
        try await index.database.write { [self] db in
            var shelf = self
            let rows = try QuickStatement(
                db,
                """
                SELECT \(ShelvedItem.columns) FROM items LEFT JOIN urls ON urls.item = items.number
                WHERE (created, created_nanos, id) < (?, ?, ?)
                ORDER BY created DESC, created_nanos DESC, id DESC
                """)
            rows.bind(1, last?.item.creationTime.seconds ?? Int64.max)
            rows.bind(2, Int64(last?.item.creationTime.nanoseconds ?? 0))
            rows.bind(3, last?.item.id ?? "")
            var items: [ShelvedItem] = []
            items.reserveCapacity(Self.pageSize)
            while items.count < Self.pageSize, try rows.step() {
                if seen.items.contains(try rows.integer(0)) { items.append(try ShelvedItem(rows)) }
            }
            try shelf.givePlaces(to: &items, db)
            return items
        }
    }

    /// Items by their ids, in the order of these, with every place that shows them: for a source whose contents have an
    /// order of their own.
    public func items(_ ids: [String]) async throws -> [ShelvedItem] {
        try await index.database.write { [self] db in
            var shelf = self
            let rows = try QuickStatement(
                db,
                """
                SELECT \(ShelvedItem.columns) FROM items LEFT JOIN urls ON urls.item = items.number
                WHERE id = ?
                """)
            var items: [ShelvedItem] = []
            for id in ids {
                rows.bind(1, id)
                while try rows.step() {
                    if seen.items.contains(try rows.integer(0)) { items.append(try ShelvedItem(rows)) }
                }
            }
            try shelf.givePlaces(to: &items, db)
            return items
        }
    }

    private mutating func givePlaces(to items: inout [ShelvedItem], _ db: Database) throws {
        let numbers = items.map(\.number)
        let members = try memberships(db, of: numbers)
        let named = try names(db, of: numbers)
        let giver = try NameGiver(db, scope.layout)
        for (index, given) in zip(items.indices, named) {
            let item = items[index]
            items[index].isFavorite = seen.favorites.contains(item.number)
            items[index].albums = (members[item.number] ?? []).filter { shows(album: $0.album) }
            let places = try places(
                Sighting(
                    time: item.item.creationTime, isVideo: item.item.kind == .video,
                    wasInLibrary: seen.library.contains(item.number),
                    isFavorite: seen.favorites.contains(item.number), isArchived: archived.contains(item.number),
                    members: members[item.number] ?? []), giver: giver)
            for place in places {
                guard let directory = directories[place.number],
                    let name = given.first(where: { $0.directory == place.number })?.name
                else { throw Self.disturbed }
                let path = try directory.path.appending(stored: name)
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
