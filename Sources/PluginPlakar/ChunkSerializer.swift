import GRPCCore

/// A piece of a content as the message that it crosses the wire in: an `OpenResponse`, whose field 1 is the bytes.
///
/// By hand, since copying is all that it costs: the generated message would hold a copy, of which it makes another.
struct ChunkSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ chunk: ArraySlice<UInt8>) -> Bytes {
        // Field 1 of wire type 2 (a length and as many bytes), then the length, seven bits a byte, the lowest first.
        var head: [UInt8] = [1 << 3 | 2]
        var rest = chunk.count
        while rest > 0x7f {
            head.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        head.append(UInt8(rest))
        var bytes = Bytes(repeating: 0, count: head.count + chunk.count)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.copyBytes(from: head)
            UnsafeMutableRawBufferPointer(rebasing: bytes[head.count...]).copyBytes(from: chunk)
        }
        return bytes
    }
}
