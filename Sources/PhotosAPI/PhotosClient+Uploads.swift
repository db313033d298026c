import ConnectorKit
import Foundation
import HTTP
import StrictJSON

/// What `uploads` returns for bytes: it stands for them in `batchCreate`, for one day and once.
public struct UploadToken: Sendable, Hashable {
    public var secret: Secret
    public var birth: Timestamp

    public init(secret: Secret, birth: Timestamp) {
        self.secret = secret
        self.birth = birth
    }
}

/// An item to be made of uploaded bytes.
public struct NewMediaItem: Sendable, Hashable {
    public var uploadToken: UploadToken
    /// At most 255 characters, with its extension.
    public var filename: String
    /// What a person wrote; fewer than 1,000 characters.
    public var description: String

    public init(uploadToken: UploadToken, filename: String, description: String = "") {
        self.uploadToken = uploadToken
        self.filename = filename
        self.description = description
    }
}

extension PhotosClient {
    /// Sends the bytes of one file. `uploads`, raw protocol: one request, sent once, since what was read cannot be read
    /// again; the caller repeats it with a new reader where the error says that this can help.
    /// <https://developers.google.com/photos/library/guides/upload-media#uploading-bytes>
    ///
    /// - Parameters:
    ///   - size: bytes, where it is known.
    ///   - sha1: its 20 bytes, where they are known beforehand: Google then refuses bytes that changed on the way.
    public func upload(
        _ content: any HTTPBodySource, size: Int64?, mimeType: String, sha1: [UInt8]? = nil
    ) async throws -> UploadToken {
        let operation = "upload a file"
        var headers = [
            HTTPHeader("Content-Type", "application/octet-stream"),
            HTTPHeader("X-Goog-Upload-Content-Type", mimeType),
            HTTPHeader("X-Goog-Upload-Protocol", "raw"),
        ]
        if let sha1 { headers.append(HTTPHeader("X-Goog-Hash", "sha1=\(Data(sha1).base64EncodedString())")) }
        let answer = try await answer(
            Call(
                method: "POST", path: "/v1/uploads", headers: headers, body: .stream(length: size, content),
                operation: operation, kind: .upload, isIdempotent: false)
        ).body
        let token = String(decoding: answer, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if token.isEmpty || GoogleError.looksLikeHTML(answer) {
            throw GoogleError.nonsense(operation: operation, isHTML: GoogleError.looksLikeHTML(answer))
        }
        if let size { count { $0.bytesUploaded += size } }
        return UploadToken(secret: Secret(token), birth: runtime.now())
    }

    /// Makes items of uploaded bytes, in an album where one is named. `mediaItems.batchCreate`.
    ///
    /// One call at a time per account, or Google refuses; the caller sees to that. The same tokens may be sent again
    /// after a lost answer: the same bytes always become the same item.
    /// <https://developers.google.com/photos/library/reference/rest/v1/mediaItems/batchCreate>
    ///
    /// - Parameter items: 1 to 50.
    /// - Returns: a result for each, in their order.
    public func createMediaItems(_ items: [NewMediaItem], albumID: String?) async throws -> [MediaItemResult] {
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
