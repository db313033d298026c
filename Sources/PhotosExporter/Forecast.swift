import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// What an export would send, for a dry run. A value that takes what would become of each record.
struct Forecast: Sendable {
    /// What a record would ask of its album, or of the library.
    enum Step: Sendable {
        /// An item is made.
        case create
        /// An item that is there is put into the album, or asked for in the library.
        case add
        /// It is in the album.
        case nothing
    }

    /// An album as it is now.
    struct Present: Sendable {
        var members = 0
        /// Whether items are made before they are put into it.
        var hasStrangers = false
    }

    private(set) var bytes: Int64 = 0
    private(set) var uploads = 0
    var newAlbums: Set<AlbumReference> = []
    /// Whether the library is looked through for what is there already, and the months that would be.
    var looksThroughLibrary = false
    var isForeign = false
    private var months: Set<Int> = []
    private var uploadRequests = 0
    private var contents: Set<Int> = []
    /// Contents with the albums that they would be in.
    private var places: Set<Int> = []
    private var steps: [AlbumReference?: [(sequence: Int, step: Step)]] = [:]
    private let sendsUploadHash: Bool
    private let batchSize: Int
    private let readsBack: Bool

    init(_ library: LibrarySettings) {
        sendsUploadHash = library.api.sendsUploadHash
        batchSize = library.batchSize
        readsBack = library.export.verification != .none
    }

    /// A content would be made an item.
    /// - Parameter size: in bytes; nil where they are uploaded already.
    /// - Returns: false where it is there by an earlier record: in that album, or in the library.
    mutating func file(
        _ content: String, size: Int64?, created: Timestamp, sequence: Int, in album: AlbumReference?
    ) -> Bool {
        var hasher = Hasher()
        hasher.combine(content)
        hasher.combine(album)
        let isNewPlace = places.insert(hasher.finalize()).inserted
        guard contents.insert(content.hashValue).inserted else {
            // The same bytes elsewhere: an item in one more place.
            step(.add, sequence: sequence, in: album)
            return album != nil && isNewPlace
        }
        step(.create, sequence: sequence, in: album)
        guard let size else { return true }
        if created != .epoch { months.insert(created.date.year * 12 + created.date.month) }
        uploads += 1
        bytes += size
        uploadRequests += size <= PhotosClient.largestRawUpload ? 1 : sendsUploadHash ? 3 : 2
        return true
    }

    mutating func step(_ step: Step, sequence: Int, in album: AlbumReference?) {
        steps[album, default: []].append((sequence, step))
    }

    /// Beside those that look what is there.
    func requests(_ albums: [AlbumReference: Present]) -> Int {
        var requests = uploadRequests + newAlbums.count
        if looksThroughLibrary, !months.isEmpty { requests += 1 + (isForeign ? months.count : 0) }
        for (album, steps) in steps {
            let present = album.flatMap { albums[$0] } ?? Present()
            let ordered = steps.sorted { $0.sequence < $1.sequence }.map(\.step)
            let new = ordered.count { $0 == .create }
            let added = ordered.count { $0 == .add }
            for batch in ordered.batches(of: batchSize) {
                requests += calls(batch, inAlbum: album != nil && !present.hasStrangers)
            }
            guard readsBack, new + (album == nil ? 0 : added) > 0 else { continue }
            requests +=
                album == nil
                ? Self.pages(new, PhotosClient.batchSize)
                : Self.pages(present.members + new + added, PhotosClient.pageSize)
        }
        return requests
    }

    /// In an album, items are made and added in its order, as long as that does not change too often; else all are made
    /// first, as where it is not known what is there.
    private func calls(_ batch: [Step], inAlbum: Bool) -> Int {
        let steps = batch.filter { $0 != .nothing }
        let changes = zip(steps, steps.dropFirst()).count { $0 != $1 }
        if inAlbum { return steps.isEmpty ? 0 : min(2, changes + 1) }
        return (steps.contains(.create) ? 1 : 0) + (steps.isEmpty ? 0 : 1)
    }

    private static func pages(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }
}
