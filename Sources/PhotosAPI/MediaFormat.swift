import ConnectorKit

/// What Google Photos takes. <https://developers.google.com/photos/library/guides/upload-media#file-types-sizes>
public struct MediaFormat: Sendable, Hashable {
    public var mimeType: String
    /// In bytes.
    public var largestSize: Int64

    /// "200 MB" and "20 GB" in the guide. Read as powers of two: a file in between is for Google to judge.
    private static let photoLimit: Int64 = 200 << 20
    private static let videoLimit: Int64 = 20 << 30

    /// The guide names the formats but says only "some RAW files"; here are the extensions that cameras write. One that
    /// Google does not take after all is refused by `batchCreate`, with its reason.
    private static let photos = [
        "avif": "image/avif", "bmp": "image/bmp", "gif": "image/gif", "heic": "image/heic", "heif": "image/heif",
        "ico": "image/x-icon", "jpg": "image/jpeg", "jpe": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png",
        "tif": "image/tiff", "tiff": "image/tiff", "webp": "image/webp",
        "3fr": "image/x-hasselblad-3fr", "arw": "image/x-sony-arw", "cr2": "image/x-canon-cr2",
        "cr3": "image/x-canon-cr3", "crw": "image/x-canon-crw", "dng": "image/x-adobe-dng", "erf": "image/x-epson-erf",
        "kdc": "image/x-kodak-kdc", "mef": "image/x-mamiya-mef", "mrw": "image/x-minolta-mrw",
        "nef": "image/x-nikon-nef", "nrw": "image/x-nikon-nrw", "orf": "image/x-olympus-orf",
        "pef": "image/x-pentax-pef", "raf": "image/x-fuji-raf", "raw": "image/x-panasonic-raw",
        "rw2": "image/x-panasonic-rw2", "rwl": "image/x-leica-rwl", "sr2": "image/x-sony-sr2",
        "srf": "image/x-sony-srf", "srw": "image/x-samsung-srw", "x3f": "image/x-sigma-x3f",
    ]

    private static let videos = [
        "3gp": "video/3gpp", "3g2": "video/3gpp2", "asf": "video/x-ms-asf", "avi": "video/x-msvideo",
        "divx": "video/divx", "m2t": "video/mp2t", "m2ts": "video/mp2t", "m4v": "video/x-m4v",
        "mkv": "video/x-matroska", "mmv": "video/x-mmv", "mod": "video/mpeg", "mov": "video/quicktime",
        "mp4": "video/mp4", "mpg": "video/mpeg", "mpeg": "video/mpeg", "mts": "video/mp2t", "tod": "video/mpeg",
        "wmv": "video/x-ms-wmv",
    ]

    /// The format of a file by its name, or by the type that it is known to have; nil where Google does not take it.
    public init?(filename: String, mimeType known: String?) {
        // A host that knows no type says application/octet-stream, which would say less than the name does.
        let known = known.flatMap { $0.hasPrefix("image/") || $0.hasPrefix("video/") ? $0 : nil }
        let parts = filename.split(separator: ".", omittingEmptySubsequences: false)
        let suffix = parts.count > 1 ? parts.last?.lowercased() ?? "" : ""
        if let type = Self.photos[suffix] {
            self.init(mimeType: known ?? type, largestSize: Self.photoLimit)
        } else if let type = Self.videos[suffix] {
            self.init(mimeType: known ?? type, largestSize: Self.videoLimit)
        } else if let known {
            self.init(mimeType: known, largestSize: known.hasPrefix("video/") ? Self.videoLimit : Self.photoLimit)
        } else {
            return nil
        }
    }

    private init(mimeType: String, largestSize: Int64) {
        self.mimeType = mimeType
        self.largestSize = largestSize
    }

    /// Refuses a size that Google would refuse after all of it was sent.
    /// - Throws: ``ConnectorError`` with code `rejected` for an empty file, `too-large` for one above the limit.
    public func check(size: Int64) throws(ConnectorError) {
        if size == 0 { throw Self.isEmpty }
        if size > largestSize {
            throw ConnectorError(
                .tooLarge, "Google Photos takes no more than \(largestSize >> 20) MiB of a file of this type")
        }
    }

    static let isEmpty = ConnectorError(.rejected, "Google Photos does not take empty files")
}
