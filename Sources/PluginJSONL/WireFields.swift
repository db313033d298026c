import ConnectorKit
import StrictJSON

/// The fields of one message, read strictly: what is missing or of the wrong kind is a protocol error.
struct WireFields {
    let object: JSONObject

    /// The largest integer of the protocol: all below 2^53 survive every JSON library.
    static let largestInteger: Int64 = 1 << 53 - 1

    func fault(_ key: String, _ expected: String) -> ConnectorError {
        ConnectorError(.protocolViolation, "the field \(key) must be \(expected)")
    }

    /// The value; nil where it is absent or null.
    func optional(_ key: String) -> JSON? {
        let value = object[key]
        if case .null? = value { return nil }
        return value
    }

    func optionalString(_ key: String) throws(ConnectorError) -> String? {
        guard let value = optional(key) else { return nil }
        guard case .string(let text) = value else { throw fault(key, "a string") }
        return text
    }

    func string(_ key: String) throws(ConnectorError) -> String {
        guard let text = try optionalString(key) else { throw fault(key, "a string") }
        return text
    }

    func optionalInteger(_ key: String, atLeast least: Int64 = 0) throws(ConnectorError) -> Int64? {
        guard let value = optional(key) else { return nil }
        guard let integer = value.integerValue, (least...Self.largestInteger).contains(integer) else {
            throw fault(key, "an integer from \(least) to 2^53 - 1")
        }
        return integer
    }

    func integer(_ key: String, atLeast least: Int64 = 0) throws(ConnectorError) -> Int64 {
        guard let integer = try optionalInteger(key, atLeast: least) else {
            throw fault(key, "an integer from \(least) to 2^53 - 1")
        }
        return integer
    }

    func flag(_ key: String, default fallback: Bool = false) throws(ConnectorError) -> Bool {
        guard let value = optional(key) else { return fallback }
        guard case .bool(let flag) = value else { throw fault(key, "true or false") }
        return flag
    }

    func optionalObject(_ key: String) throws(ConnectorError) -> JSONObject? {
        guard let value = optional(key) else { return nil }
        guard case .object(let object) = value else { throw fault(key, "an object") }
        return object
    }

    /// A list of strings; empty where it is absent.
    func strings(_ key: String) throws(ConnectorError) -> [String] {
        guard let value = optional(key) else { return [] }
        guard case .array(let elements) = value else { throw fault(key, "a list of strings") }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element else { throw fault(key, "a list of strings") }
            texts.append(text)
        }
        return texts
    }

    /// A map of strings to strings; empty where it is absent.
    func stringMap(_ key: String) throws(ConnectorError) -> [String: String] {
        guard let members = try optionalObject(key)?.members, !members.isEmpty else { return [:] }
        var map: [String: String] = [:]
        for member in members {
            guard case .string(let text) = member.value else { throw fault(key, "an object of strings") }
            map[member.key] = text
        }
        return map
    }

    /// A map of integers; what is no integer in it is left out.
    func counts(_ key: String) throws(ConnectorError) -> [String: Int64] {
        var map: [String: Int64] = [:]
        for member in try optionalObject(key)?.members ?? [] { map[member.key] = member.value.integerValue }
        return map
    }
}

/// A message that can be read from a line.
protocol WireMessage: Sendable {
    init(type: String, fields: WireFields) throws(ConnectorError)

    /// The bytes that follow the line, for a chunk in a raw frame.
    var frameLength: Int? { get }
    /// The same message with what followed.
    func carrying(_ frame: [UInt8]) -> Self
}

extension WireMessage {
    /// Reads one line.
    /// - Throws: ``ConnectorError`` with code `protocol`, which is fatal.
    init(line: ArraySlice<UInt8>) throws(ConnectorError) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: line)
        } catch {
            throw ConnectorError(.protocolViolation, "a line is not JSON: \(error)")
        }
        guard case .object(let object) = json else {
            throw ConnectorError(.protocolViolation, "a line is not a JSON object")
        }
        let fields = WireFields(object: object)
        self = try Self(type: try fields.string("type"), fields: fields)
    }
}

/// The protocol's constants (docs/protocol.md, "Transport").
enum Wire {
    static let name = "kloset.jsonl"
    static let version: Int64 = 1
    static let rawChunks = "raw-chunks"
    static let configUpdate = "config-update"
    /// Bytes of a line, without its end, before the other side said otherwise.
    static let defaultMaxLine = 8_388_608
    static let smallestMaxLine = 65_536
    /// Bytes of content in one chunk.
    static let largestChunk = 1_048_576
}
