import ConnectorKit
import StrictJSON

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

    /// The items that a filter leaves, newest first unless it says otherwise. `mediaItems.search`.
    ///
    /// A filter that Google does not take is an error with code `config` of the first page; nothing is sent.
    /// <https://developers.google.com/photos/library/reference/rest/v1/mediaItems/search>
    public func mediaItems(matching filter: MediaItemFilter) -> PageSequence<MediaItem> {
        let pages = search(filter.query, operation: filter.onlyFavorites ? "list the favorites" : "list the library")
        return PageSequence(operation: pages.operation, identity: pages.identity) { token in
            try filter.check()
            return try await pages.fetch(token)
        }
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
            return try await singly(ids)
        }
    }

    private func singly(_ ids: [String]) async throws -> [MediaItemResult] {
        var results: [MediaItemResult] = []
        for id in ids {
            let result = try await single(id)
            results.append(result)
            // It was no bad id: the service has a problem, and fifty times the patience for one call would not help.
            guard results.count == Self.patience else { continue }
            if let error = Self.commonFailure(of: results) { throw error }
        }
        return results
    }

    /// How many ids of a batch are asked for before the service itself is held to be out of order.
    private static let patience = 3

    private static func commonFailure(of results: [MediaItemResult]) -> ConnectorError? {
        var last: ConnectorError?
        for result in results {
            guard case .failure(let error) = result, error.code == .unavailable else { return nil }
            last = error
        }
        return last
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

    /// `mediaItems.patch`: the one thing of an item that an app can change.
    /// - Parameter description: what a person wrote; fewer than 1,000 characters.
    public func updateMediaItem(_ id: String, description: String) async throws -> MediaItem {
        let operation = "change a description"
        guard description.unicodeScalars.count < 1000 else {
            throw ConnectorError(.rejected, "a description has 999 characters at most")
        }
        let json = try await json(
            .patch(
                "/v1/mediaItems/\(PercentEncoding.query(id))?updateMask=description",
                ["description": .string(description)], operation: operation))
        guard let item = MediaItem(json) else { throw GoogleError.nonsense(operation: operation, isHTML: false) }
        return item
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
