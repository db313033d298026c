import ConnectorKit
import PhotosLibrary

/// Where a record goes in the library.
enum Target: Sendable, Hashable {
    /// Into the album of that title.
    case album(title: String)
    /// Into the library, without an album.
    case library
    /// Nowhere: it is ours, and no media.
    case catalog

    /// `/album/TITLE[/SUB...]/NAME` goes into the album `TITLE[/SUB...]`; everything else into the library.
    ///
    /// - Parameter titles: titles as the service had them, of directories whose names had to be made safe.
    init(_ pathname: Pathname, titles: [Pathname: String]) {
        let parts = pathname.parts
        if Layout.catalog.contains(pathname) {
            self = .catalog
        } else if parts.count > 2, parts[0] == "album", let directory = pathname.parent {
            self = .album(title: titles[directory] ?? parts[1..<(parts.count - 1)].joined(separator: "/"))
        } else {
            self = .library
        }
    }
}

extension Target {
    /// Whether an album of this title is shown in exactly this directory.
    static func leads(title: String, to directory: Pathname) -> Bool {
        let parts = title.split(separator: "/").compactMap { SafeName.make(String($0)) }
        return !parts.isEmpty && Layout.albums.parts + parts == directory.parts
    }
}

/// What Google Photos takes. <https://developers.google.com/photos/library/guides/upload-media#file-types-sizes>
struct MediaFormat: Sendable, Hashable {
    var mimeType: String
    /// In bytes.
    var largestSize: Int64

    private static let photoLimit: Int64 = 200 << 20
    private static let videoLimit: Int64 = 20 << 30

    private static let photos = [
        "avif": "image/avif", "bmp": "image/bmp", "gif": "image/gif", "heic": "image/heic", "heif": "image/heif",
        "ico": "image/x-icon", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "tif": "image/tiff",
        "tiff": "image/tiff", "webp": "image/webp", "dng": "image/x-adobe-dng", "cr2": "image/x-canon-cr2",
        "cr3": "image/x-canon-cr3", "nef": "image/x-nikon-nef", "arw": "image/x-sony-arw", "raf": "image/x-fuji-raf",
        "orf": "image/x-olympus-orf", "rw2": "image/x-panasonic-rw2",
    ]

    private static let videos = [
        "3gp": "video/3gpp", "3g2": "video/3gpp2", "asf": "video/x-ms-asf", "avi": "video/x-msvideo",
        "divx": "video/divx", "m2t": "video/mp2t", "m2ts": "video/mp2t", "m4v": "video/x-m4v",
        "mkv": "video/x-matroska", "mmv": "video/x-mmv", "mod": "video/mpeg", "mov": "video/quicktime",
        "mp4": "video/mp4", "mpg": "video/mpeg", "mpeg": "video/mpeg", "mts": "video/mp2t", "tod": "video/mpeg",
        "wmv": "video/x-ms-wmv",
    ]

    /// The format of a file by its name, or by the type it is known to have; nil where Google does not take it.
    init?(filename: String, mimeType known: String?) {
        let suffix = filename.split(separator: ".").last.map { $0.lowercased() } ?? ""
        if let type = Self.photos[suffix] {
            self.init(mimeType: known ?? type, largestSize: Self.photoLimit)
        } else if let type = Self.videos[suffix] {
            self.init(mimeType: known ?? type, largestSize: Self.videoLimit)
        } else if let known, known.hasPrefix("image/") || known.hasPrefix("video/") {
            self.init(mimeType: known, largestSize: known.hasPrefix("video/") ? Self.videoLimit : Self.photoLimit)
        } else {
            return nil
        }
    }

    private init(mimeType: String, largestSize: Int64) {
        self.mimeType = mimeType
        self.largestSize = largestSize
    }
}
