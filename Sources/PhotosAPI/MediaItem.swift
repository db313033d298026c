import ConnectorKit
import StrictJSON

/// A photo or video, as the Library API describes it.
/// <https://developers.google.com/photos/library/reference/rest/v1/mediaItems>
///
/// The API tells neither size nor hash nor where it was taken; favourites and archived items are told apart by filters
/// alone.
public struct MediaItem: Sendable, Hashable {
    public enum Kind: Int, Sendable, Hashable {
        case photo, video
    }

    /// `mediaMetadata.video.status`.
    public enum VideoStatus: String, Sendable, Hashable {
        case unspecified = "UNSPECIFIED"
        case processing = "PROCESSING"
        case ready = "READY"
        case failed = "FAILED"
    }

    /// Stable for ever, unlike ``baseURL``.
    public var id: String
    /// The file name as Google gives it; may be empty and may hold any character.
    public var filename: String
    public var description: String
    public var mimeType: String
    /// When it was taken, or uploaded where that is unknown.
    public var creationTime: Timestamp
    /// In pixels; 0 where it is not known (yet).
    public var width: Int
    public var height: Int
    public var kind: Kind
    public var videoStatus: VideoStatus?
    public var cameraMake: String
    public var cameraModel: String
    /// The web page, for the signed-in person.
    public var productURL: String
    /// Where the bytes are, for about an hour. A capability: never logged, never stored for long.
    public var baseURL: String

    public init(
        id: String, filename: String, description: String = "", mimeType: String, creationTime: Timestamp,
        width: Int = 0, height: Int = 0, kind: Kind, videoStatus: VideoStatus? = nil, cameraMake: String = "",
        cameraModel: String = "", productURL: String = "", baseURL: String = ""
    ) {
        self.id = id
        self.filename = filename
        self.description = description
        self.mimeType = mimeType
        self.creationTime = creationTime
        self.width = width
        self.height = height
        self.kind = kind
        self.videoStatus = videoStatus
        self.cameraMake = cameraMake
        self.cameraModel = cameraModel
        self.productURL = productURL
        self.baseURL = baseURL
    }

    /// The URL of the bytes.
    public static func downloadURL(baseURL: String, kind: Kind) -> String { kind.rendition.url(baseURL: baseURL) }
}

extension MediaItem {
    /// - Returns: nil where even the id is missing, which makes an item unusable.
    init?(_ json: JSON) {
        guard let object = json.objectValue, let id = object["id"]?.stringValue, !id.isEmpty else { return nil }
        let metadata = object["mediaMetadata"]?.objectValue ?? JSONObject()
        let mimeType = object["mimeType"]?.stringValue ?? ""
        // A video is told by its metadata, or by its type where those are not there yet. A missing type is a photo, as
        // gphotos-sync found (its issue 231).
        let video = metadata["video"]
        let details = video ?? metadata["photo"]
        self.init(
            id: id,
            filename: object["filename"]?.stringValue ?? "",
            description: object["description"]?.stringValue ?? "",
            mimeType: mimeType,
            creationTime: metadata["creationTime"]?.stringValue.flatMap(Timestamp.init(_:)) ?? .epoch,
            width: Int(metadata["width"]?.int64Value ?? 0),
            height: Int(metadata["height"]?.int64Value ?? 0),
            kind: video != nil || mimeType.hasPrefix("video/") ? .video : .photo,
            videoStatus: video?["status"]?.stringValue.flatMap(VideoStatus.init(rawValue:)),
            cameraMake: details?["cameraMake"]?.stringValue ?? "",
            cameraModel: details?["cameraModel"]?.stringValue ?? "",
            productURL: object["productUrl"]?.stringValue ?? "",
            baseURL: object["baseUrl"]?.stringValue ?? "")
    }
}

/// An album of the Library API.
/// <https://developers.google.com/photos/library/reference/rest/v1/albums>
public struct Album: Sendable, Hashable {
    public var id: String
    /// May be empty, and may be shared with other albums.
    public var title: String
    public var mediaItemsCount: Int
    public var coverMediaItemID: String
    /// Whether this app may add to it: it made it, and has the scope.
    public var isWriteable: Bool
    public var productURL: String

    public init(
        id: String, title: String, mediaItemsCount: Int = 0, coverMediaItemID: String = "", isWriteable: Bool = false,
        productURL: String = ""
    ) {
        self.id = id
        self.title = title
        self.mediaItemsCount = mediaItemsCount
        self.coverMediaItemID = coverMediaItemID
        self.isWriteable = isWriteable
        self.productURL = productURL
    }

    init?(_ json: JSON) {
        guard let object = json.objectValue, let id = object["id"]?.stringValue, !id.isEmpty else { return nil }
        self.init(
            id: id,
            title: object["title"]?.stringValue ?? "",
            mediaItemsCount: Int(object["mediaItemsCount"]?.int64Value ?? 0),
            coverMediaItemID: object["coverPhotoMediaItemId"]?.stringValue ?? "",
            isWriteable: object["isWriteable"]?.boolValue ?? false,
            productURL: object["productUrl"]?.stringValue ?? "")
    }
}
