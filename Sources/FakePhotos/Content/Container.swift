import NIOCore

/// How bytes that no viewer shows are put into a file of each format: as comments, or as space that is marked free.
///
/// | format | what holds the bytes | source |
/// | --- | --- | --- |
/// | JPEG | COM segments | ITU T.81, B.2.4.5 |
/// | PNG | tEXt chunks | ISO/IEC 15948, 11.3.4.3 |
/// | GIF | comment extensions | GIF89a, 24 |
/// | WebP, AVI | JUNK chunks | RIFF |
/// | MP4, MOV, HEIC | `free` boxes | ISO/IEC 14496-12, 8.1.2 |
enum Container {
    case jpeg, png, gif, riff, boxes

    /// The container of a kind; nil where no base file is of that kind.
    init?(_ kind: MediaKind) {
        switch kind {
        case .jpeg: self = .jpeg
        case .png: self = .png
        case .gif: self = .gif
        case .webp, .avi: self = .riff
        case .mp4, .mov, .heic, .avif: self = .boxes
        default: return nil
        }
    }

    private static let keyword = Array("Comment".utf8) + [0]

    /// What a comment of so many bytes of text takes in all.
    func wrappedCount(_ textCount: Int) -> Int {
        switch self {
        case .jpeg: textCount + 4
        case .png: textCount + 12 + Self.keyword.count
        case .gif: textCount + 4
        case .riff: textCount + 8 + textCount % 2
        case .boxes: textCount + 8
        }
    }

    /// A comment with that text, of at most 255 bytes.
    func comment(_ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(wrappedCount(text.count))
        switch self {
        case .jpeg:
            bytes += [0xFF, 0xFE]
            bytes.appendInteger(text.count + 2, width: 2)
            bytes += text
        case .png:
            bytes.appendInteger(text.count + Self.keyword.count, width: 4)
            bytes += Array("tEXt".utf8) + Self.keyword + text
            bytes.appendInteger(Int(CRC32.checksum(bytes.dropFirst(4))), width: 4)
        case .gif:
            bytes += [0x21, 0xFE, UInt8(truncatingIfNeeded: text.count)] + text + [0]
        case .riff:
            bytes += Array("JUNK".utf8)
            bytes.appendInteger(text.count, width: 4, isBigEndian: false)
            bytes += text
            if text.count % 2 == 1 { bytes.append(0) }
        case .boxes:
            bytes.appendInteger(text.count + 8, width: 4)
            bytes += Array("free".utf8) + text
        }
        return bytes
    }

    /// The fewest bytes of padding that can be made; fewer are made by a longer comment.
    static let minimumPadding = 64

    /// Padding of exactly so many bytes, ``minimumPadding`` or more, over noise that is shared.
    func padding(_ total: Int, noise: Noise) -> [ByteBuffer] {
        switch self {
        case .jpeg: repeated(total, unit: 65537, noise: noise) { segment(overhead: 4, count: $0, noise: noise) }
        case .png: repeated(total, unit: 65536, noise: noise) { segment(overhead: 20, count: $0, noise: noise) }
        case .gif: repeated(total, unit: 65536 + 4, noise: noise) { gifComment($0, noise: noise) }
        case .riff, .boxes: plain(total, noise: noise)
        }
    }

    /// Blocks of whole units, up to ``Noise/count`` bytes of them, which are then repeated; last what is left.
    private func repeated(_ total: Int, unit: Int, noise: Noise, make: (Int) -> [UInt8]) -> [ByteBuffer] {
        var left = total
        var buffers: [ByteBuffer] = []
        // The last part must be large enough to be a unit of its own.
        let units = min(max(0, (total - Self.minimumPadding) / unit), max(1, Noise.count / unit))
        let block = noise.block("\(self) \(units)") {
            var block = ByteBuffer()
            for _ in 0..<units { block.writeBytes(make(unit)) }
            return block
        }
        while block.readableBytes > 0, left - block.readableBytes >= Self.minimumPadding {
            buffers.append(block)
            left -= block.readableBytes
        }
        while left >= unit + Self.minimumPadding {
            buffers.append(ByteBuffer(bytes: make(unit)))
            left -= unit
        }
        // Up to `unit + minimumPadding` bytes are left: two parts where one would be too large.
        if left > unit {
            buffers.append(ByteBuffer(bytes: make(left / 2)))
            left -= left / 2
        }
        buffers.append(ByteBuffer(bytes: make(left)))
        return buffers
    }

    private func segment(overhead: Int, count: Int, noise: Noise) -> [UInt8] {
        let text = noise.next(count - overhead, isText: self == .png)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        if self == .jpeg {
            bytes += [0xFF, 0xFE]
            bytes.appendInteger(text.count + 2, width: 2)
            bytes += text
        } else {
            bytes.appendInteger(text.count + Self.keyword.count, width: 4)
            bytes += Array("tEXt".utf8) + Self.keyword + text
            bytes.appendInteger(Int(CRC32.checksum(bytes[4...])), width: 4)
        }
        return bytes
    }

    /// A comment extension in sub-blocks of up to 255 bytes.
    private func gifComment(_ count: Int, noise: Noise) -> [UInt8] {
        var bytes: [UInt8] = [0x21, 0xFE]
        bytes.reserveCapacity(count)
        var left = count - 3
        while left > 0 {
            // A sub-block takes two bytes or more, so one byte must never be left.
            let part = left == 257 ? 255 : min(256, left)
            bytes.append(UInt8(part - 1))
            bytes += noise.next(part - 1)
            left -= part
        }
        bytes.append(0)
        return bytes
    }

    private func plain(_ total: Int, noise: Noise) -> [ByteBuffer] {
        var header: [UInt8] = []
        if self == .riff {
            header += Array("JUNK".utf8)
            header.appendInteger(total - 8, width: 4, isBigEndian: false)
        } else {
            header.appendInteger(total, width: 4)
            header += Array("free".utf8)
        }
        var buffers = [ByteBuffer(bytes: header)]
        var left = total - header.count
        let size = min(Noise.count, (left / 65536 + 1) * 65536)
        let block = noise.block("plain \(size)") { ByteBuffer(bytes: noise.next(size)) }
        while left > 0 {
            let part = min(left, block.readableBytes)
            if let slice = block.getSlice(at: 0, length: part) { buffers.append(slice) }
            left -= part
        }
        return buffers
    }
}
