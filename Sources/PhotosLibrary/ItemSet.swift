import Foundation

/// A set of numbers that begin at 1 and have few gaps, as those of the index do: a bit each. A million items take 125 KB.
public struct ItemSet: Sendable, Hashable {
    /// Without zeros at its end, so that equal sets are equal.
    private var words: [UInt64] = []

    public init() {}

    /// Numbers that no index gives, which would take all the memory there is, are left out.
    mutating func insert(_ number: Int64) {
        guard number >= 0, number < Self.end else { return }
        let word = Int(number >> 6)
        if word >= words.count { words.append(contentsOf: repeatElement(0, count: word + 1 - words.count)) }
        words[word] |= 1 << UInt64(number & 63)
    }

    private static let end: Int64 = 1 << 31

    public func contains(_ number: Int64) -> Bool {
        let word = Int(number >> 6)
        return words.indices.contains(word) && words[word] & (1 << UInt64(number & 63)) != 0
    }

    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    public var isEmpty: Bool { words.isEmpty }

    func union(_ other: ItemSet) -> ItemSet { combined(with: other, |) }
    func intersection(_ other: ItemSet) -> ItemSet { combined(with: other, &) }
    func subtracting(_ other: ItemSet) -> ItemSet { combined(with: other) { $0 & ~$1 } }
    func symmetricDifference(_ other: ItemSet) -> ItemSet { combined(with: other, ^) }

    private func combined(with other: ItemSet, _ operation: (UInt64, UInt64) -> UInt64) -> ItemSet {
        var result = ItemSet()
        result.words = (0..<max(words.count, other.words.count)).map { index in
            operation(
                index < words.count ? words[index] : 0, index < other.words.count ? other.words[index] : 0)
        }
        while result.words.last == 0 { result.words.removeLast() }
        return result
    }

    /// The members, from the lowest on.
    var numbers: [Int64] {
        var numbers: [Int64] = []
        for (index, word) in words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                numbers.append(Int64(index) << 6 + Int64(rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return numbers
    }
}

extension ItemSet {
    /// Eight bytes a word, the lowest first.
    var data: Data {
        words.reduce(into: Data(capacity: words.count * 8)) { data, word in
            withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) }
        }
    }

    init(_ data: Data) {
        words = data.withUnsafeBytes { bytes in
            (0..<bytes.count / 8).map {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
            }
        }
        while words.last == 0 { words.removeLast() }
    }
}
