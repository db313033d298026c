/// Takes out of a JPEG where it was taken: the GPS directory of its Exif block, with the entry that leads there, and the
/// same properties in its XMP packet ("XMP Specification", part 2, 1.5: the namespace `exif`).
///
/// The length stays: what was there is zeros in the one, and blanks in the other.
enum LocationRemoval {
    private static let xmpHeader = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

    /// - Parameter bytes: the first bytes of the file, with all of its metadata.
    /// - Returns: nil where it does not say where it was taken.
    static func remove(fromJPEG bytes: [UInt8]) -> [UInt8]? {
        var stripped = bytes
        if let exif = Exif(jpeg: bytes), exif.hasLocation { stripped = exif.bytesWithoutLocation }
        let segments = ByteReading(bytes: bytes)
        var offset = 2
        while let marker = segments.integer16(at: offset), let length = segments.integer16(at: offset + 2),
            marker > 0xFF00, marker != 0xFFDA, length >= 2
        {
            let payload = min(offset + 4, bytes.count)..<min(offset + 2 + length, bytes.count)
            if marker == 0xFFE1, bytes[payload].starts(with: xmpHeader) { blankXMP(payload, in: &stripped) }
            offset += 2 + length
        }
        return stripped == bytes ? nil : stripped
    }

    /// Blanks attributes such as `exif:GPSLatitude="48,12.5N"` and elements of that name.
    private static func blankXMP(_ packet: Range<Int>, in bytes: inout [UInt8]) {
        let name = Array("exif:GPS".utf8)
        var index = packet.lowerBound
        while index + name.count < packet.upperBound {
            guard bytes[index..<index + name.count].elementsEqual(name) else {
                index += 1
                continue
            }
            let isElement = bytes[index - 1] == UInt8(ascii: "<")
            let start = isElement ? index - 1 : index
            let end = isElement ? endOfElement(index, packet, bytes) : endOfAttribute(index, packet, bytes)
            for position in start..<end { bytes[position] = UInt8(ascii: " ") }
            index = end
        }
    }

    private static func endOfAttribute(_ start: Int, _ packet: Range<Int>, _ bytes: [UInt8]) -> Int {
        let quotes = [UInt8(ascii: "\""), UInt8(ascii: "'")]
        guard let open = bytes[start..<packet.upperBound].firstIndex(where: { quotes.contains($0) }),
            let close = bytes[(open + 1)..<packet.upperBound].firstIndex(of: bytes[open])
        else { return packet.upperBound }
        return close + 1
    }

    /// The end of `<exif:GPSLatitude>...</exif:GPSLatitude>`.
    private static func endOfElement(_ start: Int, _ packet: Range<Int>, _ bytes: [UInt8]) -> Int {
        let closing = Array("</exif:GPS".utf8)
        var index = start
        while index + closing.count < packet.upperBound {
            if bytes[index..<index + closing.count].elementsEqual(closing) {
                let end = bytes[index..<packet.upperBound].firstIndex(of: UInt8(ascii: ">"))
                return (end ?? packet.upperBound - 1) + 1
            }
            index += 1
        }
        return packet.upperBound
    }
}
