import ConnectorKit

/// When a picture was taken, by its Exif block: a TIFF structure (CIPA DC-008, "Exif 2.32", 4.5 and 4.6).
enum ExifTime {
    private enum Tag {
        static let modified = 0x0132
        static let exif = 0x8769
        static let original = 0x9003
        static let digitized = 0x9004
        static let offsetOfOriginal = 0x9011
        static let offsetOfDigitized = 0x9012
    }

    private struct Reading {
        let bytes: [UInt8]
        let isLittleEndian: Bool

        func integer(_ offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - count else { return nil }
            let value = isLittleEndian ? Int64(bytes.littleEndian(offset, count)) : bytes.bigEndian(offset, count)
            return value.map { Int($0) }
        }

        /// Tag -> where its value is, and its length in bytes where these are characters.
        func directory(at offset: Int) -> [Int: (value: Int, count: Int)] {
            guard let count = integer(offset, 2), count <= 512 else { return [:] }
            var found: [Int: (value: Int, count: Int)] = [:]
            for index in 0..<count {
                let entry = offset + 2 + 12 * index
                guard let tag = integer(entry, 2), let length = integer(entry + 4, 4) else { break }
                let place = length > 4 ? integer(entry + 8, 4) : entry + 8
                if let place { found[tag] = (place, length) }
            }
            return found
        }

        func text(_ entry: (value: Int, count: Int)?) -> String? {
            entry.flatMap { $0.count <= 64 ? bytes.ascii($0.value, $0.count) : nil }
        }
    }

    /// - Parameter bytes: from the byte order mark on.
    /// - Returns: nil where the block does not say. A time without an offset from UTC is taken as UTC.
    static func read(_ bytes: [UInt8]) -> Timestamp? {
        guard bytes.count >= 8, let mark = bytes.ascii(0, 2), mark == "II" || mark == "MM" else { return nil }
        let reading = Reading(bytes: bytes, isLittleEndian: mark == "II")
        guard reading.integer(2, 2) == 42, let first = reading.integer(4, 4) else { return nil }
        let main = reading.directory(at: first)
        let detail = main[Tag.exif].flatMap { reading.integer($0.value, 4) }.map { reading.directory(at: $0) } ?? [:]
        return time(reading.text(detail[Tag.original]), reading.text(detail[Tag.offsetOfOriginal]))
            ?? time(reading.text(detail[Tag.digitized]), reading.text(detail[Tag.offsetOfDigitized]))
            ?? time(reading.text(main[Tag.modified]), nil)
    }

    /// `YYYY:MM:DD HH:MM:SS`, and `+HH:MM`. A clock that nobody has set writes zeros or blanks.
    private static func time(_ text: String?, _ offset: String?) -> Timestamp? {
        guard let text, text.utf8.count >= 19 else { return nil }
        let date = text.prefix(10).replacing(":", with: "-")
        let zone = (offset ?? "").prefix(6)
        let isZone = zone.wholeMatch(of: /[+-]\d\d:\d\d/) != nil
        return Timestamp("\(date)T\(text.dropFirst(11).prefix(8))\(isZone ? String(zone) : "Z")")
    }
}
