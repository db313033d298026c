/// What a file of an export is, by its extension.
public struct MediaType: Sendable, Hashable {
    public var mimeType: String
    public var isVideo: Bool

    /// - Returns: nil for an extension that is not known.
    public init?(extension suffix: String) {
        guard let type = Self.known[suffix.lowercased()] else { return nil }
        mimeType = type
        isVideo = type.hasPrefix("video/")
    }

    /// The formats that Google Photos takes, <https://support.google.com/photos/answer/6193313>, and the `.MP` of motion
    /// photos, which is an MP4.
    private static let known: [String: String] = [
        "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "jfif": "image/jpeg", "png": "image/png",
        "gif": "image/gif", "webp": "image/webp", "heic": "image/heic", "heif": "image/heif", "avif": "image/avif",
        "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff", "ico": "image/vnd.microsoft.icon",
        "jxl": "image/jxl", "dng": "image/x-adobe-dng", "cr2": "image/x-canon-cr2", "cr3": "image/x-canon-cr3",
        "crw": "image/x-canon-crw", "nef": "image/x-nikon-nef", "nrw": "image/x-nikon-nrw",
        "arw": "image/x-sony-arw", "srf": "image/x-sony-srf", "raf": "image/x-fuji-raf",
        "orf": "image/x-olympus-orf", "rw2": "image/x-panasonic-rw2", "pef": "image/x-pentax-pef",
        "srw": "image/x-samsung-srw", "mp4": "video/mp4", "m4v": "video/x-m4v", "mov": "video/quicktime",
        "mp": "video/mp4", "mv": "video/mp4", "avi": "video/x-msvideo", "mkv": "video/x-matroska",
        "3gp": "video/3gpp", "3g2": "video/3gpp2", "mpg": "video/mpeg", "mpeg": "video/mpeg", "mod": "video/mpeg",
        "tod": "video/mpeg", "mts": "video/mp2t", "m2ts": "video/mp2t", "m2t": "video/mp2t", "mmv": "video/mp4",
        "wmv": "video/x-ms-wmv", "asf": "video/x-ms-asf", "divx": "video/x-msvideo", "webm": "video/webm",
    ]
}
