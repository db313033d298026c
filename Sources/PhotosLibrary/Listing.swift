import ConnectorKit
import GRDB
import PhotosAPI

/// One pass over the lists of the service, written into the index page by page.
///
/// What a pass saw is kept in memory until it is whole: ``finish(_:isWhole:)``.
public struct Listing: Sendable {
    let index: Index
    public let number: Int64
    let layout: LibraryLayout
    let log: SightingLog
    /// Whether the lists of the service are only a part of what albums hold: ``mergingAlbums()``.
    var mergesAlbums = false

    /// What was seen so far.
    var sightings: Sightings { log.sightings }

    /// How many items were seen so far.
    public var count: Int { sightings.items.count }

    /// Where an item was listed.
    public enum Place: Sendable {
        case library, favorites, album
    }

    /// Notes a page of items.
    /// - Returns: the numbers of the items, in their order.
    @discardableResult
    public func add(_ items: [MediaItem], from place: Place, at time: Timestamp) async throws -> [Int64] {
        let numbers = try await index.database.write { [number] db in
            var table = try ItemTable(db, listing: number)
            var numbers: [Int64] = []
            numbers.reserveCapacity(items.count)
            for item in items { numbers.append(try table.put(item, at: time)) }
            if table.isChanged { try Index.touch(db) }
            return numbers
        }
        log.change { $0.note(numbers, from: place) }
        return numbers
    }

    /// The numbers of items of this listing by their ids, from the oldest to the newest; what it did not see is left out.
    public func numbers(ofItems ids: [String]) async throws -> [Int64] {
        let seen = sightings.items
        return try await index.database.read { db in
            let find = try db.cachedStatement(
                sql: "SELECT number, created, created_nanos FROM items WHERE id = ?")
            let found = try ids.compactMap { id in
                try Row.fetchOne(find, arguments: [id]).map { row in
                    (
                        number: try row.decode(Int64.self, atIndex: 0),
                        time: Timestamp(
                            seconds: try row.decode(atIndex: 1), nanoseconds: try row.decode(atIndex: 2)), id: id
                    )
                }
            }.filter { seen.contains($0.number) }
            return found.sorted { ($0.time, $0.id) < ($1.time, $1.id) }.map(\.number)
        }
    }

    /// Notes albums, and gives each its directory, but for those that are dated by what is in them.
    /// - Returns: their numbers and directories, in their order.
    public func add(_ albums: [Album]) async throws -> [ListedAlbum] {
        let listed = try await index.database.write { [layout] db in
            // The directory of an album is decided by its id where it is new, not by the order of the list.
            let known = try albums.map { ($0, try Self.put($0, db)) }
            let names = try NameGiver(db, layout)
            if !layout.datesAlbums {
                for (album, number) in known.sorted(by: { $0.0.id < $1.0.id }) {
                    _ = try names.giveDirectory(toAlbum: number, id: album.id, title: album.title)
                }
            }
            return try known.map { album, number in
                ListedAlbum(
                    number: number, album: album, directory: try names.directory(ofAlbum: number),
                    membersListed: try Self.membersListed(number, db))
            }
        }
        log.change { sightings in
            for album in listed { sightings.albums.insert(album.number) }
        }
        return listed
    }

    /// - Returns: the number of the album.
    private static func put(_ album: Album, _ db: Database) throws -> Int64 {
        let find = try db.cachedStatement(
            sql: "SELECT number, title = ? AND items = ? AND cover = ? FROM albums WHERE id = ?")
        let facts = [album.title, album.mediaItemsCount, album.coverMediaItemID, album.id] as StatementArguments
        let known = try Row.fetchOne(find, arguments: facts)
        if let known, try known.decode(atIndex: 1) { return try known.decode(atIndex: 0) }
        try Index.touch(db)
        guard let known else {
            try db.execute(sql: "INSERT INTO albums(title, items, cover, id) VALUES(?, ?, ?, ?)", arguments: facts)
            return db.lastInsertedRowID
        }
        try db.execute(
            sql: "UPDATE albums SET title = ?, items = ?, cover = ?, listed = 0 WHERE id = ?", arguments: facts)
        return try known.decode(atIndex: 0)
    }

    private static func membersListed(_ album: Int64, _ db: Database) throws -> Timestamp? {
        let find = try db.cachedStatement(sql: "SELECT nullif(listed, 0) FROM albums WHERE number = ?")
        return try Int64.fetchOne(find, arguments: [album]).map { Timestamp(seconds: $0) }
    }

    /// Gives a directory to albums that have none, once their members are known.
    /// - Returns: the albums that have one now: an empty album has no date, and no directory.
    public func giveDirectories(to albums: [ListedAlbum]) async throws -> [ListedAlbum] {
        if !albums.contains(where: { $0.directory == nil }) { return albums }
        return try await index.database.write { [layout] db in
            let names = try NameGiver(db, layout)
            var placed = albums.filter { $0.directory != nil }
            let latest = layout.albumDate != .first
            for var album in albums.filter({ $0.directory == nil }).sorted(by: { $0.album.id < $1.album.id }) {
                let created = try Int64.fetchOne(
                    db,
                    sql: """
                        SELECT \(latest ? "max" : "min")(created) FROM album_items JOIN items ON items.number = item
                        WHERE album = ?
                        """, arguments: [album.number])
                guard let created else { continue }
                album.directory = try names.giveDirectory(
                    toAlbum: album.number, id: album.album.id, title: album.album.title,
                    date: Timestamp(seconds: created).date)
                placed.append(album)
            }
            return placed
        }
    }

    /// Notes the members of an album in their order: all of them, or it is not called.
    /// - Parameter time: when they were listed, where they came from a service.
    public func setMembers(_ items: [Int64], ofAlbum album: Int64, at time: Timestamp? = nil) async throws {
        if mergesAlbums, let time { return try await keepApart(items, ofAlbum: album, at: time) }
        try await index.database.write { [number] db in
            try Index.setMembers(items, ofAlbum: album, listing: number, db)
            if let time {
                try db.execute(
                    sql: "UPDATE albums SET listed = ? WHERE number = ?", arguments: [time.seconds, album])
            }
        }
    }

    /// Takes the members of an album to be those that it had when it was listed last.
    /// - Parameter onlySeen: whether the list of the library was to hold all of them.
    /// - Returns: false where it must be listed: an item of it has left the library, or was still being processed.
    public func keepMembers(ofAlbum album: Int64, onlySeen: Bool) async throws -> Bool {
        let (members, areProcessed, isMerged) = try await index.database.read { db in
            let sql = """
                SELECT item FROM album_items JOIN items ON items.number = item
                WHERE album = ? AND video_status = 'PROCESSING'
                """
            return (
                try Self.ownMembers(ofAlbum: album, db), try Int64.fetchOne(db, sql: sql, arguments: [album]) != nil,
                try Self.isMerged(album, db)
            )
        }
        if onlySeen {
            let seen = sightings.library
            if !members.allSatisfy(seen.contains) { return false }
        } else {
            if areProcessed { return false }
            log.change { $0.note(members, from: .album) }
        }
        if isMerged, !mergesAlbums { try await settleMembers(ofAlbum: album) }
        return true
    }
}

extension Index {
    /// - Parameters:
    ///   - own: how many of them, from the first, the service listed; nil for all.
    ///   - listed: when that was.
    static func setMembers(
        _ items: [Int64], own: Int? = nil, ofAlbum album: Int64, listed: Int64 = 0, listing: Int64, _ db: Database
    ) throws {
        let known = try Int64.fetchAll(
            db, sql: "SELECT item FROM album_items WHERE album = ? ORDER BY position", arguments: [album])
        try Listing.note(own: own, ofAlbum: album, db)
        if known == items { return }
        let moved = Set(known).symmetricDifference(items)
        if !moved.isEmpty {
            let note = try db.cachedStatement(sql: ItemTable.noteChange)
            for item in moved { try note.execute(arguments: [item, ItemChange.albums.rawValue, listing]) }
        }
        try db.execute(sql: "DELETE FROM album_items WHERE album = ?", arguments: [album])
        let insert = try db.cachedStatement(sql: "INSERT INTO album_items(album, position, item) VALUES(?, ?, ?)")
        for (position, item) in items.enumerated() { try insert.execute(arguments: [album, position, item]) }
        // They are not what a service listed, unless the caller says so.
        try db.execute(sql: "UPDATE albums SET listed = ? WHERE number = ?", arguments: [listed, album])
        try touch(db)
    }
}

/// An album in a listing, and where it is shown.
public struct ListedAlbum: Sendable, Hashable {
    public var number: Int64
    public var album: Album
    /// Nil where it depends on members that are not known yet.
    public var directory: Pathname?
    /// When its members were listed whole; nil where the list of albums has told of something new since.
    public var membersListed: Timestamp?
}

extension Index {
    /// Begins a pass over the lists.
    /// - Parameter layout: the one that names are given by.
    public func beginListing(_ layout: LibraryLayout = .rclone) async throws -> Listing {
        let number = try await database.write { db in
            try Int64.fetchOne(
                db,
                sql: """
                    INSERT INTO counters(name, value) VALUES('listing', 1)
                    ON CONFLICT(name) DO UPDATE SET value = value + 1 RETURNING value
                    """)
        }
        let log = SightingLog()
        latest.withLock { $0 = log }
        return Listing(index: self, number: number ?? 1, layout: layout, log: log)
    }
}
