import Synchronization

/// Chance that a seed decides: splitmix64 (Steele, Lea, Flood 2014).
final class SeededRandom: Sendable {
    private let state: Mutex<UInt64>

    init(_ seed: UInt64) { state = Mutex(seed) }

    func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// In 0..<1.
    func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }

    func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// Bytes that do not compress.
    func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            let word = next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Bytes that compress to about an eighth.
    func plainBytes(_ count: Int) -> [UInt8] { bytes(count).map { $0 & 1 } }
}
