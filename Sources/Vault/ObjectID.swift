import ConnectorKit

/// The name of a stored content: its SHA-256.
public struct ObjectID: Sendable, Hashable, CustomStringConvertible {
    /// The hash as four big-endian words: no allocation, however many there are.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Bytes in a hash.
    public static let length = 32

    /// - Returns: nil unless there are 32 bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        // Every form that hashes come in lies in one piece, and then costs no call for each byte.
        let words = bytes.withContiguousStorageIfAvailable { Self.words($0[...]) } ?? Self.words(Array(bytes)[...])
        guard let words else { return nil }
        self.words = words
    }

    private static func words(_ bytes: some RandomAccessCollection<UInt8>) -> (UInt64, UInt64, UInt64, UInt64)? {
        guard bytes.count == length else { return nil }
        func word(_ index: Int) -> UInt64 { bytes.dropFirst(index * 8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
        return (word(0), word(1), word(2), word(3))
    }

    /// - Returns: nil unless the text is 64 hexadecimal digits, in either case.
    public init?(hex: String) {
        guard hex.utf8.count == Self.length * 2, let bytes = [UInt8](hexadecimal: hex) else { return nil }
        self.init(bytes)
    }

    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String {
        String(unsafeUninitializedCapacity: Self.length * 2) { buffer in
            var index = 0
            for word in [words.0, words.1, words.2, words.3] {
                for shift in stride(from: 60, through: 0, by: -4) {
                    let digit = UInt8(truncatingIfNeeded: word >> shift) & 15
                    buffer[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                    index += 1
                }
            }
            return index
        }
    }

    public var description: String { hex }

    public static func == (left: ObjectID, right: ObjectID) -> Bool { left.words == right.words }

    public func hash(into hasher: inout Hasher) {
        // One word of a SHA-256 spreads as well as all four.
        hasher.combine(words.0)
    }
}
