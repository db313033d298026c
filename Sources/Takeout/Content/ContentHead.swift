import ConnectorKit

/// The first bytes of a content, and of one that is not packed a few others: what formats keep their facts in.
///
/// Bounded: a packed content is unpacked for ``limit`` bytes and no further; of another, ``budget`` bytes are read.
final class ContentHead {
    enum Source {
        /// In a file as it is: any place of it is reached at once.
        case file(RandomAccessFile, start: Int64, size: Int64)
        case stream(any ByteStream)
    }

    /// Enough for the metadata of a JPEG or HEIC; a video may have its own at its end.
    static let limit = 256 << 10
    private static let block = 32 << 10

    private let source: Source
    private var budget = 1 << 20
    private var buffer: [UInt8] = []
    private var bufferStart: Int64 = 0

    init(_ source: Source) { self.source = source }

    /// So many bytes from an offset; nil where they are not there, or out of reach.
    func bytes(at offset: Int64, count: Int) throws -> [UInt8]? {
        guard offset >= 0, count >= 0, count <= Self.limit else { return nil }
        if let known = buffered(offset, count) { return known }
        switch source {
        case .file(let file, let start, let size):
            guard offset <= size - Int64(count) else { return nil }
            let length = min(max(count, Self.block), Int(min(size - offset, Int64(Self.limit))))
            budget -= length
            if budget < 0 { return nil }
            buffer = try file.readExactly(at: start + offset, count: length)
            bufferStart = offset
        case .stream(let stream):
            guard offset + Int64(count) <= Int64(Self.limit) else { return nil }
            while Int64(buffer.count) < offset + Int64(count), let more = try stream.next() { buffer += more }
        }
        return buffered(offset, count)
    }

    /// As many bytes as there are from an offset and within reach, up to so many.
    func bytes(at offset: Int64, upTo most: Int) throws -> [UInt8] {
        if let all = try bytes(at: offset, count: most) { return all }
        switch source {
        case .file(_, _, let size):
            let count = Int(max(0, min(size - offset, Int64(most))))
            return try bytes(at: offset, count: count) ?? []
        case .stream:
            // Asking for more has read up to the end.
            let place = Int(min(offset, Int64(buffer.count)))
            return Array(buffer[place...].prefix(most))
        }
    }

    private func buffered(_ offset: Int64, _ count: Int) -> [UInt8]? {
        let place = offset - bufferStart
        guard place >= 0, place <= Int64(buffer.count - count) else { return nil }
        return Array(buffer[Int(place)..<Int(place) + count])
    }
}

extension [UInt8] {
    /// An unsigned integer of `count` bytes at an offset, the highest byte first; nil where there are not so many.
    func bigEndian(_ offset: Int, _ count: Int) -> Int64? {
        guard offset >= 0, offset <= self.count - count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value = value << 8 | UInt64(self[offset + index]) }
        return Int64(exactly: value)
    }

    /// ASCII at an offset; nil where it is none, or not there.
    func ascii(_ offset: Int, _ count: Int) -> String? {
        guard offset >= 0, count >= 0, offset <= self.count - count else { return nil }
        let bytes = self[offset..<offset + count]
        return bytes.allSatisfy { $0 < 0x80 } ? String(decoding: bytes, as: UTF8.self) : nil
    }
}
