/// Base64 as RFC 4648 section 4 has it, with padding: content inside of a JSON line.
enum Base64 {
    /// Two characters for each value of twelve bits, the first in the low byte.
    private static let pairs: [UInt16] = {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        return (0..<4096).map { UInt16(alphabet[$0 >> 6]) | UInt16(alphabet[$0 & 63]) << 8 }
    }()

    /// The six bits of each character; 0xFF for what is none.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        let length = (bytes.count + 2) / 3 * 4
        return [UInt8](unsafeUninitializedCapacity: length) { output, count in
            pairs.withUnsafeBufferPointer { pairs in
                bytes.withUnsafeBufferPointer { input in
                    var read = 0
                    var write = 0
                    func put(_ twelve: UInt32) {
                        let pair = pairs[Int(twelve)]
                        output[write] = UInt8(truncatingIfNeeded: pair)
                        output[write + 1] = UInt8(truncatingIfNeeded: pair >> 8)
                        write += 2
                    }
                    while read + 3 <= input.count {
                        let group = UInt32(input[read]) << 16 | UInt32(input[read + 1]) << 8 | UInt32(input[read + 2])
                        put(group >> 12)
                        put(group & 0xFFF)
                        read += 3
                    }
                    let left = input.count - read
                    if left > 0 {
                        let second = left == 2 ? UInt32(input[read + 1]) : 0
                        let group = UInt32(input[read]) << 16 | second << 8
                        put(group >> 12)
                        put(group & 0xFFF)
                        output[write - 1] = UInt8(ascii: "=")
                        if left == 1 { output[write - 2] = UInt8(ascii: "=") }
                    }
                }
            }
            count = length
        }
    }

    /// The bytes; nil where the text is not the one base64 text of any bytes.
    static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode($0) }
    }

    private static func decode(_ input: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard input.count % 4 == 0 else { return nil }
        if input.isEmpty { return [] }
        let equals = UInt8(ascii: "=")
        let padding = input[input.count - 1] != equals ? 0 : input[input.count - 2] != equals ? 1 : 2
        let length = input.count / 4 * 3 - padding
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: length + padding) { output, count in
            values.withUnsafeBufferPointer { values in
                let whole = padding == 0 ? input.count : input.count - 4
                var read = 0
                var write = 0
                var seen: UInt8 = 0
                while read < whole {
                    let (a, b) = (values[Int(input[read])], values[Int(input[read + 1])])
                    let (c, d) = (values[Int(input[read + 2])], values[Int(input[read + 3])])
                    seen |= a | b | c | d
                    output[write] = a << 2 | b >> 4
                    output[write + 1] = b << 4 | c >> 2
                    output[write + 2] = c << 6 | d
                    read += 4
                    write += 3
                }
                if padding > 0 {
                    let (a, b) = (values[Int(input[read])], values[Int(input[read + 1])])
                    let c = padding == 1 ? values[Int(input[read + 2])] : 0
                    seen |= a | b | c
                    output[write] = a << 2 | b >> 4
                    if padding == 1 { output[write + 1] = b << 4 | c >> 2 }
                    // Bits that no byte uses must be zero (RFC 4648, section 3.5).
                    if padding == 1 ? c & 3 != 0 : b & 15 != 0 { isValid = false }
                }
                // 0xFF is the only entry with a high bit.
                if seen & 0x80 != 0 { isValid = false }
            }
            count = length
        }
        return isValid ? bytes : nil
    }
}
