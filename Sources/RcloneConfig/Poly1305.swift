/// The one-time authenticator Poly1305.
///
/// Sources: D. J. Bernstein, "The Poly1305-AES message-authentication code"; RFC 8439, section 2.5. Numbers are five
/// limbs of 26 bits, so that a product and its carries fit in 64 bits, and no branch depends on a secret.
enum Poly1305 {
    private static let limbMask: UInt64 = 0x3FF_FFFF

    /// The tag of 16 bytes.
    /// - Parameter key: 32 bytes, used for this message only.
    static func tag(of message: ArraySlice<UInt8>, key: ArraySlice<UInt8>) -> [UInt8] {
        var clamped = Array(key.prefix(16))
        for index in [3, 7, 11, 15] { clamped[index] &= 0x0F }
        for index in [4, 8, 12] { clamped[index] &= 0xFC }
        let factor = limbs(of: clamped[...], topBit: 0)

        var sum: [UInt64] = [0, 0, 0, 0, 0]
        var rest = message
        while !rest.isEmpty {
            var block = Array(rest.prefix(16))
            rest = rest.dropFirst(16)
            let isWhole = block.count == 16
            if !isWhole { block += [1] + [UInt8](repeating: 0, count: 15 - block.count) }
            let added = limbs(of: block[...], topBit: isWhole ? 1 : 0)
            for index in 0..<5 { sum[index] += added[index] }
            multiply(&sum, by: factor)
        }
        return addedModulo128(reduced(sum), Array(key.suffix(16)))
    }

    /// The number of 16 little-endian bytes, and bit 128.
    private static func limbs(of bytes: ArraySlice<UInt8>, topBit: UInt64) -> [UInt64] {
        let low = word64(bytes.prefix(8))
        let high = word64(bytes.dropFirst(8))
        return [
            low & limbMask, low >> 26 & limbMask, (low >> 52 | high << 12) & limbMask, high >> 14 & limbMask,
            high >> 40 | topBit << 24,
        ]
    }

    private static func word64(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// `sum = sum * factor` modulo 2^130 - 5, nearly reduced: each limb has at most a bit more than its 26.
    private static func multiply(_ sum: inout [UInt64], by factor: [UInt64]) {
        var product: [UInt64] = [0, 0, 0, 0, 0]
        for row in 0..<5 {
            for column in 0..<5 {
                // 2^130 is 5 modulo the prime: what runs over the top comes back at the bottom, five times.
                let wraps = row + column >= 5
                product[(row + column) % 5] += sum[row] * factor[column] * (wraps ? 5 : 1)
            }
        }
        carry(&product)
        sum = product
    }

    private static func carry(_ limbs: inout [UInt64]) {
        for index in 0..<4 {
            limbs[index + 1] += limbs[index] >> 26
            limbs[index] &= limbMask
        }
        limbs[0] += (limbs[4] >> 26) * 5
        limbs[4] &= limbMask
        limbs[1] += limbs[0] >> 26
        limbs[0] &= limbMask
    }

    /// The number modulo 2^130 - 5, in limbs of exactly 26 bits.
    private static func reduced(_ sum: [UInt64]) -> [UInt64] {
        var number = sum
        carry(&number)
        carry(&number)
        // number + 5 reaches 2^130 exactly where number is not below the prime; its low 130 bits are the answer then.
        var less = number
        less[0] += 5
        for index in 0..<4 {
            less[index + 1] += less[index] >> 26
            less[index] &= limbMask
        }
        let mask = 0 &- (less[4] >> 26)
        less[4] &= limbMask
        return zip(number, less).map { $0 & ~mask | $1 & mask }
    }

    /// The sum of a number and 16 little-endian bytes modulo 2^128, as bytes.
    private static func addedModulo128(_ limbs: [UInt64], _ pad: [UInt8]) -> [UInt8] {
        let low = limbs[0] | limbs[1] << 26 | limbs[2] << 52
        let high = limbs[2] >> 12 | limbs[3] << 14 | limbs[4] << 40
        let (sumLow, overflow) = low.addingReportingOverflow(word64(pad[..<8]))
        let sumHigh = high &+ word64(pad[8...]) &+ (overflow ? 1 : 0)
        return [sumLow, sumHigh].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
        }
    }
}
