import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// What an export counts beside its requests: what it did, and in a dry run what it would do. (docs/restore.md)
actor ExportTally {
    private let dailyRequests: Int
    private let sendsUploadHash: Bool
    private let batchSize: Int
    private let settings: ExportSettings
    /// Files that found their places.
    private(set) var filesPlaced = 0
    /// Files that are there now.
    private(set) var files = 0
    private var counts: [String: Int64] = [:]

    // What a dry run foresees.
    private var contents: Set<Int> = []
    private var bytes: Int64 = 0
    private var uploadRequests = 0
    private var uploads = 0
    private var creations: [AlbumReference?: Int] = [:]
    private var additions: [AlbumReference?: Int] = [:]
    private var newAlbums: Set<AlbumReference> = []

    init(_ library: LibrarySettings) {
        dailyRequests = library.dailyRequests
        sendsUploadHash = library.api.sendsUploadHash
        batchSize = library.batchSize
        settings = library.export
    }

    func placed() { filesPlaced += 1 }

    func count(_ outcome: RecordOutcome, _ record: Record) {
        guard record.kind == .file, !CatalogPath.covers(record.pathname) else { return }
        if outcome.status == .stored || outcome.status == .unchanged { files += 1 }
        switch outcome.status {
        case .stored: add(record.size ?? 0, to: "bytes_stored")
        case .failed where outcome.error?.code == .quota:
            add(1, to: "files_left")
            add(record.size ?? 0, to: "bytes_left")
        default: break
        }
    }

    func add(_ count: some BinaryInteger, to name: String) { counts[name, default: 0] += Int64(count) }

    func reset(_ name: String) { counts[name] = nil }

    // MARK: A dry run

    /// A content would be made an item.
    /// - Parameter size: in bytes; nil where they are uploaded already.
    func foresee(_ content: String, size: Int64?, in album: AlbumReference?) {
        guard contents.insert(content.hashValue).inserted else {
            // The same bytes elsewhere: an item in one more album.
            if album != nil { additions[album, default: 0] += 1 }
            return
        }
        creations[album, default: 0] += 1
        guard let size else { return }
        uploads += 1
        bytes += size
        uploadRequests += size <= PhotosClient.largestRawUpload ? 1 : sendsUploadHash ? 3 : 2
    }

    func foreseeAddition(to album: AlbumReference?) { additions[album, default: 0] += 1 }

    func foresee(newAlbum album: AlbumReference) { newAlbums.insert(album) }

    private func calls(_ counts: [AlbumReference?: Int], _ size: Int) -> Int {
        counts.values.reduce(0) { $0 + ($1 + size - 1) / size }
    }

    var counters: [String: Int64] {
        guard settings.isDryRun else { return counts }
        var requests = uploadRequests + newAlbums.count + calls(creations, batchSize)
        requests += calls(additions, PhotosClient.batchSize)
        requests += (Int(counts["to_remove"] ?? 0) + PhotosClient.batchSize - 1) / PhotosClient.batchSize
        if settings.verification != .none {
            for (album, count) in creations.merging(additions, uniquingKeysWith: +) {
                let page = album == nil ? PhotosClient.batchSize : PhotosClient.pageSize
                requests += (count + page - 1) / page
            }
        }
        var foreseen = [
            "albums_to_create": Int64(newAlbums.count), "uploads": Int64(uploads), "bytes_to_upload": bytes,
            "requests_expected": Int64(requests),
        ]
        // Without any request there is no number of days.
        if dailyRequests > 0 { foreseen["days_by_quota"] = Int64((requests + dailyRequests - 1) / dailyRequests) }
        return counts.merging(foreseen) { $1 }
    }
}
