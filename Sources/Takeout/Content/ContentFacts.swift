import ConnectorKit

/// What the first bytes of a photo or video tell: when it was taken, and its size in pixels.
struct ContentFacts: Sendable, Hashable {
    var taken: Timestamp?
    /// Whether that is a video's time, which is that of its end as a rule, and not a camera's.
    var isOfVideo = false
    /// Pixels, before any rotation; 0 where they are not known.
    var width = 0
    var height = 0

    /// Never more than the bytes say, whatever these are.
    init(_ head: ContentHead) throws {
        guard let start = try head.bytes(at: 0, count: 12) else { return }
        switch start {
        case _ where start.starts(with: [0xFF, 0xD8]): try readJPEG(head)
        case _ where start.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]): try readPNG(head)
        case _ where start.ascii(4, 4) == "ftyp": try readBoxes(head)
        case _ where start.ascii(0, 4) == "RIFF" && start.ascii(8, 4) == "WEBP": try readWebP(head)
        case _ where start.ascii(0, 3) == "GIF":
            (width, height) = (start.uint16(6), start.uint16(8))
        case _ where ["II*\0", "MM\0*"].contains(start.ascii(0, 4)):
            // Most raw formats are TIFF.
            taken = ExifTime.read(try head.bytes(at: 0, upTo: 64 << 10))
        // QuickTime before ISO had brands: the first box is any.
        case _ where ["moov", "mdat", "wide", "free", "skip"].contains(start.ascii(4, 4)): try readBoxes(head)
        default: break
        }
    }

    // MARK: Pictures

    /// Segments up to the scan (ITU T.81, B.1.1).
    private mutating func readJPEG(_ head: ContentHead) throws {
        var offset: Int64 = 2
        while let segment = try head.bytes(at: offset, count: 4), segment[0] == 0xFF {
            let marker = segment[1]
            if marker == 0xFF {
                offset += 1
                continue
            }
            let length = Int64(segment.bigEndian(2, 2) ?? 0)
            if marker == 0xDA || marker == 0xD9 || length < 2 { return }
            if marker == 0xE1, taken == nil, let payload = try head.bytes(at: offset + 4, count: Int(length) - 2),
                payload.ascii(0, 6) == "Exif\0\0"
            {
                taken = ExifTime.read(Array(payload.dropFirst(6)))
            }
            // A frame header: any SOFn, but not DHT, JPG and DAC among them.
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                setPixels(try head.bytes(at: offset + 5, count: 4), height: 0, width: 2, bytes: 2)
                return
            }
            offset += 2 + length
        }
    }

    /// Chunks up to the pixels (PNG, third edition, 5.3; `eXIf`: 11.3.4.5).
    private mutating func readPNG(_ head: ContentHead) throws {
        var offset: Int64 = 8
        while let chunk = try head.bytes(at: offset, count: 8), let length = chunk.bigEndian(0, 4) {
            switch chunk.ascii(4, 4) {
            case "IHDR": setPixels(try head.bytes(at: offset + 8, count: 8), height: 4, width: 0, bytes: 4)
            case "eXIf": taken = try head.bytes(at: offset + 8, count: Int(length)).flatMap(ExifTime.read)
            case "IDAT", "IEND": return
            default: break
            }
            offset += 12 + length
        }
    }

    private mutating func setPixels(_ bytes: [UInt8]?, height: Int, width: Int, bytes count: Int) {
        guard let bytes, let high = bytes.bigEndian(height, count), let wide = bytes.bigEndian(width, count) else {
            return
        }
        (self.width, self.height) = (Int(wide), Int(high))
    }

    /// The canvas of the extended form, or the frame of VP8 or VP8L (RFC 9649, 2.5 to 2.7).
    private mutating func readWebP(_ head: ContentHead) throws {
        guard let bytes = try head.bytes(at: 12, count: 18) else { return }
        switch bytes.ascii(0, 4) {
        case "VP8X":
            (width, height) = (Int(bytes.littleEndian(12, 3)) + 1, Int(bytes.littleEndian(15, 3)) + 1)
        case "VP8 ": (width, height) = (bytes.uint16(14) & 0x3FFF, bytes.uint16(16) & 0x3FFF)
        case "VP8L":
            let bits = Int(bytes.littleEndian(9, 4))
            (width, height) = (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
        default: break
        }
    }

    // MARK: Boxes

    /// HEIC, AVIF, MP4 and QuickTime (ISO/IEC 14496-12, 4.2).
    private mutating func readBoxes(_ head: ContentHead) throws {
        try Self.walk(head, from: 0, to: .max) { type, content, end in
            switch type {
            case "meta":
                try readPictures(head, from: content)
                return false
            case "moov":
                try readMovie(head, from: content, to: end)
                return false
            default: return true
            }
        }
    }

    /// The pictures of a HEIC: the largest of them is the whole, the others are tiles and previews. Where its Exif block is,
    /// a table says; but it is the one text of its kind near the start, with four bytes before it (ISO/IEC 23008-12, A.2).
    private mutating func readPictures(_ head: ContentHead, from content: Int64) throws {
        let bytes = try head.bytes(at: 0, upTo: ContentHead.limit)
        for place in Self.places(of: "ispe", in: bytes) {
            guard let wide = bytes.bigEndian(place + 8, 4), let high = bytes.bigEndian(place + 12, 4),
                wide < 1 << 20, high < 1 << 20, Int(wide * high) > width * height
            else { continue }
            (width, height) = (Int(wide), Int(high))
        }
        for place in Self.places(of: "Exif\0\0", in: bytes) where taken == nil {
            taken = ExifTime.read(Array(bytes[(place + 6)...].prefix(64 << 10)))
        }
    }

    private static func places(of text: String, in bytes: [UInt8]) -> [Int] {
        let wanted = Array(text.utf8)
        var found: [Int] = []
        var index = 0
        while let first = bytes[index...].firstIndex(of: wanted[0]), first + wanted.count <= bytes.count {
            if bytes[first..<first + wanted.count].elementsEqual(wanted) { found.append(first) }
            index = first + 1
        }
        return found
    }

    /// `mvhd` has the time, in seconds since 1904 and in UTC; `tkhd` of the track with a picture has its size.
    private mutating func readMovie(_ head: ContentHead, from start: Int64, to end: Int64) throws {
        isOfVideo = true
        try Self.walk(head, from: start, to: end) { type, content, end in
            if type == "mvhd", let bytes = try head.bytes(at: content, count: 12) {
                let seconds = (bytes[0] == 1 ? bytes.bigEndian(4, 8) : bytes.bigEndian(4, 4)) ?? 0
                // A file that does not know says 1904, and some say 1970.
                if (2_082_844_801..<6_311_433_600).contains(seconds) {
                    taken = Timestamp(seconds: seconds - 2_082_844_800)
                }
            }
            guard type == "trak" else { return true }
            try Self.walk(head, from: content, to: end) { type, content, end in
                guard type == "tkhd", end - content >= 8, let bytes = try head.bytes(at: end - 8, count: 8) else {
                    return true
                }
                // 16 bits before the point and 16 behind it.
                if let wide = bytes.bigEndian(0, 2), let high = bytes.bigEndian(4, 2), Int(wide * high) > width * height
                {
                    (width, height) = (Int(wide), Int(high))
                }
                return false
            }
            return true
        }
    }

    /// Visits the boxes in a range: type, and where the content begins and ends.
    /// - Parameter visit: whether to go on.
    private static func walk(
        _ head: ContentHead, from start: Int64, to end: Int64, _ visit: (String, Int64, Int64) throws -> Bool
    ) throws {
        var offset = start
        for _ in 0..<256 {
            guard offset <= end - 8, let header = try head.bytes(at: offset, count: 8),
                var size = header.bigEndian(0, 4), let type = header.ascii(4, 4)
            else { return }
            var content = offset + 8
            if size == 1 {
                guard let wide = try head.bytes(at: content, count: 8)?.bigEndian(0, 8) else { return }
                size = wide
                content += 8
            } else if size == 0 {
                size = min(end, .max / 2) - offset
            }
            guard size >= content - offset, size <= .max / 2 - offset else { return }
            if try !visit(type, content, min(offset + size, end)) { return }
            offset += size
        }
    }
}
