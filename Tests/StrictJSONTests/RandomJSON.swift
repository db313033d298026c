import SeededRandom
import StrictJSON

/// Values of every kind, with the texts and numbers that go wrong.
extension JSON {
    static func random(levels: Int, using generator: inout SeededRandom) -> JSON {
        switch Int.random(in: 0..<(levels > 0 ? 9 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(randomInteger(using: &generator))
        case 3: return .number(randomNumber(using: &generator))
        case 4, 5: return .string(randomText(using: &generator))
        case 6, 7:
            let count = Int.random(in: 0...4, using: &generator)
            return .array((0..<count).map { _ in random(levels: levels - 1, using: &generator) })
        default:
            // Now and then more members than are compared one by one.
            let count = Int.random(in: 0..<8, using: &generator) == 0 ? 24 : Int.random(in: 0...4, using: &generator)
            let members = (0..<count).map { index in
                // The number makes the key new.
                JSONObject.Member(
                    key: "\(index):" + randomText(using: &generator),
                    value: random(levels: count > 4 ? 0 : levels - 1, using: &generator))
            }
            return .object(JSONObject(members))
        }
    }

    private static func randomInteger(using generator: inout SeededRandom) -> Int64 {
        let edges: [Int64] = [0, 1, -1, 9, 10, -10, 1 << 53, .max, .min]
        if Bool.random(using: &generator) { return edges.randomElement(using: &generator) ?? 0 }
        // All magnitudes alike.
        return Int64(truncatingIfNeeded: generator.next()) >> Int64.random(in: 0..<64, using: &generator)
    }

    private static func randomNumber(using generator: inout SeededRandom) -> Double {
        let edges: [Double] = [
            0, -0.0, 1, 0.1, 1e16, -1e21, 1e-7, .pi, .leastNonzeroMagnitude, .leastNormalMagnitude,
            .greatestFiniteMagnitude, 9_223_372_036_854_775_808,
        ]
        if Bool.random(using: &generator) { return edges.randomElement(using: &generator) ?? 0 }
        let number = Double(bitPattern: generator.next())
        return number.isFinite ? number : 0.5
    }

    private static func randomText(using generator: inout SeededRandom) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &generator) {
            let limit: UInt32 = [0x20, 0x80, 0x80, 0x800, 0x1_0000, 0x11_0000].randomElement(using: &generator) ?? 0x80
            // A surrogate is no scalar; its place is taken by the characters that need a backslash.
            let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator))
            text.append(scalar ?? (Bool.random(using: &generator) ? "\\" : "\""))
        }
        return String(text)
    }
}
