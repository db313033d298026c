import CZlib
import ConnectorKit

/// A tgz part: POSIX ustar with pax headers for long names, in one gzip member.
final class TgzPart: TakeoutPart {
    private let output: PartOutput
    // zlib keeps the address of the stream and refuses one that has moved.
    private let stream: UnsafeMutablePointer<z_stream>
    private var checksum: UInt32 = 0
    private var length: Int64 = 0

    init(path: String) throws {
        output = try PartOutput(path: path + ".tgz")
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        precondition(czlib_deflate_init_raw(stream, 1) == Z_OK, "zlib cannot be initialized")
        try output.write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func add(_ path: String, _ content: Content, modified: Int64) throws {
        let name = Array(path.utf8)
        if name.count > 100 {
            let body = Array(" path=\(path)\n".utf8)
            var count = body.count
            while String(count).utf8.count + body.count != count { count = String(count).utf8.count + body.count }
            let record = Array(String(count).utf8) + body
            try pack(header(Array("PaxHeader".utf8), size: Int64(record.count), type: "x", modified: modified))
            try pack(record + padding(Int64(record.count)))
        }
        try pack(header(Array(name.prefix(100)), size: content.count, type: "0", modified: modified))
        try content.forEachPiece { try pack($0, isLast: false) }
        try pack(padding(content.count))
    }

    func finish() throws {
        try [UInt8](repeating: 0, count: 1024).withUnsafeBufferPointer { try pack($0, isLast: true) }
        var trailer: [UInt8] = []
        trailer.put(checksum, 4)
        trailer.put(length, 4)
        try output.write(trailer)
        try output.flush()
    }

    private func padding(_ size: Int64) -> [UInt8] { [UInt8](repeating: 0, count: Int((512 - size % 512) % 512)) }

    private func header(_ name: [UInt8], size: Int64, type: Unicode.Scalar, modified: Int64) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], at offset: Int) {
            block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        func octal(_ value: Int64, digits: Int) -> [UInt8] {
            let text = String(max(0, value), radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
        }
        put(name, at: 0)
        put(octal(0o644, digits: 7), at: 100)
        put(octal(size, digits: 11), at: 124)
        put(octal(modified, digits: 11), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        block[156] = UInt8(type.value)
        put(Array("ustar\u{0}00".utf8), at: 257)
        put(octal(Int64(block.reduce(0) { $0 + Int($1) }), digits: 6) + [0, 0x20], at: 148)
        return block
    }

    private func pack(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBufferPointer { try pack($0, isLast: false) }
    }

    private func pack(_ bytes: UnsafeBufferPointer<UInt8>, isLast: Bool) throws {
        checksum = crc(checksum, bytes)
        length += Int64(bytes.count)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
        stream.pointee.avail_in = UInt32(bytes.count)
        let room = 256 << 10
        var isDone = false
        while !isDone {
            let packed = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(room)
                let result = deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                count = room - Int(stream.pointee.avail_out)
                isDone = isLast ? result == Z_STREAM_END : stream.pointee.avail_in == 0 && count < room
            }
            try output.write(packed)
        }
    }
}
