import ConnectorKit
import StrictJSON

/// What `mediaItems.search` narrows down to.
public struct MediaItemFilter: Sendable, Hashable {
    /// Both ends are included. A month or day of 0 stands for the whole year or month; both ends have the same
    /// precision.
    public var dates: ClosedRange<CivilDate>?
    /// Nil for both.
    public var kind: MediaItem.Kind?
    public var onlyFavorites: Bool
    public var includesArchived: Bool

    public init(
        dates: ClosedRange<CivilDate>? = nil, kind: MediaItem.Kind? = nil, onlyFavorites: Bool = false,
        includesArchived: Bool = false
    ) {
        self.dates = dates
        self.kind = kind
        self.onlyFavorites = onlyFavorites
        self.includesArchived = includesArchived
    }

    var json: JSON {
        var filters = JSONObject()
        if let dates {
            filters["dateFilter"] = [
                "ranges": [["startDate": Self.date(dates.lowerBound), "endDate": Self.date(dates.upperBound)]]
            ]
        }
        // Exactly one type: two are an error.
        if let kind { filters["mediaTypeFilter"] = ["mediaTypes": [kind == .video ? "VIDEO" : "PHOTO"]] }
        if onlyFavorites { filters["featureFilter"] = ["includedFeatures": ["FAVORITES"]] }
        if includesArchived { filters["includeArchivedMedia"] = true }
        return .object(filters)
    }

    private static func date(_ date: CivilDate) -> JSON {
        ["year": .integer(Int64(date.year)), "month": .integer(Int64(date.month)), "day": .integer(Int64(date.day))]
    }
}

/// One answer of `mediaItems.batchGet`: an item, or why it could not be had.
public typealias MediaItemResult = Result<MediaItem, ConnectorError>

extension PhotosClient {
    /// The most items in one page.
    public static let pageSize = 100
    /// The most ids in one batch call.
    public static let batchSize = 50

    /// Everything this app uploaded, newest first, archived items excepted. `mediaItems.list`.
    /// <https://developers.google.com/photos/library/reference/rest/v1/mediaItems/list>
    public func mediaItems() -> PageSequence<MediaItem> {
        let operation = "list the library"
        return PageSequence(operation: operation, identity: \.id) { [self] token in
            let query = token.map { "&pageToken=\(PercentEncoding.query($0))" } ?? ""
            return Self.page(
                try await json(
                    Call(path: "/v1/mediaItems?pageSize=\(Self.pageSize)\(query)", operation: operation)))
        }
    }

    /// The items that a filter leaves, newest first. `mediaItems.search`.
    /// <https://developers.google.com/photos/library/reference/rest/v1/mediaItems/search>
    public func mediaItems(matching filter: MediaItemFilter) -> PageSequence<MediaItem> {
        search(["filters": filter.json], operation: filter.onlyFavorites ? "list the favorites" : "list the library")
    }

    /// The items of an album in its order, archived ones too. The API allows no filter beside an album.
    public func mediaItems(inAlbum albumID: String) -> PageSequence<MediaItem> {
        search(["albumId": .string(albumID)], operation: "list an album")
    }

    private func search(_ query: JSONObject, operation: String) -> PageSequence<MediaItem> {
        PageSequence(operation: operation, identity: \.id) { [self] token in
            var body = query
            body["pageSize"] = .integer(Int64(Self.pageSize))
            body["pageToken"] = token.map { .string($0) }
            return Self.page(try await json(.post("/v1/mediaItems:search", .object(body), operation: operation)))
        }
    }

    private static func page(_ json: JSON) -> Page<MediaItem> {
        Page(
            elements: (json["mediaItems"]?.arrayValue ?? []).compactMap(MediaItem.init),
            nextToken: json.nextPageToken)
    }

    /// `mediaItems.get`.
    public func mediaItem(_ id: String) async throws -> MediaItem {
        let operation = "read an item"
        let json = try await json(Call(path: "/v1/mediaItems/\(PercentEncoding.query(id))", operation: operation))
        guard let item = MediaItem(json) else { throw GoogleError.nonsense(operation: operation, isHTML: false) }
        return item
    }

    /// `mediaItems.batchGet`: an answer for each id, in their order.
    ///
    /// One bad id can make Google refuse the whole batch (gphotos-sync, issue 33); the ids are then asked for one by
    /// one, so that the others are not lost with it.
    /// - Parameter ids: 1 to 50, each once.
    public func mediaItems(_ ids: [String]) async throws -> [MediaItemResult] {
        let operation = "read items"
        let query = ids.map { "mediaItemIds=\(PercentEncoding.query($0))" }.joined(separator: "&")
        do {
            let json = try await json(Call(path: "/v1/mediaItems:batchGet?\(query)", operation: operation))
            let results = json["mediaItemResults"]?.arrayValue ?? []
            guard results.count == ids.count else {
                throw GoogleError.nonsense(operation: operation, isHTML: false)
            }
            return zip(ids, results).map { id, result in Self.result(result, id: id) }
        } catch let error as ConnectorError where Self.canBeOneBadID(error) && ids.count > 1 {
            var results: [MediaItemResult] = []
            for id in ids { results.append(try await single(id)) }
            return results
        }
    }

    private static func canBeOneBadID(_ error: ConnectorError) -> Bool {
        [.rejected, .notFound, .permission, .unavailable].contains(error.code)
    }

    private func single(_ id: String) async throws -> MediaItemResult {
        do {
            return .success(try await mediaItem(id))
        } catch let error as ConnectorError where Self.canBeOneBadID(error) {
            return .failure(error)
        }
    }

    private static func result(_ json: JSON, id: String) -> MediaItemResult {
        // In the order of the request, as promised; bytes under a wrong name would be worse than none.
        if let item = json["mediaItem"].flatMap(MediaItem.init), item.id == id { return .success(item) }
        let status = json["status"]
        return .failure(RPCStatus(status).error(operation: "read an item"))
    }
}

extension PhotosClient {
    /// Asks for one item, to see that the library can be reached and read.
    public func ping() async throws {
        _ = try await json(Call(path: "/v1/mediaItems?pageSize=1", operation: "read the library"))
    }
}
