/// A format that Google Photos takes, as told by the first bytes of a file and by nothing else.
public enum MediaKind: UInt8, Sendable, Hashable, CaseIterable {
    case jpeg, png, gif, webp, heic, avif, bmp, tiff, ico
    case mp4, mov, avi, matroska, mpeg, asf

    public var mimeType: String {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .gif: "image/gif"
        case .webp: "image/webp"
        case .heic: "image/heif"
        case .avif: "image/avif"
        case .bmp: "image/bmp"
        case .tiff: "image/tiff"
        case .ico: "image/x-icon"
        case .mp4: "video/mp4"
        case .mov: "video/quicktime"
        case .avi: "video/x-msvideo"
        case .matroska: "video/x-matroska"
        case .mpeg: "video/mpeg"
        case .asf: "video/x-ms-wmv"
        }
    }

    public var isVideo: Bool { rawValue >= MediaKind.mp4.rawValue }

    /// The usual extension of a file name, without the dot.
    public var fileExtension: String {
        switch self {
        case .jpeg: "jpg"
        case .matroska: "mkv"
        case .mpeg: "mpg"
        case .asf: "wmv"
        default: "\(self)"
        }
    }

    /// Tells the kind from the first bytes, 16 or more of them; nil for what is no picture and no video.
    public init?(sniffing bytes: [UInt8]) {
        func has(_ text: StaticString, at offset: Int = 0) -> Bool {
            let pattern = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            return bytes.count >= offset + pattern.count
                && bytes[offset..<offset + pattern.count].elementsEqual(pattern)
        }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if has("GIF87a") || has("GIF89a") {
            self = .gif
        } else if has("RIFF"), has("WEBP", at: 8) {
            self = .webp
        } else if has("RIFF"), has("AVI ", at: 8) {
            self = .avi
        } else if has("ftyp", at: 4) {
            if has("heic", at: 8) || has("heix", at: 8) || has("mif1", at: 8) || has("hevc", at: 8) {
                self = .heic
            } else if has("avif", at: 8) {
                self = .avif
            } else if has("qt  ", at: 8) {
                self = .mov
            } else {
                self = .mp4
            }
        } else if has("BM"), bytes.count >= 26 {
            self = .bmp
        } else if bytes.starts(with: [0x49, 0x49, 0x2A, 0x00]) || bytes.starts(with: [0x4D, 0x4D, 0x00, 0x2A]) {
            self = .tiff
        } else if bytes.starts(with: [0x00, 0x00, 0x01, 0x00]) {
            self = .ico
        } else if bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
            self = .matroska
        } else if bytes.starts(with: [0x00, 0x00, 0x01, 0xBA]) {
            self = .mpeg
        } else if bytes.starts(with: [0x30, 0x26, 0xB2, 0x75]) {
            self = .asf
        } else {
            return nil
        }
    }
}
