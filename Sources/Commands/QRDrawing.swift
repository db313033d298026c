/// A QR code while it is drawn: the patterns that readers look for, the data between them, and the mask over it
/// (ISO/IEC 18004, sections 6.3, 7.7 and 7.8).
struct QRDrawing: Sendable {
    private let version: Int
    private let size: Int
    private(set) var squares: [Bool]
    /// Squares with a fixed meaning, which hold no data.
    private var isFixed: [Bool]

    init(version: Int) {
        self.version = version
        size = version * 4 + 17
        squares = Array(repeating: false, count: size * size)
        isFixed = squares
        for index in 0..<size {
            fix(6, index, index % 2 == 0)
            fix(index, 6, index % 2 == 0)
        }
        for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] { drawFinder(x, y) }
        drawAlignments()
        // Reserved now, filled in with the mask.
        drawFormat(0)
        drawVersion()
    }

    private mutating func fix(_ x: Int, _ y: Int, _ isBlack: Bool) {
        squares[y * size + x] = isBlack
        isFixed[y * size + x] = true
    }

    // MARK: - Patterns

    private mutating func drawFinder(_ centreX: Int, _ centreY: Int) {
        for dy in -4...4 {
            for dx in -4...4 {
                let (x, y) = (centreX + dx, centreY + dy)
                guard (0..<size).contains(x), (0..<size).contains(y) else { continue }
                let ring = max(abs(dx), abs(dy))
                fix(x, y, ring != 2 && ring != 4)
            }
        }
    }

    private mutating func drawAlignments() {
        let centres = alignmentCentres
        for (row, y) in centres.enumerated() {
            for (column, x) in centres.enumerated() {
                let last = centres.count - 1
                // There are finders in these corners.
                if (row, column) == (0, 0) || (row, column) == (0, last) || (row, column) == (last, 0) { continue }
                for dy in -2...2 { for dx in -2...2 { fix(x + dx, y + dy, max(abs(dx), abs(dy)) != 1) } }
            }
        }
    }

    /// Annex E: evenly spaced from the end, by even steps.
    private var alignmentCentres: [Int] {
        if version == 1 { return [] }
        let count = version / 7 + 2
        let step = version == 32 ? 26 : (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2
        return [6] + (0..<count - 1).reversed().map { size - 7 - $0 * step }
    }

    /// The level and the mask, twice: 15 bits that correct up to three errors.
    private mutating func drawFormat(_ bits: Int) {
        func bit(_ index: Int) -> Bool { bits >> index & 1 == 1 }
        for index in 0..<6 { fix(8, index, bit(index)) }
        fix(8, 7, bit(6))
        fix(8, 8, bit(7))
        fix(7, 8, bit(8))
        for index in 9..<15 { fix(14 - index, 8, bit(index)) }
        for index in 0..<8 { fix(size - 1 - index, 8, bit(index)) }
        for index in 8..<15 { fix(8, size - 15 + index, bit(index)) }
        fix(8, size - 8, true)
    }

    static func formatBits(level: QRCode.Level, mask: Int) -> Int {
        let data = level.bits << 3 | mask
        var rest = data
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
        return (data << 10 | rest) ^ 0x5412
    }

    static func versionBits(_ version: Int) -> Int {
        var rest = version
        for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1F25 }
        return version << 12 | rest
    }

    private mutating func drawVersion() {
        if version < 7 { return }
        let bits = Self.versionBits(version)
        for index in 0..<18 {
            let isBlack = bits >> index & 1 == 1
            let (far, near) = (size - 11 + index % 3, index / 3)
            fix(far, near, isBlack)
            fix(near, far, isBlack)
        }
    }

    // MARK: - Data

    /// Two columns at a time from the right, up and down in turn, around what is fixed.
    mutating func draw(_ words: [UInt8]) {
        var next = 0
        for right in stride(from: size - 1, through: 1, by: -2) {
            // The column of the timing pattern is passed over.
            let right = right <= 6 ? right - 1 : right
            let isUpward = (right + 1) & 2 == 0
            for step in 0..<size {
                let y = isUpward ? size - 1 - step : step
                for x in [right, right - 1] where !isFixed[y * size + x] && next < words.count * 8 {
                    squares[y * size + x] = words[next / 8] >> (7 - next % 8) & 1 == 1
                    next += 1
                }
            }
        }
    }

    mutating func apply(mask: Int, level: QRCode.Level) {
        for y in 0..<size {
            for x in 0..<size where !isFixed[y * size + x] && Self.isInverted(x, y, mask) {
                squares[y * size + x].toggle()
            }
        }
        drawFormat(Self.formatBits(level: level, mask: mask))
    }

    private static func isInverted(_ x: Int, _ y: Int, _ mask: Int) -> Bool {
        switch mask {
        case 0: (x + y) % 2 == 0
        case 1: y % 2 == 0
        case 2: x % 3 == 0
        case 3: (x + y) % 3 == 0
        case 4: (x / 3 + y / 2) % 2 == 0
        case 5: x * y % 2 + x * y % 3 == 0
        case 6: (x * y % 2 + x * y % 3) % 2 == 0
        default: ((x + y) % 2 + x * y % 3) % 2 == 0
        }
    }

    // MARK: - Penalty

    /// How hard the code is to read: the mask with the least is taken (section 7.8.3).
    var penalty: Int {
        var sum = 0
        for line in 0..<size {
            sum += Self.penalty(ofLine: (0..<size).map { squares[line * size + $0] })
            sum += Self.penalty(ofLine: (0..<size).map { squares[$0 * size + line] })
        }
        for y in 0..<size - 1 {
            for x in 0..<size - 1 {
                let start = y * size + x
                let first = squares[start]
                if squares[start + 1] == first, squares[start + size] == first, squares[start + size + 1] == first {
                    sum += 3
                }
            }
        }
        let black = squares.count { $0 }
        // Ten for each 5 % away from a half.
        sum += abs(black * 20 - squares.count * 10) / squares.count * 10
        return sum
    }

    /// Long runs, and what looks like a finder: black 1:1:3:1:1 with four white on one side.
    private static func penalty(ofLine line: [Bool]) -> Int {
        var sum = 0
        var run = 0
        for (index, isBlack) in line.enumerated() {
            run = index > 0 && line[index - 1] == isBlack ? run + 1 : 1
            if run == 5 { sum += 3 } else if run > 5 { sum += 1 }
        }
        let finder = [true, false, true, true, true, false, true]
        for start in 0...line.count - 7 where Array(line[start..<start + 7]) == finder {
            func isWhite(_ range: Range<Int>) -> Bool {
                range.allSatisfy { !line.indices.contains($0) || !line[$0] }
            }
            if isWhite(start - 4..<start) { sum += 40 }
            if isWhite(start + 7..<start + 11) { sum += 40 }
        }
        return sum
    }
}
