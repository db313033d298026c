/// Integers within bytes, with the bounds checked: what the readers of file formats share.
struct ByteReading {
    let bytes: [UInt8]
    var isBigEndian = true

    func integer(_ width: Int, at offset: Int) -> Int? {
        guard offset >= 0, offset + width <= bytes.count else { return nil }
        var value = 0
        for index in 0..<width {
            value = value << 8 | Int(bytes[isBigEndian ? offset + index : offset + width - 1 - index])
        }
        return value
    }

    func integer16(at offset: Int) -> Int? { integer(2, at: offset) }
    func integer32(at offset: Int) -> Int? { integer(4, at: offset) }

    /// Where a text starts, at or after an offset.
    func find(_ text: String, from start: Int = 0) -> Int? {
        let pattern = Array(text.utf8)
        guard bytes.count >= pattern.count, start >= 0 else { return nil }
        var offset = start
        while offset + pattern.count <= bytes.count {
            if bytes[offset] == pattern[0], bytes[offset..<offset + pattern.count].elementsEqual(pattern) {
                return offset
            }
            offset += 1
        }
        return nil
    }

    /// A Latin-1 text that ends at a NUL.
    func text(at offset: Int, count: Int) -> String? {
        guard offset >= 0, count >= 0, offset + count <= bytes.count else { return nil }
        return String(decoding: bytes[offset..<offset + count].prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension [UInt8] {
    mutating func appendInteger(_ value: Int, width: Int, isBigEndian: Bool = true) {
        for index in 0..<width {
            append(UInt8(truncatingIfNeeded: value >> (8 * (isBigEndian ? width - 1 - index : index))))
        }
    }
}
