import ConnectorKit
import StrictJSON

extension HostMessage {
    /// The message as it crosses the wire, in one part or, for a record or a raw frame, several.
    func encoded(raw: Bool) -> [[UInt8]] {
        switch self {
        case .chunk(let chunk): return chunk.encoded(raw: raw)
        case .record(let number, let record): return record.encoded(number: number)
        default: break
        }
        var writer = JSONWriter(reservingCapacity: 256 + stateLength)
        write(to: &writer)
        return [writer.take()]
    }

    /// Bytes of what can be much longer than all the rest.
    private var stateLength: Int {
        if case .importRecords(_, _, let state, _) = self { state?.utf8.count ?? 0 } else { 0 }
    }

    /// Appends the line of a message that is neither a record nor a chunk.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeFields(to: &writer)
        writer.endObject()
        writer.newline()
    }

    private func writeFields(to writer: inout JSONWriter) {
        switch self {
        case .hello(let hello): hello.write(to: &writer)
        case .spec(let id): writer.message("spec", id: id)
        case .initialize(let id, let config, let options):
            writer.message("init", id: id)
            writer.key("config")
            writer.value(map: config)
            writer.key("options")
            options.write(to: &writer)
        case .ping(let id): writer.message("ping", id: id)
        case .importRecords(let id, let window, let state, let fingerprint):
            writer.message("import", id: id)
            writer.key("window")
            writer.value(window)
            writer.key("state")
            if let state { writer.value(state) } else { writer.null() }
            if let fingerprint {
                writer.key("fingerprint")
                writer.value(fingerprint)
            }
        case .export(let id, let window):
            writer.message("export", id: id)
            writer.key("window")
            writer.value(window)
        case .close(let id): writer.message("close", id: id)
        case .open(let record, let credit, let offset, let isHashed):
            writer.message("open", record: record)
            writer.key("credit")
            writer.value(credit)
            if offset > 0 {
                writer.key("offset")
                writer.value(offset)
            }
            if !isHashed {
                writer.key("sha256")
                writer.value(false)
            }
        case .credit(let record, let bytes):
            writer.message("credit", record: record)
            writer.key("bytes")
            writer.value(bytes)
        case .cancelRecord(let record): writer.message("cancel", record: record)
        case .cancelRequest(let id): writer.message("cancel", id: id)
        case .result(let record, let status, let content):
            writer.message("result", record: record)
            writer.key("status")
            writer.value(status.rawValue)
            if let content {
                writer.key("sha256")
                writer.value(content.sha256)
                writer.key("size")
                writer.value(content.size)
            }
        case .end(let record, let end): end.write(record: record, to: &writer)
        case .finished(let id): writer.message("finished", id: id)
        case .unknown(let type, let id):
            writer.key("type")
            writer.value(type)
            if let id {
                writer.key("id")
                writer.value(id)
            }
        case .record, .chunk: break  // written by `encoded`
        }
    }
}

extension HostHello {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.key("type")
        writer.value("hello")
        writer.key("protocol")
        writer.value(protocolName)
        writer.key("versions")
        writer.value(.array(versions.map { .integer($0) }))
        writer.key("name")
        writer.value(name)
        writer.key("version")
        writer.value(version)
        writer.key("capabilities")
        writer.value(.array(capabilities.map { .string($0) }))
        writer.key("max_line")
        writer.value(maxLine)
    }
}

extension ConnectorOptions {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("hostname")
        writer.value(hostname)
        writer.key("os")
        writer.value(os)
        writer.key("arch")
        writer.value(arch)
        writer.key("cwd")
        writer.value(workingDirectory)
        writer.key("max_concurrency")
        writer.value(maxConcurrency)
        writer.key("excludes")
        writer.value(.array(excludes.map { .string($0) }))
        if keepsState {
            writer.key("keeps_state")
            writer.value(true)
        }
        writer.endObject()
    }
}

extension JSONWriter {
    /// The type of a message, and the request that it is or answers.
    mutating func message(_ type: String, id: Int64) {
        key("type")
        value(type)
        key("id")
        value(id)
    }

    /// The type of a message, and the record that it is about.
    mutating func message(_ type: String, record: Int64) {
        key("type")
        value(type)
        key("record")
        value(record)
    }
}
