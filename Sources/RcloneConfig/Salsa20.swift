/// The stream cipher Salsa20/20 and its form with a nonce of 24 bytes, XSalsa20.
///
/// Sources: D. J. Bernstein, "Salsa20 specification" and "Extending the Salsa20 nonce".
enum Salsa20 {
    /// The first bytes of the XSalsa20 stream.
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 24 bytes.
    static func extendedStream(count: Int, key: [UInt8], nonce: [UInt8]) -> [UInt8] {
        let subkey = hashed(key: key, input: nonce[..<16])
        var stream: [UInt8] = []
        stream.reserveCapacity(count + 63)
        var counter: UInt64 = 0
        while stream.count < count {
            let position = (0..<8).map { UInt8(truncatingIfNeeded: counter >> (8 * UInt64($0))) }
            let start = state(key: subkey, input: nonce[16...] + position)
            let block = start &+ mixed(start)
            for index in 0..<16 { append(block[index], to: &stream) }
            counter += 1
        }
        stream.removeLast(stream.count - count)
        return stream
    }

    /// HSalsa20: a key of 32 bytes from a key and 16 bytes of a nonce.
    static func hashed(key: [UInt8], input: ArraySlice<UInt8>) -> [UInt8] {
        let words = mixed(state(key: key, input: input))
        var output: [UInt8] = []
        for index in [0, 5, 10, 15, 6, 7, 8, 9] { append(words[index], to: &output) }
        return output
    }

    /// The 4 x 4 words: "expand 32-byte k" on the diagonal, the key around it, the input in the middle.
    private static func state(key: [UInt8], input: ArraySlice<UInt8>) -> SIMD16<UInt32> {
        func word(_ bytes: ArraySlice<UInt8>, _ index: Int) -> UInt32 {
            let start = bytes.startIndex + 4 * index
            return (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
        }
        let key = key[...]
        return SIMD16(
            0x6170_7865, word(key, 0), word(key, 1), word(key, 2),
            word(key, 3), 0x3320_646E, word(input, 0), word(input, 1),
            word(input, 2), word(input, 3), 0x7962_2D32, word(key, 4),
            word(key, 5), word(key, 6), word(key, 7), 0x6B20_6574)
    }

    /// Twenty rounds: ten over the columns and ten over the rows, in turn.
    private static func mixed(_ start: SIMD16<UInt32>) -> SIMD16<UInt32> {
        var words = start
        for _ in 0..<10 {
            quarterRound(&words, 0, 4, 8, 12)
            quarterRound(&words, 5, 9, 13, 1)
            quarterRound(&words, 10, 14, 2, 6)
            quarterRound(&words, 15, 3, 7, 11)
            quarterRound(&words, 0, 1, 2, 3)
            quarterRound(&words, 5, 6, 7, 4)
            quarterRound(&words, 10, 11, 8, 9)
            quarterRound(&words, 15, 12, 13, 14)
        }
        return words
    }

    private static func quarterRound(_ words: inout SIMD16<UInt32>, _ a: Int, _ b: Int, _ c: Int, _ d: Int) {
        words[b] ^= rotated(words[a] &+ words[d], by: 7)
        words[c] ^= rotated(words[b] &+ words[a], by: 9)
        words[d] ^= rotated(words[c] &+ words[b], by: 13)
        words[a] ^= rotated(words[d] &+ words[c], by: 18)
    }

    private static func rotated(_ word: UInt32, by count: UInt32) -> UInt32 {
        word << count | word >> (32 - count)
    }

    private static func append(_ word: UInt32, to bytes: inout [UInt8]) {
        for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
}
