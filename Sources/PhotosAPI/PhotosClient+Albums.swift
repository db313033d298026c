import ConnectorKit
import StrictJSON

extension PhotosClient {
    /// All albums that this app created. `albums.list`: 50 a page at most.
    /// <https://developers.google.com/photos/library/reference/rest/v1/albums/list>
    public func albums() -> PageSequence<Album> {
        PageSequence(operation: "list albums", identity: \.id) { [self] token in
            let query = token.map { "&pageToken=\(PercentEncoding.query($0))" } ?? ""
            let json = try await json(Call(path: "/v1/albums?pageSize=50\(query)", operation: "list albums"))
            return Page(
                elements: (json["albums"]?.arrayValue ?? []).compactMap(Album.init),
                nextToken: json.nextPageToken)
        }
    }

    /// `albums.get`.
    public func album(_ id: String) async throws -> Album {
        let operation = "read an album"
        let json = try await json(Call(path: "/v1/albums/\(PercentEncoding.query(id))", operation: operation))
        guard let album = Album(json) else { throw GoogleError.nonsense(operation: operation, isHTML: false) }
        return album
    }

    /// `albums.create`. Sent once: a lost answer may stand for an album that exists, and albums cannot be deleted.
    /// - Parameter title: at most 500 characters.
    public func createAlbum(title: String) async throws -> Album {
        let operation = "create an album"
        let json = try await json(
            .post(
                "/v1/albums", ["album": ["title": .string(title)]], operation: operation, kind: .write,
                isIdempotent: false))
        guard let album = Album(json) else { throw GoogleError.nonsense(operation: operation, isHTML: false) }
        return album
    }

    /// `albums.batchAddMediaItems`: all of them are added, or none. Adding what is there changes nothing.
    /// - Parameter itemIDs: 1 to 50.
    public func addMediaItems(_ itemIDs: [String], toAlbum albumID: String) async throws {
        _ = try await json(
            .post(
                "/v1/albums/\(PercentEncoding.query(albumID)):batchAddMediaItems",
                ["mediaItemIds": .array(itemIDs.map { .string($0) })], operation: "add items to an album",
                kind: .write))
    }

    /// `albums.batchRemoveMediaItems`: all of them leave the album, or none. They stay in the library.
    ///
    /// Sent once: a second time Google refuses items that are not in the album any more.
    /// - Parameter itemIDs: 1 to 50, each once.
    public func removeMediaItems(_ itemIDs: [String], fromAlbum albumID: String) async throws {
        _ = try await json(
            .post(
                "/v1/albums/\(PercentEncoding.query(albumID)):batchRemoveMediaItems",
                ["mediaItemIds": .array(itemIDs.map { .string($0) })], operation: "remove items from an album",
                kind: .write, isIdempotent: false))
    }

    /// `albums.patch`: gives an album another title, another cover, or both.
    /// <https://developers.google.com/photos/library/reference/rest/v1/albums/patch>
    ///
    /// - Parameters:
    ///   - title: at most 500 characters.
    ///   - coverItemID: an item of the album.
    public func updateAlbum(_ id: String, title: String? = nil, coverItemID: String? = nil) async throws -> Album {
        let operation = "change an album"
        if let title, title.unicodeScalars.count > 500 {
            throw ConnectorError(.rejected, "the title of an album has 500 characters at most")
        }
        var body = JSONObject()
        body["title"] = title.map { .string($0) }
        body["coverPhotoMediaItemId"] = coverItemID.map { .string($0) }
        if body.members.isEmpty { return try await album(id) }
        let mask = body.members.map(\.key).joined(separator: ",")
        let json = try await json(
            .patch(
                "/v1/albums/\(PercentEncoding.query(id))?updateMask=\(PercentEncoding.query(mask))", .object(body),
                operation: operation))
        guard let album = Album(json) else { throw GoogleError.nonsense(operation: operation, isHTML: false) }
        return album
    }
}

extension PhotosClient.Call {
    static func patch(_ path: String, _ json: JSON, operation: String) -> Self {
        var call = post(path, json, operation: operation, kind: .write)
        call.method = "PATCH"
        return call
    }
}

extension JSON {
    /// `nextPageToken`, where there is one.
    var nextPageToken: String? {
        guard let token = self["nextPageToken"]?.stringValue, !token.isEmpty else { return nil }
        return token
    }
}
