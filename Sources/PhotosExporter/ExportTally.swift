import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// What an export counts beside its requests: what it did, and in a dry run what it would do. (docs/restore.md)
actor ExportTally {
    private let dailyRequests: Int
    private let settings: ExportSettings
    /// Files that found their places.
    private(set) var filesPlaced = 0
    /// Files that are there now.
    private(set) var files = 0
    private var counts: [String: Int64] = [:]

    /// What a dry run foresees.
    private var forecast: Forecast

    init(_ library: LibrarySettings) {
        dailyRequests = library.dailyRequests
        settings = library.export
        forecast = Forecast(library)
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

    @discardableResult
    func foresee<Value: Sendable>(_ change: @Sendable (inout Forecast) -> Value) -> Value { change(&forecast) }

    /// - Parameters:
    ///   - asked: requests that a dry run has sent itself, which a real one sends as well.
    ///   - albums: the albums of this export as they are now.
    func counters(asked: Int, albums: [AlbumReference: Forecast.Present]) -> [String: Int64] {
        guard settings.isDryRun else { return counts }
        let removals = (Int(counts["to_remove"] ?? 0) + PhotosClient.batchSize - 1) / PhotosClient.batchSize
        let requests = asked + forecast.requests(albums) + removals
        var foreseen = [
            "albums_to_create": Int64(forecast.newAlbums.count), "uploads": Int64(forecast.uploads),
            "bytes_to_upload": forecast.bytes, "requests_expected": Int64(requests),
        ]
        // Without any request there is no number of days.
        if dailyRequests > 0 { foreseen["days_by_quota"] = Int64((requests + dailyRequests - 1) / dailyRequests) }
        return counts.merging(foreseen) { $1 }
    }
}
