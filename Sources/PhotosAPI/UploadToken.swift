import ConnectorKit

/// What `uploads` returns for bytes: it stands for them in `batchCreate`, for one day and once.
public struct UploadToken: Sendable, Hashable {
    public var secret: Secret
    public var birth: Timestamp

    public init(secret: Secret, birth: Timestamp) {
        self.secret = secret
        self.birth = birth
    }

    /// In seconds. Upload tokens end after a day (Upload media guide); one that is nearly over is not relied on.
    public static let longestAge: Int64 = 23 * 3600

    public func isUsable(at now: Timestamp) -> Bool { now < birth.adding(seconds: Self.longestAge) }
}

/// An item to be made of uploaded bytes.
public struct NewMediaItem: Sendable, Hashable {
    public var uploadToken: UploadToken
    /// At most ``longestFilename`` characters, with its extension.
    public var filename: String
    /// What a person wrote; at most ``longestDescription`` characters.
    public var description: String

    /// In Unicode scalars. <https://developers.google.com/photos/library/reference/rest/v1/mediaItems/batchCreate>
    public static let longestFilename = 255
    /// In Unicode scalars: "fewer than 1000 characters" (the same page). One that is longer fails the whole call.
    public static let longestDescription = 999

    public init(uploadToken: UploadToken, filename: String, description: String = "") {
        self.uploadToken = uploadToken
        self.filename = filename
        self.description = description
    }
}
