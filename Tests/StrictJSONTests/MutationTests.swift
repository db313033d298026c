import Foundation
import SeededRandom
import StrictJSON
import Testing

/// Damaged texts: each is read or refused, never a crash, and what is read is JSON for others too.
struct MutationTests {
    @Test func damagedTexts() {
        var accepted = 0
        var refused = 0
        for seed in UInt64(0)..<6000 {
            var generator = SeededRandom(seed: seed)
            var bytes = JSON.random(levels: 3, using: &generator).bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) { damage(&bytes, using: &generator) }
            do throws(JSONError) {
                let value = try JSON(parsing: bytes)
                accepted += 1
                #expect((try? JSON(parsing: value.bytes)) == value, "seed \(seed)")
                #expect(throws: Never.self, "seed \(seed)") {
                    try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
                }
            } catch {
                refused += 1
                #expect((0...bytes.count).contains(error.offset), "seed \(seed)")
                #expect(JSONError.knownReasons.contains(error.reason), "seed \(seed): \(error.reason)")
            }
        }
        // Both ends of the test must be reached for it to say anything.
        #expect(accepted > 500)
        #expect(refused > 500)
    }

    /// No true beginning of an object, array or string is a text of its own.
    @Test func cutTexts() {
        for seed in UInt64(0)..<200 {
            var generator = SeededRandom(seed: seed)
            let bytes = JSON.array([.random(levels: 3, using: &generator)]).bytes
            for count in 0..<bytes.count {
                #expect(throws: JSONError.self, "seed \(seed), \(count) bytes") { try JSON(parsing: bytes[..<count]) }
            }
        }
    }

    @Test func noise() {
        for seed in UInt64(0)..<5000 {
            var generator = SeededRandom(seed: seed)
            let alphabet = Array(#"{}[]",:\u0123dDeE+-.trufalsn "#.utf8) + [0, 0x1F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            guard let value = try? JSON(parsing: bytes) else { continue }
            #expect(throws: Never.self, "seed \(seed)") { try JSON(parsing: value.bytes) }
        }
    }

    private func damage(_ bytes: inout [UInt8], using generator: inout SeededRandom) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        let marks = Array(#"{}[]",:\ 019eE+-.tn"#.utf8)
        let mark = marks.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes.insert(mark, at: place)
        case 1 where place < bytes.count: bytes[place] = mark
        case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 3 where place < bytes.count: bytes.remove(at: place)
        case 4 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        default:
            let end = Int.random(in: place...bytes.count, using: &generator)
            bytes.insert(contentsOf: bytes[place..<end].prefix(8), at: place)
        }
    }
}
