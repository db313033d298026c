import NIOCore
import Synchronization

/// Bytes that no compressor shortens, as those of photos are. Made as they are needed.
final class Noise: Sendable {
    /// Padding repeats itself after so many bytes.
    static let count = 8 << 20

    private static let characters: [UInt8] = {
        // 256 entries over the 189 printable characters: an index is one random byte.
        let printable = (0x20...0x7E).map { UInt8($0) } + (0xA1...0xFF).map { UInt8($0) }
        return (0..<256).map { printable[$0 % printable.count] }
    }()

    private let random: Mutex<SplitMix64>
    private let blocks = Mutex<[String: ByteBuffer]>([:])

    init(seed: UInt64) { random = Mutex(SplitMix64(seed: seed)) }

    /// - Parameter isText: only printable Latin-1, as a PNG text must be; a compressor saves 5 % of that.
    func next(_ count: Int, isText: Bool = false) -> [UInt8] {
        random.withLock { random in
            [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                var word: UInt64 = 0
                for index in 0..<count {
                    if index & 7 == 0 { word = random.next() }
                    let byte = UInt8(truncatingIfNeeded: word)
                    buffer[index] = isText ? Self.characters[Int(byte)] : byte
                    word >>= 8
                }
                initialized = count
            }
        }
    }

    /// A block that several media share: made when it is first asked for.
    func block(_ name: String, make: () -> ByteBuffer) -> ByteBuffer {
        if let known = blocks.withLock({ $0[name] }) { return known }
        let block = make()
        blocks.withLock { $0[name] = block }
        return block
    }
}
