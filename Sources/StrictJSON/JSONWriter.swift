/// Writes JSON into bytes, without building a value first: what a message per file and per chunk needs.
///
/// The caller keeps objects and arrays balanced; commas are the writer's.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init(reservingCapacity capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    /// The key of the next value.
    public mutating func key(_ key: String) {
        separate()
        appendQuoted(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func value(_ text: String) {
        separate()
        appendQuoted(text)
        needsComma = true
    }

    // Not generic: a generic that is called from another module is not specialised, and this is called for every record.
    public mutating func value(_ integer: Int64) {
        separate()
        appendDecimal(integer)
        needsComma = true
    }

    public mutating func value(_ integer: Int) { value(Int64(integer)) }
    public mutating func value(_ integer: UInt16) { value(Int64(integer)) }

    public mutating func value(_ flag: Bool) { raw(flag ? "true" : "false") }

    public mutating func null() { raw("null") }

    /// NaN and infinities, which JSON does not have, become null.
    public mutating func value(_ number: Double) { raw(number.isFinite ? number.description : "null") }

    public mutating func value(_ json: JSON) {
        switch json {
        case .null: null()
        case .bool(let flag): value(flag)
        case .integer(let integer): value(integer)
        case .number(let number): value(number)
        case .string(let text): value(text)
        case .array(let elements):
            beginArray()
            for element in elements { value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                value(member.value)
            }
            endObject()
        }
    }

    /// A string value of bytes that need no escaping, such as base64.
    public mutating func value(unescaped text: [UInt8]) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    public mutating func newline() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    /// The bytes so far; the writer is empty afterwards and keeps its memory only if the caller copies.
    public mutating func take() -> [UInt8] {
        defer {
            bytes = []
            needsComma = false
        }
        return bytes
    }

    private mutating func raw(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    private mutating func appendDecimal(_ integer: Int64) {
        if integer < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = integer.magnitude
        var scale: UInt64 = 1
        while rest / scale >= 10 { scale *= 10 }
        while scale > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(rest / scale))
            rest %= scale
            scale /= 10
        }
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var plain = 0
            for index in utf8.indices {
                let byte = utf8[index]
                if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plain..<index]))
                plain = index + 1
                bytes.append(UInt8(ascii: "\\"))
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
                case 0x0A: bytes.append(UInt8(ascii: "n"))
                case 0x0D: bytes.append(UInt8(ascii: "r"))
                case 0x09: bytes.append(UInt8(ascii: "t"))
                default:
                    // Below 0x20, so the first three digits are 0, 0 and 0 or 1.
                    bytes.append(contentsOf: "u00".utf8)
                    bytes.append(UInt8(ascii: "0") + byte >> 4)
                    let low = byte & 15
                    bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
                }
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plain...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension JSON {
    /// The value on one line, without white space.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.take()
    }

    /// The value on one line, without white space.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The value over several lines, indented by two blanks: for people.
    public var prettyText: String { pretty(indent: "") }

    private func pretty(indent: String) -> String {
        let deeper = indent + "  "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { deeper + $0.pretty(indent: deeper) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let object) where !object.members.isEmpty:
            let lines = object.members.map {
                deeper + JSON.string($0.key).text + ": " + $0.value.pretty(indent: deeper)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        default:
            return text
        }
    }
}
