import ConnectorKit

/// A place in a gzip from which it can be read: kept every so often when it is read the first time.
struct RestartPoint: Sendable, Hashable {
    /// Bytes of output before it.
    var output: Int64
    /// The byte of the file that comes next.
    var input: Int64
    /// Bits of the byte before, its highest, that come first.
    var bits: Int
    /// The output before it, up to 32 KiB.
    var window: [UInt8]
}

/// Reads a gzip from its start or from a restart point.
///
/// A `.tgz` has no directory and can be unpacked from its start alone; but it has to be read whole once, to learn what is
/// in it, and deflate can go on at any block whose preceding 32 KiB are known (zlib, `examples/zran.c`). With such a point
/// every 16 MiB, 0.2 % of the archive, an entry is reached at the cost of 8 MiB on average, in any order and by several
/// readers. The alternatives were a spool for what the host opens late and a second pass for what did not fit into it.
final class GzipCursor {
    let file: RandomAccessFile
    /// Bytes of output so far.
    private(set) var position: Int64
    private var inflater = Inflater()
    private var offset: Int64
    private var input: [UInt8] = []
    private var inputPosition = 0
    private var isInMember = false
    private var isAtEnd = false
    /// The checksum of a member that is read from its start.
    private var crc: CRC32?
    private var memberLength: Int64 = 0
    private var lastPoint: Int64 = 0
    /// From a place further on, no more is read than what was read from the start before.
    private let isFromStart: Bool

    /// Told of each place from which reading can begin. Nil where nobody wants to know.
    var onRestartPoint: ((RestartPoint) throws -> Void)?

    static let interval: Int64 = 16 << 20

    init(_ file: RandomAccessFile) {
        self.file = file
        position = 0
        offset = 0
        isFromStart = true
    }

    init(_ file: RandomAccessFile, at point: RestartPoint) throws {
        self.file = file
        position = point.output
        offset = point.input
        isFromStart = false
        isInMember = true
        let byte = point.bits > 0 ? try file.readExactly(at: point.input - 1, count: 1)[0] : 0
        inflater.resume(bits: point.bits, of: byte, window: point.window)
    }

    /// Up to `limit` bytes of output; empty at the end alone.
    func read(_ limit: Int) throws -> [UInt8] {
        let limit = min(limit, pieceLength)
        let bytes = try [UInt8](unsafeUninitializedCapacity: limit) { output, count in
            while count < limit, !isAtEnd {
                if !isInMember {
                    try beginMember()
                    continue
                }
                if inputPosition == input.count, try !fill() { throw file.cutShort }
                let step = try input.withUnsafeBufferPointer { bytes in
                    do {
                        return try inflater.run(
                            UnsafeBufferPointer(rebasing: bytes[inputPosition...]),
                            into: UnsafeMutableBufferPointer(rebasing: output[count..<limit]),
                            stopsAtBlocks: onRestartPoint != nil)
                    } catch {
                        throw damage
                    }
                }
                crc?.add(UnsafeMutableBufferPointer(rebasing: output[count..<count + step.produced]))
                inputPosition += step.consumed
                count += step.produced
                position += Int64(step.produced)
                memberLength += Int64(step.produced)
                let packed = offset - Int64(input.count - inputPosition)
                if isFromStart, let fault = PackingRatio.fault(packed: packed, unpacked: position) {
                    throw ConnectorError(.rejected, "\(file.name) \(fault)")
                }
                if step.isEnd {
                    try endMember()
                } else if let bits = step.blockBits {
                    try offerRestartPoint(bits: bits)
                }
            }
        }
        return bytes
    }

    /// Passes over so many bytes.
    /// - Throws: where there are not so many.
    func skip(_ count: Int64) throws {
        var rest = count
        while rest > 0 {
            let bytes = try read(Int(min(rest, Int64(pieceLength))))
            if bytes.isEmpty { throw file.cutShort }
            rest -= Int64(bytes.count)
        }
    }

    private func offerRestartPoint(bits: Int) throws {
        guard let onRestartPoint, position - lastPoint >= Self.interval else { return }
        lastPoint = position
        let next = offset - Int64(input.count - inputPosition)
        try onRestartPoint(RestartPoint(output: position, input: next, bits: bits, window: inflater.window))
    }

    /// A member's header (RFC 1952, 2.3). Several may follow each other; what comes after the last is padding.
    private func beginMember() throws {
        if inputPosition == input.count, try !fill() {
            if position == 0 { throw file.cutShort }
            isAtEnd = true
            return
        }
        let header = try take(10)
        guard header[0] == 0x1F, header[1] == 0x8B, header[2] == 8 else {
            if position == 0 { throw ConnectorError(.corrupt, "\(file.name) is no gzip archive") }
            isAtEnd = true
            return
        }
        let flags = header[3]
        if flags & 4 != 0 { _ = try take(try take(2).uint16(0)) }
        for flag: UInt8 in [8, 16] where flags & flag != 0 { while try take(1)[0] != 0 {} }
        if flags & 2 != 0 { _ = try take(2) }
        inflater = Inflater()
        crc = CRC32()
        memberLength = 0
        isInMember = true
    }

    private func endMember() throws {
        isInMember = false
        let trailer = try take(8)
        guard let crc else { return }
        let length = UInt32(truncatingIfNeeded: memberLength)
        guard trailer.uint32(0) == crc.value, trailer.uint32(4) == length else { throw damage }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            if inputPosition == input.count, try !fill() { throw file.cutShort }
            let more = min(count - bytes.count, input.count - inputPosition)
            bytes += input[inputPosition..<inputPosition + more]
            inputPosition += more
        }
        return bytes
    }

    private func fill() throws -> Bool {
        input = try file.read(at: offset, count: pieceLength)
        inputPosition = 0
        offset += Int64(input.count)
        return !input.isEmpty
    }

    private var damage: ConnectorError {
        ConnectorError(.corrupt, "\(file.name) is damaged", hint: "download it again")
    }
}
