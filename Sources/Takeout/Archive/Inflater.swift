import CZlib
import ConnectorKit

/// zlib's inflate on bare deflate data.
///
/// Not Sendable: one reader owns it.
final class Inflater {
    // zlib keeps the address of the stream and refuses one that has moved.
    private let stream: UnsafeMutablePointer<z_stream>

    struct Step {
        var consumed: Int
        var produced: Int
        /// The deflate data have ended.
        var isEnd: Bool
        /// Between two blocks: how many bits of the last byte consumed belong to the next one.
        var blockBits: Int?
    }

    /// The data make no deflate stream.
    struct Damage: Error {}

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Fails for want of memory alone, where Swift itself gives up.
        precondition(czlib_inflate_init_raw(stream) == Z_OK, "zlib cannot be initialized")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Goes on in the middle of a stream, after `zran.c` of zlib's examples.
    /// - Parameters:
    ///   - bits: how many bits of `byte`, its highest, come first.
    ///   - window: the output before that place, up to 32 KiB.
    func resume(bits: Int, of byte: UInt8, window: [UInt8]) {
        if bits > 0 { inflatePrime(stream, Int32(bits), Int32(byte >> (8 - UInt8(bits)))) }
        _ = window.withUnsafeBufferPointer { inflateSetDictionary(stream, $0.baseAddress, UInt32($0.count)) }
    }

    /// The last output, up to 32 KiB: what a later ``resume(bits:of:window:)`` needs.
    var window: [UInt8] {
        var count: UInt32 = 0
        inflateGetDictionary(stream, nil, &count)
        return [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
            inflateGetDictionary(stream, buffer.baseAddress, &count)
            initialized = Int(count)
        }
    }

    /// Inflates as much as fits.
    /// - Parameter stopsAtBlocks: whether to return after each block of the deflate data.
    func run(
        _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>, stopsAtBlocks: Bool = false
    ) throws -> Step {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        let result = inflate(stream, stopsAtBlocks ? Z_BLOCK : Z_NO_FLUSH)
        // Z_BUF_ERROR: no progress was possible, which is no error.
        guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { throw Damage() }
        let type = stream.pointee.data_type
        return Step(
            consumed: input.count - Int(stream.pointee.avail_in),
            produced: output.count - Int(stream.pointee.avail_out), isEnd: result == Z_STREAM_END,
            blockBits: type & 128 != 0 && type & 64 == 0 ? Int(type & 7) : nil)
    }
}

/// CRC-32 as zip and gzip have it.
struct CRC32: Sendable {
    private(set) var value: UInt32 = 0

    mutating func add(_ bytes: some Sequence<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { add($0) }
        if done == nil { Array(bytes).withUnsafeBufferPointer { add($0) } }
    }

    private mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
        value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), bytes.baseAddress, bytes.count))
    }
}
