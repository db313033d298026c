import ConnectorKit
import StrictJSON

/// What a connector says of itself in the handshake.
public struct ConnectorHello: Sendable, Hashable {
    public var name: String
    /// The version of the connector, not of the protocol.
    public var pluginVersion: String
    /// `importer`, `exporter`.
    public var roles: [String]
    public var capabilities: [String]
    /// The version of the protocol that it chose.
    var version: Int64
    /// Bytes of the longest line that it takes.
    var maxLine: Int
}

/// Everything that goes from the connector to the host.
enum ConnectorMessage: Sendable, Hashable, WireMessage {
    case hello(ConnectorHello)
    case ok(id: Int64, JSONObject)
    case error(id: Int64?, record: Int64?, of: String?, ConnectorError)
    case record(number: Int64, Record)
    case chunk(Chunk)
    case end(record: Int64, ContentEnd)
    case ready(id: Int64, credit: Int64)
    case credit(record: Int64, bytes: Int64)
    case result(record: Int64, RecordOutcome)
    case progress(id: Int64?, Progress)
    case log(LogLevel, String, pathname: String?, link: String? = nil)
    case configUpdate([String: String])
    case unknown(type: String)

    init(type: String, fields: WireFields) throws(ConnectorError) {
        func id() throws(ConnectorError) -> Int64 { try fields.integer("id", atLeast: 1) }
        func record() throws(ConnectorError) -> Int64 { try fields.integer("record", atLeast: 1) }
        switch type {
        case "hello": self = .hello(try ConnectorHello(fields))
        case "ok": self = .ok(id: try id(), fields.object)
        case "error":
            guard let error = try fields.optionalObject("error") else { throw fields.fault("error", "an object") }
            self = .error(
                id: try fields.optionalInteger("id", atLeast: 1),
                record: try fields.optionalInteger("record", atLeast: 1), of: try fields.optionalString("of"),
                try ConnectorError(WireFields(object: error)))
        case "record": self = .record(number: try record(), try Record(fields))
        case "chunk": self = .chunk(try Chunk(fields))
        case "end": self = .end(record: try record(), try ContentEnd(fields))
        case "ready": self = .ready(id: try id(), credit: try fields.integer("credit"))
        case "credit": self = .credit(record: try record(), bytes: try fields.integer("bytes"))
        case "result": self = .result(record: try record(), try RecordOutcome(fields))
        case "progress":
            self = .progress(
                id: try fields.optionalInteger("id", atLeast: 1),
                Progress(
                    phase: try fields.optionalString("phase") ?? "",
                    items: Int(try fields.optionalInteger("items") ?? 0),
                    itemsTotal: try fields.optionalInteger("items_total").map { Int($0) },
                    bytes: try fields.optionalInteger("bytes") ?? 0,
                    bytesTotal: try fields.optionalInteger("bytes_total")))
        case "log":
            guard let level = LogLevel(rawValue: try fields.string("level")) else {
                throw fields.fault("level", "debug, info, warning or error")
            }
            self = .log(
                level, try fields.string("message"), pathname: try fields.optionalString("pathname"),
                link: try fields.optionalString("link"))
        case "config-update":
            guard try fields.optionalObject("values") != nil else { throw fields.fault("values", "an object") }
            self = .configUpdate(try fields.stringMap("values"))
        default: self = .unknown(type: type)
        }
    }

    var frameLength: Int? { if case .chunk(let chunk) = self { chunk.frameLength } else { nil } }

    func carrying(_ frame: [UInt8]) -> ConnectorMessage {
        if case .chunk(let chunk) = self { .chunk(chunk.carrying(frame)) } else { self }
    }
}

extension ConnectorHello {
    init(_ fields: WireFields) throws(ConnectorError) {
        guard try fields.string("protocol") == Wire.name else { throw fields.fault("protocol", "\"\(Wire.name)\"") }
        let line = try fields.optionalInteger("max_line", atLeast: Int64(Wire.smallestMaxLine))
        self.init(
            name: try fields.optionalString("name") ?? "",
            pluginVersion: try fields.optionalString("plugin_version") ?? "",
            roles: try fields.strings("roles"), capabilities: try fields.strings("capabilities"),
            version: try fields.integer("version"), maxLine: line.map { Int($0) } ?? Wire.defaultMaxLine)
    }
}

extension RecordOutcome {
    init(_ fields: WireFields) throws(ConnectorError) {
        guard let status = RecordStatus(rawValue: try fields.string("status")) else {
            throw fields.fault("status", "stored, unchanged, skipped or failed")
        }
        let attributes = try fields.stringMap("attributes")
        var reason = ConnectorError(.internalDefect, "the connector does not say why")
        if let error = try fields.optionalObject("error") { reason = try ConnectorError(WireFields(object: error)) }
        switch status {
        case .stored: self = .stored(attributes)
        case .unchanged: self = .unchanged(attributes)
        case .skipped: self = .skipped(reason)
        case .failed: self = .failed(reason)
        }
    }
}
