/// Why a text is no JSON, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in words that hold nothing of the text itself (it may be a secret).
    public var reason: String
    /// Offset in bytes from the start.
    public var offset: Int

    public var description: String { "\(reason) at byte \(offset)" }
}

extension JSON {
    /// The most levels of arrays and objects that are read.
    public static let depthLimit = 64

    /// Reads exactly one JSON text.
    ///
    /// Refused: a byte order mark, invalid UTF-8, a lone surrogate, NaN and infinities, a key twice in one object, more
    /// than ``depthLimit`` levels, anything after the value but white space.
    public init(parsing bytes: [UInt8]) throws(JSONError) { self = try bytes.withUnsafeBufferPointer(JSON.parse).get() }

    public init(parsing bytes: ArraySlice<UInt8>) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer(JSON.parse).get()
    }

    public init(parsing text: String) throws(JSONError) {
        var text = text
        self = try text.withUTF8 { JSON.parse($0) }.get()
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<JSON, JSONError> {
        var parser = JSONParser(bytes: bytes)
        do throws(JSONError) {
            return .success(try parser.document())
        } catch {
            return .failure(error)
        }
    }
}

/// Recursive descent over a buffer that outlives it.
private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func document() throws(JSONError) -> JSON {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw failure("a byte order mark")
        }
        skipSpace()
        let value = try value()
        skipSpace()
        if position != bytes.count { throw failure("more text after the value") }
        return value
    }

    func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    mutating func value() throws(JSONError) -> JSON {
        guard position < bytes.count else { throw failure("the text ends early") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw failure("an unexpected character")
        }
    }

    mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count else { throw failure("the text ends early") }
        for index in 0..<count where bytes[position + index] != word.utf8Start[index] {
            throw failure("an unknown word")
        }
        position += count
        return value
    }

    mutating func descend() throws(JSONError) {
        depth += 1
        if depth > JSON.depthLimit { throw failure("more than \(JSON.depthLimit) levels") }
        position += 1
        skipSpace()
    }

    /// After an element: true where another follows, false at the closing character, which is taken.
    mutating func continues(until close: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard position < bytes.count else { throw failure("the text ends early") }
        if bytes[position] == close {
            position += 1
            depth -= 1
            return false
        }
        guard bytes[position] == UInt8(ascii: ",") else { throw failure("a missing comma") }
        position += 1
        skipSpace()
        return true
    }

    mutating func array() throws(JSONError) -> JSON {
        try descend()
        if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
            position += 1
            depth -= 1
            return .array([])
        }
        var elements: [JSON] = []
        repeat {
            elements.append(try value())
        } while try continues(until: UInt8(ascii: "]"))
        return .array(elements)
    }

    mutating func object() throws(JSONError) -> JSON {
        try descend()
        if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
            position += 1
            depth -= 1
            return .object(JSONObject())
        }
        var members: [JSONObject.Member] = []
        var seen: Set<[UInt8]>?
        repeat {
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw failure("a missing key") }
            let key = try string()
            // Small objects are compared one by one; a hostile large one must not cost quadratic time.
            if members.count == 16 { seen = Set(members.map { Array($0.key.utf8) }) }
            // Strings that are the same to Unicode may differ in bytes; those that are not do so for certain.
            let isNew =
                seen?.insert(Array(key.utf8)).inserted
                ?? !members.contains {
                    $0.key.utf8.count == key.utf8.count && $0.key == key && $0.key.utf8.elementsEqual(key.utf8)
                }
            if !isNew { throw failure("a key twice in one object") }
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw failure("a missing colon") }
            position += 1
            skipSpace()
            members.append(JSONObject.Member(key: key, value: try value()))
        } while try continues(until: UInt8(ascii: "}"))
        return .object(JSONObject(members))
    }

    mutating func digits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        return position - start
    }

    mutating func number() throws(JSONError) -> JSON {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let first = position
        let count = digits()
        if count == 0 { throw failure("a number without digits") }
        if count > 1, bytes[first] == UInt8(ascii: "0") { throw failure("a number with a leading zero") }
        var isInteger = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            if digits() == 0 { throw failure("a fraction without digits") }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            if digits() == 0 { throw failure("an exponent without digits") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw failure("a number out of range") }
        return .number(value)
    }

    /// A string, from its opening to its closing quote.
    mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        skipPlain()
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = try utf8(start..<position)
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw failure("a control character in a string") }
            position += 1
        }
        throw failure("the text ends within a string")
    }

    /// Passes over ASCII that neither ends a string nor needs a look, eight bytes at a time: most texts are nothing
    /// else.
    mutating func skipPlain() {
        guard let base = bytes.baseAddress else { return }
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops = ones << 7
        while position + 8 <= bytes.count {
            let word = UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
            // A top bit of each is set if and only if one of its bytes is in question (Warren, Hacker's Delight, 6-1).
            let quote = word ^ ones &* 0x22
            let backslash = word ^ ones &* 0x5C
            let found =
                (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word | word
            if found & tops != 0 { return }
            position += 8
        }
    }

    func utf8(_ range: Range<Int>) throws(JSONError) -> String {
        let part = UnsafeBufferPointer(rebasing: bytes[range])
        // ASCII is valid as it is; the check of everything else is generic, and slow for short texts.
        if part.isASCII { return String(decoding: part, as: UTF8.self) }
        guard let text = String(validating: part, as: UTF8.self) else {
            throw JSONError(reason: "invalid UTF-8", offset: range.lowerBound)
        }
        return text
    }

    mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = try utf8(start..<position)
        var plain = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                text += try utf8(plain..<position)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                text += try utf8(plain..<position)
                position += 1
                text.unicodeScalars.append(try escape())
                plain = position
            case 0..<0x20:
                throw failure("a control character in a string")
            default:
                position += 1
            }
        }
        throw failure("the text ends within a string")
    }

    mutating func escape() throws(JSONError) -> Unicode.Scalar {
        guard position < bytes.count else { throw failure("the text ends within a string") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let high = try hexUnit()
            if !(0xD800..<0xE000).contains(high), let scalar = Unicode.Scalar(high) { return scalar }
            guard high < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw failure("a lone surrogate") }
            position += 2
            let low = try hexUnit()
            guard (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            else { throw failure("a lone surrogate") }
            return scalar
        default: throw failure("an unknown escape")
        }
    }

    mutating func hexUnit() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure("the text ends within a string") }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            let byte = bytes[position]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw failure("a bad hexadecimal digit")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate var isASCII: Bool {
        var seen: UInt64 = 0
        var position = 0
        if let baseAddress {
            while position + 8 <= count {
                seen |= UnsafeRawPointer(baseAddress + position).loadUnaligned(as: UInt64.self)
                position += 8
            }
        }
        while position < count {
            seen |= UInt64(self[position])
            position += 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }
}
