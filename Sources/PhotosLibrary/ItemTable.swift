import ConnectorKit
import GRDB
import PhotosAPI
import QuickSQL

/// Writes items into the index, where they are new or not what they were: most are what they were.
struct ItemTable: ~Copyable {
    private let find: QuickStatement
    private let keepURL: QuickStatement
    private let db: Database
    private let listing: Int64
    private let hints: Hints?
    /// Whether anything was written.
    private(set) var isChanged = false

    init(_ db: Database, listing: Int64) throws {
        let hints = try Hints(db)
        let find = try QuickStatement(db, Self.find)
        let keepURL = try QuickStatement(db, "INSERT OR REPLACE INTO urls(item, url, born) VALUES(?, ?, ?)")
        self.db = db
        self.listing = listing
        self.hints = hints
        self.find = find
        self.keepURL = keepURL
    }

    /// Notes an item and its base URL.
    /// - Parameter time: when the URL was handed out.
    /// - Returns: the number of the item.
    mutating func put(_ item: MediaItem, at time: Timestamp) throws -> Int64 {
        let number = try number(of: item)
        keepURL.bind(1, number)
        keepURL.bind(2, item.baseURL)
        keepURL.bind(3, time.seconds)
        try keepURL.run()
        return number
    }

    private mutating func number(of item: MediaItem) throws -> Int64 {
        Self.bind(item, to: find)
        if try find.step() {
            let (number, isSame) = (try find.integer(0), try find.integer(1) != 0)
            find.reset()
            if !isSame { try change(item, number) }
            return number
        }
        isChanged = true
        let insert = try QuickStatement(db, Self.insert)
        Self.bind(item, to: insert)
        try insert.run()
        let number = db.lastInsertedRowID
        try hints?.giveContent(to: number, id: item.id)
        return number
    }

    private mutating func change(_ item: MediaItem, _ number: Int64) throws {
        isChanged = true
        let update = try QuickStatement(db, Self.update)
        Self.bind(item, to: update)
        try update.run()
        let note = try db.cachedStatement(sql: Self.noteChange)
        try note.execute(arguments: [number, ItemChange.metadata.rawValue, listing])
    }

    private static func bind(_ item: MediaItem, to statement: borrowing QuickStatement) {
        statement.bind(1, item.id)
        statement.bind(2, item.filename)
        statement.bind(3, item.description)
        statement.bind(4, item.productURL)
        statement.bind(5, item.videoStatus?.rawValue)
        statement.bind(6, item.cameraMake)
        statement.bind(7, item.cameraModel)
        statement.bind(8, item.mimeType)
        statement.bind(9, item.creationTime.seconds)
        statement.bind(10, Int64(item.creationTime.nanoseconds))
        statement.bind(11, Int64(item.width))
        statement.bind(12, Int64(item.height))
        statement.bind(13, item.kind == .video ? 1 : 0)
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
