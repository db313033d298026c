import ConnectorKit
import StrictJSON

extension ConnectorMessage {
    /// The message as it crosses the wire, in one part or, for a record or a raw frame, several.
    func encoded(raw: Bool) -> [[UInt8]] {
        switch self {
        case .chunk(let chunk): return chunk.encoded(raw: raw)
        case .record(let number, let record): return record.encoded(number: number)
        default: break
        }
        var writer = JSONWriter(reservingCapacity: 256 + stateLength)
        writer.beginObject()
        writeFields(to: &writer)
        writer.endObject()
        writer.newline()
        return [writer.take()]
    }

    /// Bytes of what can be much longer than all the rest.
    private var stateLength: Int {
        if case .ok(_, let fields) = self { fields["state"]?.stringValue?.utf8.count ?? 0 } else { 0 }
    }

    private func writeFields(to writer: inout JSONWriter) {
        switch self {
        case .hello(let hello): hello.write(to: &writer)
        case .ok(let id, let object):
            writer.message("ok", id: id)
            for member in object.members {
                writer.key(member.key)
                writer.value(member.value)
            }
        case .error(let id, let record, let type, let error):
            writer.key("type")
            writer.value("error")
            writer.member("id", id)
            writer.member("record", record)
            if let type {
                writer.key("of")
                writer.value(type)
            }
            writer.key("error")
            error.write(to: &writer)
        case .end(let record, let end): end.write(record: record, to: &writer)
        case .ready(let id, let credit):
            writer.message("ready", id: id)
            writer.member("credit", credit)
        case .credit(let record, let bytes):
            writer.message("credit", record: record)
            writer.member("bytes", bytes)
        case .result(let record, let outcome):
            writer.message("result", record: record)
            outcome.write(to: &writer)
        case .progress(let id, let progress):
            writer.key("type")
            writer.value("progress")
            writer.member("id", id)
            progress.write(to: &writer)
        case .log(let level, let message, let pathname, let link):
            writer.key("type")
            writer.value("log")
            writer.key("level")
            writer.value(level.rawValue)
            writer.key("message")
            writer.value(message)
            if let pathname {
                writer.key("pathname")
                writer.value(pathname)
            }
            if let link {
                writer.key("link")
                writer.value(link)
            }
        case .configUpdate(let values):
            writer.key("type")
            writer.value("config-update")
            writer.key("values")
            writer.value(map: values)
        case .unknown(let type):
            writer.key("type")
            writer.value(type)
        case .record, .chunk: break  // written by `encoded`
        }
    }
}

extension ConnectorHello {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.key("type")
        writer.value("hello")
        writer.key("protocol")
        writer.value(Wire.name)
        writer.member("version", version)
        writer.key("name")
        writer.value(name)
        writer.key("plugin_version")
        writer.value(pluginVersion)
        writer.key("roles")
        writer.value(.array(roles.map { .string($0) }))
        writer.key("capabilities")
        writer.value(.array(capabilities.map { .string($0) }))
        writer.key("max_line")
        writer.value(maxLine)
    }
}

extension RecordOutcome {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.key("status")
        writer.value(status.rawValue)
        if !attributes.isEmpty {
            writer.key("attributes")
            writer.value(map: attributes)
        }
        if let error {
            writer.key("error")
            error.write(to: &writer)
        }
    }
}

extension Progress {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.key("phase")
        writer.value(phase)
        writer.key("items")
        writer.value(items)
        writer.key("items_total")
        if let itemsTotal { writer.value(itemsTotal) } else { writer.null() }
        writer.key("bytes")
        writer.value(bytes)
        writer.key("bytes_total")
        if let bytesTotal { writer.value(bytesTotal) } else { writer.null() }
    }
}

extension JSONWriter {
    /// A member that is left out where there is no value.
    fileprivate mutating func member(_ name: String, _ integer: Int64?) {
        guard let integer else { return }
        key(name)
        value(integer)
    }
}
