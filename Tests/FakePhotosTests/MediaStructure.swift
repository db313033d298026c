import ConnectorKit

/// The segments of a JPEG up to its scan (ITU T.81, B.1.1).
struct JPEGSegments {
    struct Segment {
        var marker: UInt8
        var offset: Int
        var length: Int
    }

    private(set) var segments: [Segment] = []

    /// - Throws: ``ConnectorError`` where a viewer would stumble.
    init(_ bytes: [UInt8]) throws {
        guard bytes.starts(with: [0xFF, 0xD8]), bytes.suffix(2) == [0xFF, 0xD9] else {
            throw ConnectorError(.corrupt, "a JPEG without start or end")
        }
        var offset = 2
        while true {
            guard offset + 4 <= bytes.count, bytes[offset] == 0xFF, bytes[offset + 1] >= 0xC0 else {
                throw ConnectorError(.corrupt, "no marker at \(offset)")
            }
            let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            segments.append(Segment(marker: bytes[offset + 1], offset: offset, length: length))
            if bytes[offset + 1] == 0xDA { return }
            offset += 2 + length
        }
    }
}

/// The chunks of a PNG, their checksums proved (ISO/IEC 15948, 5.3).
struct PNGChunks {
    private(set) var types: [String] = []

    init(_ bytes: [UInt8]) throws {
        func integer(_ offset: Int) throws -> Int {
            guard offset + 4 <= bytes.count else { throw ConnectorError(.corrupt, "a PNG that ends at \(offset)") }
            return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { throw ConnectorError(.corrupt, "no PNG") }
        var offset = 8
        while offset < bytes.count {
            let length = try integer(offset)
            guard offset + 12 + length <= bytes.count else { throw ConnectorError(.corrupt, "a chunk is cut off") }
            guard try integer(offset + 8 + length) == Self.checksum(bytes[offset + 4..<offset + 8 + length]) else {
                throw ConnectorError(.corrupt, "a wrong checksum at \(offset)")
            }
            types.append(String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self))
            offset += 12 + length
        }
    }

    /// CRC-32 bit by bit: slow, and unlike the code under test.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> Int {
        var value: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        return Int(~value)
    }
}

/// The top-level boxes of an MP4, MOV or HEIC, or the chunks of a RIFF file: their names, in order.
enum TopLevel {
    static func boxes(_ bytes: [UInt8]) throws -> [String] {
        try walk(bytes, from: 0, header: 8) { offset in
            (
                bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) },
                String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self)
            )
        }
    }

    static func riffChunks(_ bytes: [UInt8]) throws -> [String] {
        func integer(_ offset: Int) -> Int { bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | Int($1) } }
        guard integer(4) == bytes.count - 8 else { throw ConnectorError(.corrupt, "a wrong size of the RIFF file") }
        return try walk(bytes, from: 12, header: 8) { offset in
            let size = integer(offset + 4)
            return (8 + size + size % 2, String(decoding: bytes[offset..<offset + 4], as: UTF8.self))
        }
    }

    private static func walk(
        _ bytes: [UInt8], from start: Int, header: Int, _ read: (Int) -> (size: Int, name: String)
    ) throws -> [String] {
        var offset = start
        var names: [String] = []
        while offset < bytes.count {
            guard offset + header <= bytes.count else { throw ConnectorError(.corrupt, "a header is cut off") }
            let (size, name) = read(offset)
            guard size >= header, offset + size <= bytes.count else {
                throw ConnectorError(.corrupt, "\(name) at \(offset) has a wrong size")
            }
            names.append(name)
            offset += size
        }
        return names
    }
}
