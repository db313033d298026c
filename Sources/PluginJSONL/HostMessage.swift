import ConnectorKit
import StrictJSON

/// What a host introduces itself with.
struct HostHello: Sendable, Hashable {
    var protocolName = Wire.name
    var versions: [Int64] = [Wire.version]
    var name: String
    var version: String
    var capabilities: [String]
    var maxLine = Wire.defaultMaxLine
}

/// Everything that goes from the host to the connector.
enum HostMessage: Sendable, Hashable, WireMessage {
    case hello(HostHello)
    case spec(id: Int64)
    case initialize(id: Int64, config: [String: String], options: ConnectorOptions)
    case ping(id: Int64)
    /// `fingerprint`: that of an earlier import of which the host has everything.
    case importRecords(id: Int64, window: Int64, state: String?, fingerprint: String? = nil)
    case export(id: Int64, window: Int64)
    case close(id: Int64)
    /// `isHashed`: whether the connector is to send the hash of the content with its end.
    case open(record: Int64, credit: Int64, offset: Int64, isHashed: Bool = true)
    case credit(record: Int64, bytes: Int64)
    case cancelRecord(Int64)
    case cancelRequest(id: Int64)
    case result(record: Int64, status: RecordStatus, holding: HeldContent? = nil)
    case record(number: Int64, Record)
    case chunk(Chunk)
    case end(record: Int64, ContentEnd)
    case finished(id: Int64)
    case unknown(type: String, id: Int64?)

    init(type: String, fields: WireFields) throws(ConnectorError) {
        func id() throws(ConnectorError) -> Int64 { try fields.integer("id", atLeast: 1) }
        func record() throws(ConnectorError) -> Int64 { try fields.integer("record", atLeast: 1) }
        switch type {
        case "hello": self = .hello(try HostHello(fields))
        case "spec": self = .spec(id: try id())
        case "init":
            let options = WireFields(object: try fields.optionalObject("options") ?? JSONObject())
            guard try fields.optionalObject("config") != nil else { throw fields.fault("config", "an object") }
            self = .initialize(
                id: try id(), config: try fields.stringMap("config"), options: try ConnectorOptions(options))
        case "ping": self = .ping(id: try id())
        case "import":
            self = .importRecords(
                id: try id(), window: try fields.integer("window", atLeast: 1),
                state: try fields.optionalString("state"), fingerprint: try fields.optionalString("fingerprint"))
        case "export": self = .export(id: try id(), window: try fields.integer("window", atLeast: 1))
        case "close": self = .close(id: try id())
        case "open":
            self = .open(
                record: try record(), credit: try fields.integer("credit"),
                offset: try fields.optionalInteger("offset") ?? 0, isHashed: try fields.flag("sha256", default: true))
        case "credit": self = .credit(record: try record(), bytes: try fields.integer("bytes"))
        case "cancel":
            if let number = try fields.optionalInteger("record", atLeast: 1) {
                self = .cancelRecord(number)
            } else {
                self = .cancelRequest(id: try id())
            }
        case "result":
            guard let status = RecordStatus(rawValue: try fields.string("status")) else {
                throw fields.fault("status", "stored, unchanged, skipped or failed")
            }
            self = .result(record: try record(), status: status, holding: HeldContent(fields))
        case "record": self = .record(number: try record(), try Record(fields))
        case "chunk": self = .chunk(try Chunk(fields))
        case "end": self = .end(record: try record(), try ContentEnd(fields))
        case "finished": self = .finished(id: try id())
        default: self = .unknown(type: type, id: try fields.optionalInteger("id", atLeast: 1))
        }
    }

    var frameLength: Int? { if case .chunk(let chunk) = self { chunk.frameLength } else { nil } }

    func carrying(_ frame: [UInt8]) -> HostMessage {
        if case .chunk(let chunk) = self { .chunk(chunk.carrying(frame)) } else { self }
    }
}

extension HeldContent {
    /// What is no hash and size tells nothing, and does no harm.
    fileprivate init?(_ fields: WireFields) {
        guard let sha256 = fields.object["sha256"]?.stringValue, let size = fields.object["size"]?.integerValue else {
            return nil
        }
        self.init(sha256: sha256, size: size)
    }
}

extension HostHello {
    init(_ fields: WireFields) throws(ConnectorError) {
        protocolName = try fields.string("protocol")
        guard let listed = fields.object["versions"]?.arrayValue else {
            throw fields.fault("versions", "a list of integers")
        }
        versions = []
        for version in listed {
            guard let version = version.integerValue else { throw fields.fault("versions", "a list of integers") }
            versions.append(version)
        }
        name = try fields.optionalString("name") ?? ""
        version = try fields.optionalString("version") ?? ""
        capabilities = try fields.strings("capabilities")
        maxLine = Int(
            try fields.optionalInteger("max_line", atLeast: Int64(Wire.smallestMaxLine)) ?? Int64(Wire.defaultMaxLine))
    }
}

extension ConnectorOptions {
    init(_ fields: WireFields) throws(ConnectorError) {
        let plain = ConnectorOptions()
        let concurrency = try fields.optionalInteger("max_concurrency", atLeast: 1)
        self.init(
            hostname: try fields.optionalString("hostname") ?? plain.hostname,
            os: try fields.optionalString("os") ?? plain.os, arch: try fields.optionalString("arch") ?? plain.arch,
            workingDirectory: try fields.optionalString("cwd") ?? plain.workingDirectory,
            maxConcurrency: concurrency.map { Int($0) } ?? plain.maxConcurrency,
            excludes: try fields.strings("excludes"), keepsState: try fields.flag("keeps_state", default: false))
    }
}
