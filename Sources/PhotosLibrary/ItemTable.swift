import ConnectorKit
import GRDB
import PhotosAPI

/// Writes items into the index, where they are new or not what they were: most are what they were.
final class ItemTable {
    private let find: Statement
    private let insert: Statement
    private let update: Statement
    private let note: Statement
    private let db: Database
    private let listing: Int64
    /// Whether anything was written.
    private(set) var isChanged = false

    init(_ db: Database, listing: Int64) throws {
        self.db = db
        self.listing = listing
        find = try db.cachedStatement(sql: Self.find)
        insert = try db.cachedStatement(sql: Self.insert)
        update = try db.cachedStatement(sql: Self.update)
        note = try db.cachedStatement(sql: Self.noteChange)
    }

    /// - Returns: the number of the item.
    func put(_ item: MediaItem) throws -> Int64 {
        let facts: StatementArguments = [
            item.id, item.filename, item.description, item.productURL, item.videoStatus?.rawValue, item.cameraMake,
            item.cameraModel, item.mimeType, item.creationTime.seconds, item.creationTime.nanoseconds, item.width,
            item.height, item.kind == .video,
        ]
        let known = try Row.fetchOne(find, arguments: facts)
        if let known, known[1] { return known[0] }
        isChanged = true
        guard let known else {
            try insert.execute(arguments: facts)
            return db.lastInsertedRowID
        }
        let number: Int64 = known[0]
        try update.execute(arguments: facts)
        try note.execute(arguments: [number, ItemChange.metadata.rawValue, listing])
        return number
    }

    // The database compares, so that no text has to be made of what is there. One list of arguments serves all three.

    private static let isSameContent =
        "mime_type = ?8 AND created = ?9 AND created_nanos = ?10 AND width = ?11 AND height = ?12 AND is_video = ?13"

    private static let find = """
        SELECT number, filename = ?2 AND description = ?3 AND product_url = ?4 AND video_status IS ?5
            AND camera_make = ?6 AND camera_model = ?7 AND \(isSameContent)
        FROM items WHERE id = ?1
        """

    private static let insert = """
        INSERT INTO items(id, filename, description, product_url, video_status, camera_make, camera_model, mime_type,
            created, created_nanos, width, height, is_video)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        """

    /// What was learnt of a content holds as long as nothing tells that it is another one.
    private static let update = """
        UPDATE items SET filename = ?2, description = ?3, product_url = ?4, video_status = ?5, camera_make = ?6,
            camera_model = ?7, mime_type = ?8, created = ?9, created_nanos = ?10, width = ?11, height = ?12,
            is_video = ?13, size = CASE WHEN \(isSameContent) THEN size END,
            sha256 = CASE WHEN \(isSameContent) THEN sha256 END
        WHERE id = ?1
        """

    static let noteChange = "INSERT OR REPLACE INTO item_changes(item, kind, listing) VALUES(?, ?, ?)"
}
