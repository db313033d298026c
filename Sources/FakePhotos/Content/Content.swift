import Crypto
import NIOCore

/// The bytes of a media item, as pieces that are shared with other items: handing them out copies nothing.
struct Content: Sendable {
    enum Piece: Sendable {
        case memory(ByteBuffer)
        case file(SpooledBytes, Range<Int64>)

        var count: Int64 {
            switch self {
            case .memory(let bytes): Int64(bytes.readableBytes)
            case .file(_, let range): range.upperBound - range.lowerBound
            }
        }
    }

    private(set) var pieces: [Piece] = []
    private(set) var count: Int64 = 0

    init() {}

    init(_ stored: StoredContent) {
        for extent in stored.bytes.extents { append(.file(stored.bytes, extent)) }
    }

    init(_ bytes: ByteBuffer) { append(.memory(bytes)) }

    mutating func append(_ piece: Piece) {
        if piece.count == 0 { return }
        pieces.append(piece)
        count += piece.count
    }

    mutating func append(_ bytes: ByteBuffer) { append(.memory(bytes)) }

    mutating func append(_ content: Content) {
        for piece in content.pieces { append(piece) }
    }

    /// A part of it.
    func slice(_ range: Range<Int64>) -> Content {
        var reader = ContentReader(self, range: range.clamped(to: 0..<count))
        var part = Content()
        while let piece = reader.nextPiece() { part.append(piece) }
        return part
    }

    /// The same content with other bytes in a range: every bit of them is the other one.
    func inverting(_ range: Range<Int64>) -> Content {
        let range = range.clamped(to: 0..<count)
        let part = slice(range)
        var changed = slice(0..<range.lowerBound)
        changed.append(ByteBuffer(bytes: part.prefix(Int(part.count)).map { ~$0 }))
        changed.append(slice(range.upperBound..<count))
        return changed
    }

    /// The first bytes, in memory.
    func prefix(_ length: Int) -> [UInt8] {
        var reader = ContentReader(self, range: 0..<min(count, Int64(length)))
        var bytes: [UInt8] = []
        while let next = reader.next(upTo: length) { bytes.append(contentsOf: next.readableBytesView) }
        return bytes
    }

    /// Reads and hashes all of it.
    var sha256: [UInt8] {
        var hash = SHA256()
        var reader = ContentReader(self, range: 0..<count)
        while let next = reader.next(upTo: 1 << 20) { next.withUnsafeReadableBytes { hash.update(bufferPointer: $0) } }
        return Array(hash.finalize())
    }
}

/// Goes through a range of a content once, from front to back.
struct ContentReader: Sendable {
    private let pieces: [Content.Piece]
    private var index = 0
    /// The next byte, counted from the start of the piece.
    private var offset: Int64
    private(set) var remaining: Int64

    init(_ content: Content, range: Range<Int64>) {
        pieces = content.pieces
        remaining = range.upperBound - range.lowerBound
        offset = range.lowerBound
        while index < pieces.count, offset >= pieces[index].count {
            offset -= pieces[index].count
            index += 1
        }
    }

    private mutating func advance(by count: Int64) {
        remaining -= count
        offset += count
        if offset == pieces[index].count {
            index += 1
            offset = 0
        }
    }

    /// The next bytes, at most so many, all of one piece; nil at the end.
    mutating func next(upTo limit: Int) -> ByteBuffer? {
        guard remaining > 0, index < pieces.count else { return nil }
        let piece = pieces[index]
        let count = Int(min(Int64(limit), min(remaining, piece.count - offset)))
        let bytes: ByteBuffer?
        switch piece {
        case .memory(let buffer): bytes = buffer.getSlice(at: buffer.readerIndex + Int(offset), length: count)
        case .file(let file, let range): bytes = file.spool.read(count, at: range.lowerBound + offset)
        }
        advance(by: Int64(count))
        return bytes
    }

    /// What is left of the piece at hand; nil at the end.
    fileprivate mutating func nextPiece() -> Content.Piece? {
        guard remaining > 0, index < pieces.count else { return nil }
        let piece = pieces[index]
        let count = min(remaining, piece.count - offset)
        let start = offset
        advance(by: count)
        switch piece {
        case .memory(let buffer):
            return buffer.getSlice(at: buffer.readerIndex + Int(start), length: Int(count)).map { .memory($0) }
        case .file(let file, let range):
            let lower = range.lowerBound + start
            return .file(file, lower..<lower + count)
        }
    }
}
