/// A QR code of a text (ISO/IEC 18004), in byte mode: black squares for the camera of a phone.
struct QRCode: Sendable, Hashable {
    /// How much of a code can be lost: 7 % or 15 %.
    enum Level: Int, Sendable, CaseIterable {
        case low, medium

        /// The two bits that stand for it in the code.
        var bits: Int { self == .low ? 0b01 : 0b00 }
    }

    let version: Int
    let level: Level
    let mask: Int
    /// Squares on each side.
    var size: Int { version * 4 + 17 }
    /// Row by row; true is black.
    let squares: [Bool]

    /// - Parameters:
    ///   - level: nil for the better one where it makes the code no larger.
    ///   - mask: 0 to 7; nil for the one that is read best.
    /// - Returns: nil where the text does not fit into any code: more than 2,953 bytes.
    init?(_ text: String, level wanted: Level? = nil, mask: Int? = nil) {
        let bytes = Array(text.utf8)
        let versions = 1...40
        func smallest(_ level: Level) -> Int? {
            versions.first { QRBlocks(version: $0, level: level).takes(bytes.count) }
        }
        guard let version = smallest(wanted ?? .low) else { return nil }
        self.version = version
        level = wanted ?? (smallest(.medium) == version ? .medium : .low)
        let words = QRBlocks(version: version, level: level).codewords(of: bytes)
        var best: (penalty: Int, mask: Int, squares: [Bool])?
        for candidate in mask.map({ $0...$0 }) ?? 0...7 {
            var drawing = QRDrawing(version: version)
            drawing.draw(words)
            drawing.apply(mask: candidate, level: level)
            let penalty = drawing.penalty
            if best.map({ penalty < $0.penalty }) ?? true { best = (penalty, candidate, drawing.squares) }
        }
        self.mask = best?.mask ?? 0
        squares = best?.squares ?? []
    }

    /// Whether a square is black; those outside are white.
    func isBlack(_ x: Int, _ y: Int) -> Bool {
        (0..<size).contains(x) && (0..<size).contains(y) && squares[y * size + x]
    }

    /// The code in half blocks, two rows to a line, with the margin of four squares that readers need.
    /// - Parameter colours: whether to draw black on white whatever the terminal's colours are; without, it has to be a
    ///   dark one.
    func text(colours: Bool) -> String {
        let margin = 4
        var lines = ""
        for y in stride(from: -margin, to: size + margin, by: 2) {
            // Black on white (ECMA-48, SGR).
            if colours { lines += "\u{1B}[30;107m" }
            for x in -margin..<size + margin {
                switch (isBlack(x, y) == colours, isBlack(x, y + 1) == colours) {
                case (true, true): lines += "\u{2588}"
                case (true, false): lines += "\u{2580}"
                case (false, true): lines += "\u{2584}"
                case (false, false): lines += " "
                }
            }
            lines += colours ? "\u{1B}[0m\n" : "\n"
        }
        return lines
    }
}

/// How the bytes of a code are split into blocks, each with bytes that correct errors (ISO/IEC 18004, table 9).
struct QRBlocks: Sendable {
    let version: Int
    /// Bytes of correction in each block.
    let correction: Int
    let count: Int

    private static let corrections: [[Int]] = [
        [
            7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30,
            30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
        ],
        [
            10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28,
            28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        ],
    ]
    private static let counts: [[Int]] = [
        [
            1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17,
            18, 19, 19, 20, 21, 22, 24, 25,
        ],
        [
            1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29,
            31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
        ],
    ]

    init(version: Int, level: QRCode.Level) {
        self.version = version
        correction = Self.corrections[level.rawValue][version - 1]
        count = Self.counts[level.rawValue][version - 1]
    }

    /// Bytes that a code of a version holds, data and correction: all squares without a fixed meaning.
    private var total: Int {
        var bits = (16 * version + 128) * version + 64
        if version > 1 {
            let alignments = version / 7 + 2
            bits -= (25 * alignments - 10) * alignments - 55
            if version > 6 { bits -= 36 }
        }
        return bits / 8
    }

    private var data: Int { total - correction * count }
    private var lengthBits: Int { version < 10 ? 8 : 16 }

    /// Whether so many bytes fit, with the four bits of the mode and their count before them.
    func takes(_ bytes: Int) -> Bool { 4 + lengthBits + bytes * 8 <= data * 8 }

    /// The text as it is drawn: data padded and split, each block with its correction, all interleaved.
    func codewords(of bytes: [UInt8]) -> [UInt8] {
        let blocks = split(padded(bytes))
        let corrections = blocks.map { ReedSolomon.correction(of: $0, count: correction) }
        var words: [UInt8] = []
        for index in 0..<(blocks.map(\.count).max() ?? 0) {
            for block in blocks where index < block.count { words.append(block[index]) }
        }
        for index in 0..<correction { for block in corrections { words.append(block[index]) } }
        return words
    }

    private func padded(_ bytes: [UInt8]) -> [UInt8] {
        var bits: [Bool] = []
        func append(_ value: Int, _ count: Int) {
            for shift in (0..<count).reversed() { bits.append(value >> shift & 1 == 1) }
        }
        append(0b0100, 4)
        append(bytes.count, lengthBits)
        for byte in bytes { append(Int(byte), 8) }
        // The end of the data: up to four zeros, then to the next whole byte.
        append(0, min(4, data * 8 - bits.count))
        append(0, (8 - bits.count % 8) % 8)
        var words = stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
        while words.count < data { words.append((words.count - bits.count / 8) % 2 == 0 ? 0xEC : 0x11) }
        return words
    }

    /// The last blocks have one byte more where the data does not divide.
    private func split(_ words: [UInt8]) -> [[UInt8]] {
        let short = data / count
        let longer = data % count
        var start = 0
        return (0..<count).map { index in
            let length = short + (index >= count - longer ? 1 : 0)
            defer { start += length }
            return Array(words[start..<start + length])
        }
    }
}

/// Bytes that correct errors (ISO/IEC 18004, annex A): the rest of a division of polynomials over GF(2^8).
enum ReedSolomon {
    static func correction(of data: [UInt8], count: Int) -> [UInt8] {
        let divisor = divisor(count)
        var rest = [UInt8](repeating: 0, count: count)
        for byte in data {
            let factor = byte ^ rest[0]
            rest = Array(rest.dropFirst()) + [0]
            for index in 0..<count { rest[index] ^= product(divisor[index], factor) }
        }
        return rest
    }

    /// (x - 1)(x - 2)(x - 4)..., without its first coefficient, which is 1.
    private static func divisor(_ degree: Int) -> [UInt8] {
        var coefficients = [UInt8](repeating: 0, count: degree)
        coefficients[degree - 1] = 1
        var root: UInt8 = 1
        for _ in 0..<degree {
            for index in 0..<degree {
                coefficients[index] = product(coefficients[index], root)
                if index + 1 < degree { coefficients[index] ^= coefficients[index + 1] }
            }
            root = product(root, 2)
        }
        return coefficients
    }

    /// In the field of x^8 + x^4 + x^3 + x^2 + 1.
    private static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var result = 0
        for shift in (0..<8).reversed() {
            result = result << 1 ^ (result >> 7) * 0x11D
            result ^= Int(right >> shift & 1) * Int(left)
        }
        return UInt8(truncatingIfNeeded: result)
    }
}
