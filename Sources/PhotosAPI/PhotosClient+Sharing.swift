import ConnectorKit
import StrictJSON

/// How an album is shared.
public struct ShareInfo: Sendable, Hashable {
    /// Whoever has it sees the album: a capability, never logged.
    public var url: Secret
    /// Joins and leaves the album.
    public var token: Secret
    public var isJoined: Bool
    public var isOwned: Bool

    init?(_ json: JSON?) {
        guard let json, json.objectValue != nil else { return nil }
        url = Secret(json["shareableUrl"]?.stringValue ?? "")
        token = Secret(json["shareToken"]?.stringValue ?? "")
        isJoined = json["isJoined"]?.boolValue ?? false
        isOwned = json["isOwned"]?.boolValue ?? false
    }
}

/// Sharing. Google answers 403 to all of it since 31 March 2025, whatever the sign-in covers; so nothing is sent unless
/// ``Configuration/triesSharing`` asks to see for oneself.
/// <https://developers.google.com/photos/support/updates>
extension PhotosClient {
    /// The albums that are shared with the person or by them. `sharedAlbums.list`: 50 a page at most.
    public func sharedAlbums() -> PageSequence<Album> {
        let operation = "list shared albums"
        return PageSequence(operation: operation, identity: \.id) { [self] token in
            let query = token.map { "&pageToken=\(PercentEncoding.query($0))" } ?? ""
            let json = try await sharing(Call(path: "/v1/sharedAlbums?pageSize=50\(query)", operation: operation))
            return Page(
                elements: (json["sharedAlbums"]?.arrayValue ?? []).compactMap(Album.init),
                nextToken: json.nextPageToken)
        }
    }

    /// `sharedAlbums.get`: the album behind a share token.
    public func sharedAlbum(_ token: Secret) async throws -> Album {
        let operation = "read a shared album"
        let json = try await sharing(
            Call(path: "/v1/sharedAlbums/\(PercentEncoding.query(token.reveal()))", operation: operation))
        guard let album = Album(json) else { throw GoogleError.nonsense(operation: operation, isHTML: false) }
        return album
    }

    /// `albums.share`.
    public func shareAlbum(_ id: String, isCollaborative: Bool = false, isCommentable: Bool = false) async throws
        -> ShareInfo
    {
        let operation = "share an album"
        let json = try await sharing(
            .post(
                "/v1/albums/\(PercentEncoding.query(id)):share",
                [
                    "sharedAlbumOptions": [
                        "isCollaborative": .bool(isCollaborative), "isCommentable": .bool(isCommentable),
                    ]
                ], operation: operation, kind: .write))
        guard let info = ShareInfo(json["shareInfo"]) else {
            throw GoogleError.nonsense(operation: operation, isHTML: false)
        }
        return info
    }

    /// `albums.unshare`.
    public func unshareAlbum(_ id: String) async throws {
        _ = try await sharing(
            .post(
                "/v1/albums/\(PercentEncoding.query(id)):unshare", [:], operation: "stop sharing an album",
                kind: .write))
    }

    /// `sharedAlbums.join`.
    public func joinSharedAlbum(_ token: Secret) async throws {
        _ = try await sharing(
            .post(
                "/v1/sharedAlbums:join", ["shareToken": .string(token.reveal())], operation: "join a shared album",
                kind: .write))
    }

    /// `sharedAlbums.leave`.
    public func leaveSharedAlbum(_ token: Secret) async throws {
        _ = try await sharing(
            .post(
                "/v1/sharedAlbums:leave", ["shareToken": .string(token.reveal())], operation: "leave a shared album",
                kind: .write))
    }

    private func sharing(_ call: Call) async throws -> JSON {
        guard configuration.triesSharing else {
            throw ConnectorError(
                .permission, "Google could not \(call.operation): its API has no shared albums since 31 March 2025",
                hint: "a Takeout export holds them; the setting shared = true asks Google all the same")
        }
        return try await json(call)
    }
}
