/// What of an item is asked for: a parameter after its base URL, which is not for use without one.
/// <https://developers.google.com/photos/library/guides/access-media-items#base-urls>
public enum Rendition: Sendable, Hashable {
    /// The photo with its metadata, the place excepted; of a motion photo with its video inside. Of a video a still.
    case photo
    /// The video, encoded anew. Of a motion photo its video part, which is the only way to learn that a photo has one:
    /// the API says so nowhere, and answers 404 for the others.
    case video
    /// A picture that fits into so many pixels, never larger than the photo itself.
    case scaled(width: Int, height: Int)

    private var parameter: String {
        switch self {
        case .photo: "d"
        case .video: "dv"
        case .scaled(let width, let height): "w\(width)-h\(height)"
        }
    }

    /// The URL of the bytes.
    public func url(baseURL: String) -> String { "\(baseURL)=\(parameter)" }
}

extension MediaItem.Kind {
    /// All that Google hands out of it.
    public var rendition: Rendition { self == .video ? .video : .photo }
}
