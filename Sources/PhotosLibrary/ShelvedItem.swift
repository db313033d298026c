import ConnectorKit
import Foundation
import GRDB
import PhotosAPI
import QuickSQL

/// An item of the index with every place that shows it.
public struct ShelvedItem: Sendable {
    public struct Place: Sendable, Hashable {
        public var path: Pathname
        /// Its place in the album's order, from 0.
        public var position: Int?
        /// Whether a dated view shows it here, and not an album or the favorites.
        public var isDated = false
    }

    public var number: Int64
    /// Its base URL is empty where none is known.
    public var item: MediaItem
    /// When the base URL was handed out.
    public var urlBirth: Timestamp
    /// Bytes, as they were counted when it was downloaded last.
    public var size: Int64?
    /// In 64 hexadecimal digits, where it was read before.
    public var sha256: String?
    public var places: [Place] = []
    /// The albums that hold it, of those that are shown.
    public var albums: [Shelf.Membership] = []
    /// Whether it was listed among the favorites.
    public var isFavorite = false

    /// The columns that ``init(_:)`` reads, by their position: looking names up costs more than all the rest.
    static let columns = """
        number, id, filename, description, mime_type, created, created_nanos, width, height, is_video, video_status,
        camera_make, camera_model, product_url, size, urls.url, urls.born, sha256
        """

    /// - Throws: ``DamagedIndex`` where the row holds what no run has written.
    init(_ row: borrowing QuickStatement) throws {
        number = try row.integer(0)
        size = row.isNull(14) ? nil : try row.integer(14)
        urlBirth = Timestamp(seconds: row.isNull(16) ? 0 : try row.integer(16))
        sha256 = row.isNull(17) ? nil : try row.withBytes(17) { String(hexadecimal: Array($0)) }
        guard let nanoseconds = Int32(exactly: try row.integer(6)) else { throw DamagedIndex() }
        item = MediaItem(
            id: try row.text(1), filename: try row.text(2), description: try row.text(3), mimeType: try row.text(4),
            creationTime: Timestamp(seconds: try row.integer(5), nanoseconds: nanoseconds),
            width: Int(try row.integer(7)), height: Int(try row.integer(8)),
            kind: try row.integer(9) != 0 ? .video : .photo,
            videoStatus: row.isNull(10) ? nil : MediaItem.VideoStatus(rawValue: try row.text(10)),
            cameraMake: try row.text(11), cameraModel: try row.text(12), productURL: try row.text(13),
            baseURL: row.isNull(15) ? "" : try row.text(15))
    }
}

extension Index {
    /// An item that was listed, at a place of the caller's choice.
    public func item(_ number: Int64, at path: Pathname) async throws -> ShelvedItem? {
        try await database.read { db in
            let row = try QuickStatement(
                db,
                "SELECT \(ShelvedItem.columns) FROM items LEFT JOIN urls ON urls.item = items.number WHERE number = ?")
            row.bind(1, number)
            guard try row.step() else { return nil }
            var item = try ShelvedItem(row)
            item.places = [.init(path: path)]
            return item
        }
    }

    /// Ids of items that come after this one in the order of an import, itself first: what is worth renewing with it.
    /// The service knows nothing of what only an export has.
    public func items(from item: ShelvedItem, limit: Int) async throws -> [String] {
        let seen = latest.withLock { $0.sightings.items }
        return try await database.read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT number, id FROM items
                    WHERE (created, created_nanos, id) <= (?, ?, ?) AND id NOT LIKE 'takeout:%'
                    ORDER BY created DESC, created_nanos DESC, id DESC
                    """,
                arguments: [
                    item.item.creationTime.seconds, item.item.creationTime.nanoseconds, item.item.id,
                ])
            var ids: [String] = []
            while ids.count < limit, let row = try rows.next() {
                if seen.contains(try row.decode(atIndex: 0)) { ids.append(try row.decode(atIndex: 1)) }
            }
            return ids
        }
    }

    /// Keeps renewed base URLs for the items that will be asked for next.
    public func keepURLs(of items: [MediaItem], at time: Timestamp) async throws {
        try await database.write { db in
            let keep = try db.cachedStatement(
                sql: "INSERT OR REPLACE INTO urls(item, url, born) SELECT number, ?, ? FROM items WHERE id = ?")
            for item in items { try keep.execute(arguments: [item.baseURL, time.seconds, item.id]) }
        }
    }

    /// The base URL of an item and when it was handed out.
    public func url(ofItem number: Int64) async throws -> (url: String, birth: Timestamp)? {
        try await database.read { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT url, born FROM urls WHERE item = ?", arguments: [number])
            else { return nil }
            return (row["url"], Timestamp(seconds: row["born"]))
        }
    }
}
