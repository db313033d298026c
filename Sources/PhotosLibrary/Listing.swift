import ConnectorKit
import GRDB
import PhotosAPI

/// One pass over the lists of the service, written into the index page by page.
///
/// What a pass saw carries its number; what an earlier one saw and this one did not is gone, or was not asked for.
public struct Listing: Sendable {
    let index: Index
    public let number: Int64
    let layout: LibraryLayout

    /// Where an item was listed.
    public enum Place: Sendable {
        case library, favorites, album
    }

    /// Notes a page of items.
    /// - Returns: the numbers of the items, in their order.
    @discardableResult
    public func add(_ items: [MediaItem], from place: Place, at time: Timestamp) async throws -> [Int64] {
        try await index.database.write { [number] db in
            let upsert = try db.cachedStatement(sql: Self.upsert)
            let keepURL = try db.cachedStatement(sql: "INSERT OR REPLACE INTO urls(item, url, born) VALUES(?, ?, ?)")
            let libraryNumber = place == .library ? number : 0
            let favoriteNumber = place == .favorites ? number : 0
            return try items.map { item in
                try upsert.setArguments([
                    item.id, item.filename, item.description, item.mimeType, item.creationTime.seconds,
                    item.creationTime.nanoseconds, item.width, item.height, item.kind == .video,
                    item.videoStatus?.rawValue, item.cameraMake, item.cameraModel, item.productURL, number,
                    libraryNumber, favoriteNumber,
                ])
                guard let itemNumber = try Int64.fetchOne(upsert) else {
                    throw ConnectorError(.internalDefect, "the index did not take an item")
                }
                try keepURL.execute(arguments: [itemNumber, item.baseURL, time.seconds])
                return itemNumber
            }
        }
    }

    /// The numbers of items of this listing by their ids, from the oldest to the newest; what it did not see is left out.
    public func numbers(ofItems ids: [String]) async throws -> [Int64] {
        try await index.database.read { [number] db in
            let find = try db.cachedStatement(
                sql: "SELECT number, created, created_nanos FROM items WHERE id = ? AND seen = ?")
            let found = try ids.compactMap { id in
                try Row.fetchOne(find, arguments: [id, number]).map { row in
                    (number: row[0] as Int64, time: Timestamp(seconds: row[1], nanoseconds: row[2]), id: id)
                }
            }
            return found.sorted { ($0.time, $0.id) < ($1.time, $1.id) }.map(\.number)
        }
    }

    private static let upsert = """
        INSERT INTO items(id, filename, description, mime_type, created, created_nanos, width, height, is_video,
            video_status, camera_make, camera_model, product_url, seen, library_seen, favorite_seen)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET
            filename = excluded.filename, description = excluded.description, mime_type = excluded.mime_type,
            created = excluded.created, created_nanos = excluded.created_nanos, width = excluded.width,
            height = excluded.height, is_video = excluded.is_video, video_status = excluded.video_status,
            camera_make = excluded.camera_make, camera_model = excluded.camera_model,
            product_url = excluded.product_url, seen = excluded.seen,
            library_seen = max(library_seen, excluded.library_seen),
            favorite_seen = max(favorite_seen, excluded.favorite_seen)
        RETURNING number
        """

    /// Notes albums, and gives each its directory, but for those that are dated by what is in them.
    /// - Returns: their numbers and directories, in their order.
    public func add(_ albums: [Album]) async throws -> [ListedAlbum] {
        try await index.database.write { [number, layout] db in
            // The directory of an album is decided by its id where it is new, not by the order of the list.
            let known = try albums.map { album in
                let number = try Int64.fetchOne(
                    db,
                    sql: """
                        INSERT INTO albums(id, title, items, cover, seen) VALUES(?, ?, ?, ?, ?)
                        ON CONFLICT(id) DO UPDATE SET title = excluded.title, items = excluded.items,
                            cover = excluded.cover, seen = excluded.seen
                        RETURNING number
                        """,
                    arguments: [album.id, album.title, album.mediaItemsCount, album.coverMediaItemID, number])
                return (album, number ?? 0)
            }
            let names = NameGiver(db, layout)
            if !layout.datesAlbums {
                for (album, number) in known.sorted(by: { $0.0.id < $1.0.id }) {
                    _ = try names.giveDirectory(toAlbum: number, id: album.id, title: album.title)
                }
            }
            return try known.map { album, number in
                ListedAlbum(number: number, album: album, directory: try names.directory(ofAlbum: number))
            }
        }
    }

    /// Gives a directory to albums that have none, once their members are known.
    /// - Returns: the albums that have one now: an empty album has no date, and no directory.
    public func giveDirectories(to albums: [ListedAlbum]) async throws -> [ListedAlbum] {
        if !albums.contains(where: { $0.directory == nil }) { return albums }
        return try await index.database.write { [layout] db in
            let names = NameGiver(db, layout)
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
    public func setMembers(_ items: [Int64], ofAlbum album: Int64) async throws {
        try await index.database.write { db in
            let known = try Int64.fetchAll(
                db, sql: "SELECT item FROM album_items WHERE album = ? ORDER BY position", arguments: [album])
            if known == items { return }
            try db.execute(sql: "DELETE FROM album_items WHERE album = ?", arguments: [album])
            let insert = try db.cachedStatement(
                sql: "INSERT INTO album_items(album, position, item) VALUES(?, ?, ?)")
            for (position, item) in items.enumerated() {
                try insert.execute(arguments: [album, position, item])
            }
        }
    }
}

/// An album in a listing, and where it is shown.
public struct ListedAlbum: Sendable, Hashable {
    public var number: Int64
    public var album: Album
    /// Nil where it depends on members that are not known yet.
    public var directory: Pathname?
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
        return Listing(index: self, number: number ?? 1, layout: layout)
    }
}
