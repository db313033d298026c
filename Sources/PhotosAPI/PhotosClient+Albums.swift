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
}

extension JSON {
    /// `nextPageToken`, where there is one.
    var nextPageToken: String? {
        guard let token = self["nextPageToken"]?.stringValue, !token.isEmpty else { return nil }
        return token
    }
}
