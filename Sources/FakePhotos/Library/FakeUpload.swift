import StrictJSON

/// An upload that came in whole and was given a token.
public struct FakeUpload: Sendable, Hashable {
    public enum Transfer: String, Sendable, Hashable {
        case raw, resumable
    }

    /// Uploads are counted from 1: the token is a secret, and no name.
    public var id: Int
    public var account: String
    public var bytes: Int64
    /// In hexadecimal digits.
    public var sha256: String
    public var sha1: String
    public var transfer: Transfer
    /// What the client called it: `X-Goog-Upload-Content-Type`.
    public var mimeType: String
    /// The name in the older header `X-Goog-Upload-File-Name`.
    public var filename: String
    /// Requests that brought bytes of it.
    public var chunks: Int
    /// The item that was made of it.
    public var item: String?

    var json: JSON {
        var members: JSONObject = [
            "id": .integer(Int64(id)), "account": .string(account), "bytes": .integer(bytes),
            "sha256": .string(sha256), "sha1": .string(sha1), "protocol": .string(transfer.rawValue),
            "mimeType": .string(mimeType), "filename": .string(filename), "chunks": .integer(Int64(chunks)),
        ]
        members["item"] = item.map { .string($0) }
        return .object(members)
    }
}

/// What is kept of an upload: 120 bytes, and its hashes.
struct UploadRecord: Sendable {
    var account: Int
    var bytes: Int64
    var sha256: [UInt8]
    var sha1: [UInt8]
    var transfer: FakeUpload.Transfer
    var mimeType: String
    var filename: String
    var chunks: Int
    var item: Int32?
}
