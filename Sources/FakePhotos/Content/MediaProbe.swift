import ConnectorKit

/// What the service learns of a file from its first bytes.
struct MediaProbe: Sendable {
    var kind: MediaKind
    /// Pixels; 0 where they are not known.
    var width = 0
    var height = 0
    var camera: Camera?
    /// When the picture was taken.
    var dateTaken: Timestamp?

    /// How many bytes are enough: what the file formats keep their headers in.
    static let prefixLength = 65536

    /// Reads the first bytes; nil where they are no picture and no video.
    init?(_ prefix: [UInt8]) {
        guard let kind = MediaKind(sniffing: prefix) else { return nil }
        self.kind = kind
        let size = Self.pixels(of: kind, prefix)
        width = size?.width ?? 0
        height = size?.height ?? 0
        if kind == .jpeg, let exif = Exif(jpeg: prefix) {
            camera = exif.camera
            dateTaken = exif.dateTaken
        }
    }

    private static func pixels(of kind: MediaKind, _ bytes: [UInt8]) -> (width: Int, height: Int)? {
        var reading = ByteReading(bytes: bytes)
        func pair(_ width: Int, _ first: Int, _ second: Int) -> (Int, Int)? {
            guard let left = reading.integer(width, at: first), let right = reading.integer(width, at: second) else {
                return nil
            }
            return (left, right)
        }
        switch kind {
        case .jpeg:
            return jpegPixels(reading)
        case .png:
            return pair(4, 16, 20)
        case .gif:
            reading.isBigEndian = false
            return pair(2, 6, 8)
        case .webp:
            reading.isBigEndian = false
            if reading.text(at: 12, count: 4) == "VP8X" {
                return pair(3, 24, 27).map { ($0.0 + 1, $0.1 + 1) }
            }
            // A key frame of VP8 (RFC 6386, 9.1): 14 bits each after the start code.
            return pair(2, 26, 28).map { ($0.0 & 0x3FFF, $0.1 & 0x3FFF) }
        case .heic, .avif:
            // ISO/IEC 23008-12, 6.5.3: version and flags, width, height.
            return reading.find("ispe").flatMap { pair(4, $0 + 8, $0 + 12) }
        case .mp4, .mov:
            return trackPixels(reading)
        case .avi:
            reading.isBigEndian = false
            return reading.find("avih").flatMap { pair(4, $0 + 40, $0 + 44) }
        case .bmp:
            reading.isBigEndian = false
            return pair(4, 18, 22)
        case .tiff, .ico, .matroska, .mpeg, .asf:
            return nil
        }
    }

    private static func jpegPixels(_ reading: ByteReading) -> (width: Int, height: Int)? {
        var offset = 2
        while let marker = reading.integer16(at: offset), let length = reading.integer16(at: offset + 2),
            marker > 0xFF00, length >= 2
        {
            // A frame header (ITU T.81, B.2.2): any SOFn, but not DHT, JPG and DAC among them.
            if (0xFFC0...0xFFCF).contains(marker), ![0xFFC4, 0xFFC8, 0xFFCC].contains(marker) {
                guard let height = reading.integer16(at: offset + 5), let width = reading.integer16(at: offset + 7)
                else { return nil }
                return (width, height)
            }
            offset += 2 + length
        }
        return nil
    }

    /// The first track header with a picture (ISO/IEC 14496-12, 8.3.2): 16.16 fixed-point numbers at its end.
    private static func trackPixels(_ reading: ByteReading) -> (width: Int, height: Int)? {
        var start = 0
        while let offset = reading.find("tkhd", from: start) {
            let isLong = reading.integer(1, at: offset + 4) == 1
            let size = offset + 4 + (isLong ? 88 : 76)
            if let width = reading.integer16(at: size), let height = reading.integer16(at: size + 4), width > 0 {
                return (width, height)
            }
            start = offset + 4
        }
        return nil
    }
}
