/// Makes ids, page tokens and download grants that carry their meaning within them, and recognises its own.
///
/// So a library of 100,000 items needs no table of ids and none of grants, and a made-up or altered text is refused. The
/// check is a hash and no cryptography: it keeps honest clients honest.
struct Sealer: Sendable {
    /// What a text is for; one made for a purpose is refused for another.
    enum Purpose: UInt64 {
        case item = 1
        case album, grant, page
    }

    private let key: UInt64

    init(seed: UInt64) { key = SplitMix64.mix(seed ^ 0x6770_686F_746F_7321) }

    private static let charactersPerWord = 11
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    private func check(_ purpose: Purpose, _ first: UInt64, _ second: UInt64, _ context: UInt64) -> UInt64 {
        var word = SplitMix64.mix(key ^ purpose.rawValue)
        word = SplitMix64.mix(word ^ first)
        word = SplitMix64.mix(word &+ second)
        return SplitMix64.mix(word ^ context)
    }

    /// Appends the sealed form of two words.
    /// - Parameters:
    ///   - context: what the text is bound to, and is not carried in it, such as the hash of a query.
    ///   - fillers: words of 11 characters each that make it longer.
    func append(
        _ purpose: Purpose, _ first: UInt64, _ second: UInt64 = 0, context: UInt64 = 0, fillers: Int = 0,
        to bytes: inout [UInt8]
    ) {
        let check = check(purpose, first, second, context)
        Self.append(check, to: &bytes)
        Self.append(first ^ SplitMix64.mix(check &+ 1), to: &bytes)
        Self.append(second ^ SplitMix64.mix(check &+ 2), to: &bytes)
        for filler in 0..<fillers { Self.append(SplitMix64.mix(check &+ 3 &+ UInt64(filler)), to: &bytes) }
    }

    /// The two words of a text that ``append(_:_:_:context:fillers:to:)`` made; nil for any other.
    func open(
        _ purpose: Purpose, _ text: some Collection<UInt8>, context: UInt64 = 0, fillers: Int = 0
    ) -> (first: UInt64, second: UInt64)? {
        guard let words = Self.words(text), words.count == 3 + fillers else { return nil }
        let first = words[1] ^ SplitMix64.mix(words[0] &+ 1)
        let second = words[2] ^ SplitMix64.mix(words[0] &+ 2)
        guard check(purpose, first, second, context) == words[0] else { return nil }
        for filler in 0..<fillers where words[3 + filler] != SplitMix64.mix(words[0] &+ 3 &+ UInt64(filler)) {
            return nil
        }
        return (first, second)
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        var shift = 60
        while shift >= 0 {
            bytes.append(alphabet[Int(truncatingIfNeeded: word >> UInt64(shift)) & 63])
            shift -= 6
        }
    }

    private static func words(_ text: some Collection<UInt8>) -> [UInt64]? {
        guard text.count % charactersPerWord == 0 else { return nil }
        var words: [UInt64] = []
        var word: UInt64 = 0
        var position = 0
        for character in text {
            let value = values[Int(character)]
            // The first character of a word has four bits to carry.
            if value == 255 || position == 0 && value > 15 { return nil }
            word = word << 6 | UInt64(value)
            position += 1
            if position == charactersPerWord {
                words.append(word)
                word = 0
                position = 0
            }
        }
        return words
    }
}
