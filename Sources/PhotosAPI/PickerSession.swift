import ConnectorKit
import StrictJSON

/// A picking: the person opens a page of Google Photos, chooses items, and presses Done.
/// <https://developers.google.com/photos/picker/reference/rest/v1/sessions>
public struct PickerSession: Sendable, Hashable {
    /// How to wait for the person, as the service wants it.
    public struct Polling: Sendable, Hashable {
        /// Between two looks at the session.
        public var interval: Duration
        /// How long to go on looking; zero says stop.
        public var timeout: Duration

        public init(interval: Duration, timeout: Duration) {
            self.interval = interval
            self.timeout = timeout
        }
    }

    public var id: String
    /// Where the person chooses, signed in with the same account. Dead once they pressed Done.
    public var url: String
    /// Until the person is done; nil then.
    public var polling: Polling?
    /// When the session and the items in it are out of reach.
    public var expiry: Timestamp?
    public var maxItemCount: Int?
    /// Whether the person pressed Done, so that the items can be listed.
    public var isDone: Bool

    init?(_ json: JSON) {
        guard let object = json.objectValue, let id = object["id"]?.stringValue, !id.isEmpty else { return nil }
        self.id = id
        url = object["pickerUri"]?.stringValue ?? ""
        polling = object["pollingConfig"].map { config in
            Polling(
                interval: config["pollInterval"]?.stringValue.flatMap(Duration.init(protobuf:)) ?? .seconds(5),
                timeout: config["timeoutIn"]?.stringValue.flatMap(Duration.init(protobuf:)) ?? .zero)
        }
        expiry = object["expireTime"]?.stringValue.flatMap(Timestamp.init(_:))
        maxItemCount = object["pickingConfig"]?["maxItemCount"]?.int64Value.map { Int($0) }
        isDone = object["mediaItemsSet"]?.boolValue ?? false
    }

    /// The page that closes itself after Done, for a browser that was opened for it alone.
    public var autoclosingURL: String { url + "/autoclose" }
}

/// What the person chose.
/// <https://developers.google.com/photos/picker/reference/rest/v1/mediaItems>
///
/// The API tells neither description nor album nor web page, and no size or hash.
public struct PickedMediaItem: Sendable, Hashable {
    /// The same in every session.
    public var id: String
    public var filename: String
    public var mimeType: String
    /// When it was taken.
    public var creationTime: Timestamp
    /// In pixels; 0 where it is not known.
    public var width: Int
    public var height: Int
    public var kind: MediaItem.Kind
    public var videoStatus: MediaItem.VideoStatus?
    public var cameraMake: String
    public var cameraModel: String
    /// Where the bytes are, for about an hour, and only with the sign-in: see ``PhotosClient/pickerDownload(urls:)``.
    public var baseURL: String

    init?(_ json: JSON) {
        guard let object = json.objectValue, let id = object["id"]?.stringValue, !id.isEmpty else { return nil }
        let file = object["mediaFile"]?.objectValue ?? JSONObject()
        let metadata = file["mediaFileMetadata"]?.objectValue ?? JSONObject()
        self.id = id
        filename = file["filename"]?.stringValue ?? ""
        mimeType = file["mimeType"]?.stringValue ?? ""
        creationTime = object["createTime"]?.stringValue.flatMap(Timestamp.init(_:)) ?? .epoch
        // Integers here, texts in the Library API.
        width = Int(metadata["width"]?.int64Value ?? 0)
        height = Int(metadata["height"]?.int64Value ?? 0)
        let isVideo = object["type"]?.stringValue == "VIDEO" || mimeType.hasPrefix("video/")
        kind = isVideo ? .video : .photo
        videoStatus = metadata["videoMetadata"]?["processingStatus"]?.stringValue
            .flatMap(MediaItem.VideoStatus.init(rawValue:))
        cameraMake = metadata["cameraMake"]?.stringValue ?? ""
        cameraModel = metadata["cameraModel"]?.stringValue ?? ""
        baseURL = file["baseUrl"]?.stringValue ?? ""
    }
}

extension Duration {
    /// Reads `google.protobuf.Duration` in its JSON form: seconds with up to nine digits of a fraction, then `s`, as in
    /// `3.5s`. Negative ones are none here.
    /// <https://protobuf.dev/programming-guides/json/>
    init?(protobuf text: String) {
        guard text.hasSuffix("s") else { return nil }
        let parts = text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        func digits(_ text: Substring) -> Int64? {
            text.utf8.allSatisfy { (48..<58).contains($0) } ? Int64(text) : nil
        }
        guard let seconds = digits(parts[0]), seconds <= 315_576_000_000 else { return nil }
        self = .seconds(seconds)
        guard parts.count == 2 else { return }
        guard parts[1].utf8.count <= 9, let fraction = digits(parts[1]) else { return nil }
        let scale = (parts[1].utf8.count..<9).reduce(Int64(1)) { scale, _ in scale * 10 }
        self += .nanoseconds(fraction * scale)
    }
}
