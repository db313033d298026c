import Foundation
import SeededRandom
import StrictJSON
import Testing

struct RoundTripTests {
    @Test func writtenAndRead() throws {
        for seed in UInt64(0)..<1500 {
            var generator = SeededRandom(seed: seed)
            let value = JSON.random(levels: 4, using: &generator)
            let bytes = value.bytes
            let parsed = try JSON(parsing: bytes)
            #expect(parsed == value, "seed \(seed)")
            // Equality passes over the sign of zero and the form of an accent; the bytes do not.
            #expect(parsed.bytes == bytes, "seed \(seed)")
            #expect(!bytes.contains(UInt8(ascii: "\n")), "seed \(seed)")
            #expect(try JSON(parsing: value.text).bytes == bytes, "seed \(seed)")
            #expect(try JSON(parsing: value.prettyText).bytes == bytes, "seed \(seed)")
        }
    }

    /// Another reader must understand what is written as it was meant.
    @Test func readByFoundation() throws {
        for seed in UInt64(10_000)..<10_500 {
            var generator = SeededRandom(seed: seed)
            let value = JSON.random(levels: 3, using: &generator)
            let read = try JSONSerialization.jsonObject(with: Data(value.bytes), options: .fragmentsAllowed)
            #expect(value.isSame(as: read), "seed \(seed)")
        }
    }

    /// What another writer writes is read as it was meant.
    @Test func writtenByFoundation() throws {
        for seed in UInt64(20_000)..<20_300 {
            var generator = SeededRandom(seed: seed)
            let value = JSON.random(levels: 3, using: &generator)
            let read = try JSONSerialization.jsonObject(with: Data(value.bytes), options: .fragmentsAllowed)
            let data = try JSONSerialization.data(withJSONObject: read, options: [.fragmentsAllowed, .prettyPrinted])
            #expect(try JSON(parsing: Array(data)).isSame(as: read), "seed \(seed)")
        }
    }
}

extension JSON {
    /// Whether Foundation's reading of a text means this value. It keeps no order and no kinds of numbers.
    fileprivate func isSame(as other: Any) -> Bool {
        switch self {
        case .null: return other is NSNull
        case .bool(let flag): return other as? Bool == flag
        case .integer(let integer): return (other as? NSNumber)?.int64Value == integer
        case .number(let number): return (other as? NSNumber).map { $0.isSame(as: number) } ?? false
        case .string(let text): return (other as? String).map { $0.utf8.elementsEqual(text.utf8) } ?? false
        case .array(let elements):
            guard let others = other as? [Any], others.count == elements.count else { return false }
            return zip(elements, others).allSatisfy { $0.isSame(as: $1) }
        case .object(let object):
            guard let others = other as? [String: Any], others.count == object.members.count else { return false }
            return object.members.allSatisfy { member in others[member.key].map { member.value.isSame(as: $0) } ?? false
            }
        }
    }
}

extension NSNumber {
    /// Foundation keeps some numbers as decimals, whose conversion is off by the last bits; their digits are exact.
    fileprivate func isSame(as number: Double) -> Bool { doubleValue == number || Double(description) == number }
}
