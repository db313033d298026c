import ConnectorKit
import Crypto
import HTTP
import StrictJSON

extension PhotosClient {
    /// Told of each session of an upload as it begins, and by nil of one that is of no use any more.
    public typealias SessionKeeper = @Sendable (UploadSession?) async throws -> Void

    /// In bytes: what is no longer than this goes in one request, whole from memory.
    ///
    /// So it can be repeated after any failure, and its hash can stand before it; a session would cost two requests
    /// more of the day's 10,000.
    public static let largestRawUpload: Int64 = 16 << 20

    /// How many bytes an upload holds in memory; ``upload(_:size:mimeType:continuing:onSession:)`` bounds nothing but
    /// itself, and who starts several of them adds these up.
    public static func uploadMemory(size: Int64?) -> Int64 {
        guard let size else { return largestRawUpload }
        return size <= largestRawUpload ? size : UploadFeed.window
    }

    /// Sends the bytes of one file, which are read once.
    ///
    /// Up to ``largestRawUpload`` bytes go by the raw protocol, more by the resumable one, which goes on after a break
    /// with what has not arrived. A longer content of unknown size goes raw, as it comes, once and without a hash: the
    /// guide wants the size when a session starts, and rclone shows that a raw body without a length is taken.
    /// <https://developers.google.com/photos/library/guides/upload-media>
    ///
    /// - Parameters:
    ///   - content: fails at its end where it is not what was promised; nothing is left of it then.
    ///   - size: bytes, where it is known.
    ///   - known: a session for the same bytes that an earlier call did not bring to its end. What has arrived is read,
    ///     and not sent again.
    /// - Throws: ``ConnectorError``, retryable where a new reader of the content can help. While a session may live, it
    ///   is with `onSession`.
    public func upload(
        _ content: any HTTPBodySource, size: Int64?, mimeType: String, continuing known: UploadSession? = nil,
        onSession: @escaping SessionKeeper = { _ in }
    ) async throws -> UploadToken {
        if let size, size > Self.largestRawUpload {
            return try await ResumableUpload.run(
                UploadFeed(content, size: size), mimeType: mimeType, client: self, continuing: known,
                onSession: onSession)
        }
        var bytes: [UInt8] = []
        if let size { bytes.reserveCapacity(Int(size)) }
        while let chunk = try await content.next() {
            bytes.append(contentsOf: chunk)
            if bytes.count > size ?? Self.largestRawUpload {
                if size != nil { throw UploadFeed.otherSize }
                let all = Prefixed(bytes, content)
                let token = try await uploadRaw(.stream(length: nil, all), mimeType: mimeType, sha1: nil)
                let total = await all.count
                count { $0.bytesUploaded += total }
                return token
            }
        }
        if let size, size != bytes.count { throw UploadFeed.otherSize }
        if bytes.isEmpty { throw MediaFormat.isEmpty }
        let sha1 = configuration.sendsUploadHash ? Array(Insecure.SHA1.hash(data: bytes)) : nil
        let token = try await uploadRaw(.bytes(bytes), mimeType: mimeType, sha1: sha1)
        count { $0.bytesUploaded += Int64(bytes.count) }
        return token
    }

    private func uploadRaw(_ body: HTTPRequestBody, mimeType: String, sha1: [UInt8]?) async throws -> UploadToken {
        let operation = "upload a file"
        var headers = [
            HTTPHeader("Content-Type", "application/octet-stream"),
            HTTPHeader("X-Goog-Upload-Content-Type", mimeType),
            HTTPHeader("X-Goog-Upload-Protocol", "raw"),
        ]
        if let sha1 { headers.append(.googleHash(sha1)) }
        // Bytes that are sent twice give a second token, of which one is never used: nothing is created here.
        let answer = try await answer(
            Call(method: "POST", path: "/v1/uploads", headers: headers, body: body, operation: operation, kind: .upload)
        )
        return try token(in: answer.body, operation: operation)
    }

    /// Makes items of uploaded bytes, in an album where one is named. `mediaItems.batchCreate`.
    ///
    /// One call at a time per account, or Google refuses; the caller sees to that. The same tokens may be sent again
    /// after a lost answer: the same bytes always become the same item.
    /// <https://developers.google.com/photos/library/reference/rest/v1/mediaItems/batchCreate>
    ///
    /// - Parameters:
    ///   - items: 1 to 50.
    ///   - position: where in the album; nil for its end.
    /// - Returns: a result for each, in their order.
    public func createMediaItems(
        _ items: [NewMediaItem], albumID: String?, at position: AlbumPosition? = nil
    ) async throws -> [MediaItemResult] {
        let operation = "create items"
        var body: JSONObject = [
            "newMediaItems": .array(
                items.map { item in
                    var new: JSONObject = [
                        "simpleMediaItem": [
                            "uploadToken": .string(item.uploadToken.secret.reveal()),
                            "fileName": .string(item.filename),
                        ]
                    ]
                    if !item.description.isEmpty { new["description"] = .string(item.description) }
                    return .object(new)
                })
        ]
        body["albumId"] = albumID.map { .string($0) }
        if albumID != nil { body["albumPosition"] = position?.json }
        let json = try await json(
            .post("/v1/mediaItems:batchCreate", .object(body), operation: operation, kind: .write))
        let results = json["newMediaItemResults"]?.arrayValue ?? []
        guard results.count == items.count else { throw GoogleError.nonsense(operation: operation, isHTML: false) }
        return results.map { result in
            let status = RPCStatus(result["status"])
            guard status.isSuccess, let item = result["mediaItem"].flatMap(MediaItem.init) else {
                return .failure(status.error(operation: "create an item"))
            }
            return .success(item)
        }
    }
}

/// Bytes that were read already, and then the rest of a content.
private actor Prefixed: HTTPBodySource {
    private var prefix: [UInt8]?
    private let rest: any HTTPBodySource
    private(set) var count: Int64 = 0

    init(_ prefix: [UInt8], _ rest: any HTTPBodySource) {
        self.prefix = prefix
        self.rest = rest
    }

    func next() async throws -> [UInt8]? {
        var next = prefix
        prefix = nil
        if next == nil { next = try await rest.next() }
        count += Int64(next?.count ?? 0)
        return next
    }
}
