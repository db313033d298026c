import ConnectorKit

/// The Exif block of a JPEG (CIPA DC-008, "Exif 2.32", 4.5 and 4.6): what the service reads of it and what it removes.
struct Exif {
    private enum Tag {
        static let make = 0x010F
        static let model = 0x0110
        static let exif = 0x8769
        static let gps = 0x8825
        static let exposureTime = 0x829A
        static let fNumber = 0x829D
        static let iso = 0x8827
        static let dateTimeOriginal = 0x9003
        static let focalLength = 0x920A
    }

    private struct Entry {
        /// Where the entry's 12 bytes are.
        var offset: Int
        var count: Int
        var valueOffset: Int
        var byteCount: Int
    }

    private var reading: ByteReading
    /// Where the TIFF header starts: offsets count from there.
    private let start: Int
    private let mainDirectory: Int

    /// Finds the block among the first bytes of a JPEG; nil where there is none.
    init?(jpeg bytes: [UInt8]) {
        let segments = ByteReading(bytes: bytes)
        guard segments.integer16(at: 0) == 0xFFD8 else { return nil }
        var offset = 2
        while let marker = segments.integer16(at: offset), let length = segments.integer16(at: offset + 2),
            marker > 0xFF00, marker != 0xFFDA, length >= 2
        {
            if marker == 0xFFE1, segments.text(at: offset + 4, count: 6) == "Exif" {
                self.init(bytes, tiffAt: offset + 10)
                return
            }
            offset += 2 + length
        }
        return nil
    }

    private init?(_ bytes: [UInt8], tiffAt start: Int) {
        var reading = ByteReading(bytes: bytes)
        switch reading.text(at: start, count: 2) {
        case "II": reading.isBigEndian = false
        case "MM": reading.isBigEndian = true
        default: return nil
        }
        guard reading.integer16(at: start + 2) == 42, let first = reading.integer32(at: start + 4) else { return nil }
        self.reading = reading
        self.start = start
        mainDirectory = start + first
    }

    private func entries(of directory: Int) -> [Int: Entry] {
        guard let count = reading.integer16(at: directory) else { return [:] }
        var found: [Int: Entry] = [:]
        for index in 0..<count {
            let offset = directory + 2 + 12 * index
            guard let tag = reading.integer16(at: offset), let type = reading.integer16(at: offset + 2),
                let count = reading.integer32(at: offset + 4), count < 65536
            else { break }
            let widths = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
            let byteCount = count * (type < widths.count ? widths[type] : 1)
            let inline = offset + 8
            let valueOffset = byteCount <= 4 ? inline : start + (reading.integer32(at: inline) ?? 0)
            found[tag] = Entry(offset: offset, count: count, valueOffset: valueOffset, byteCount: byteCount)
        }
        return found
    }

    private func subdirectory(_ tag: Int, in entries: [Int: Entry]) -> Int? {
        guard let entry = entries[tag], let offset = reading.integer32(at: entry.valueOffset) else { return nil }
        return start + offset
    }

    private func rational(_ entry: Entry?) -> Double? {
        guard let entry, let numerator = reading.integer32(at: entry.valueOffset),
            let denominator = reading.integer32(at: entry.valueOffset + 4), denominator > 0
        else { return nil }
        return Double(numerator) / Double(denominator)
    }

    private func text(_ entry: Entry?) -> String {
        guard let entry else { return "" }
        return reading.text(at: entry.valueOffset, count: entry.byteCount) ?? ""
    }

    /// What took the picture; nil where the block does not say.
    var camera: Camera? {
        let main = entries(of: mainDirectory)
        let detail = subdirectory(Tag.exif, in: main).map { entries(of: $0) } ?? [:]
        var camera = Camera(make: text(main[Tag.make]), model: text(main[Tag.model]))
        camera.focalLength = rational(detail[Tag.focalLength])
        camera.apertureFNumber = rational(detail[Tag.fNumber])
        camera.exposureSeconds = rational(detail[Tag.exposureTime])
        camera.isoEquivalent = detail[Tag.iso].flatMap { reading.integer16(at: $0.valueOffset) }
        return camera == Camera() ? nil : camera
    }

    /// When it was taken, read as UTC: the clock in the picture has no zone.
    var dateTaken: Timestamp? {
        guard let directory = subdirectory(Tag.exif, in: entries(of: mainDirectory)) else { return nil }
        let text = text(entries(of: directory)[Tag.dateTimeOriginal])
        guard text.utf8.count == 19 else { return nil }
        let day = text.prefix(10).replacing(":", with: "-")
        return Timestamp("\(day)T\(text.suffix(8))Z")
    }

    var hasLocation: Bool {
        subdirectory(Tag.gps, in: entries(of: mainDirectory)).map { !entries(of: $0).isEmpty } ?? false
    }

    /// The same bytes without the place: no entry leads to the GPS directory, and it and everything it pointed to is zero.
    var bytesWithoutLocation: [UInt8] {
        let main = entries(of: mainDirectory)
        guard let directory = subdirectory(Tag.gps, in: main), let pointer = main[Tag.gps] else { return reading.bytes }
        let entries = entries(of: directory)
        var bytes = reading.bytes
        func clear(_ range: Range<Int>) {
            for index in range.clamped(to: 0..<bytes.count) { bytes[index] = 0 }
        }
        for entry in entries.values {
            clear(entry.valueOffset..<entry.valueOffset + entry.byteCount)
            clear(entry.offset..<entry.offset + 12)
        }
        clear(directory..<directory + 2)
        // The entries behind the pointer, and the offset of the next directory behind them, move up by one.
        let count = reading.integer16(at: mainDirectory) ?? 0
        let end = min(mainDirectory + 2 + 12 * count + 4, bytes.count)
        bytes.replaceSubrange(
            pointer.offset..<end, with: Array(bytes[(pointer.offset + 12)..<end]) + [UInt8](repeating: 0, count: 12))
        let low = UInt8(truncatingIfNeeded: count - 1)
        let high = UInt8(truncatingIfNeeded: (count - 1) >> 8)
        bytes.replaceSubrange(
            mainDirectory..<mainDirectory + 2, with: reading.isBigEndian ? [high, low] : [low, high])
        return bytes
    }
}
