import ConnectorKit
import StrictJSON

/// A piece of content, in either form.
struct Chunk: Sendable, Hashable {
    var record: Int64
    var offset: Int64
    var bytes: [UInt8]
    /// Set while the bytes still follow the line.
    var frameLength: Int?

    init(record: Int64, offset: Int64, bytes: [UInt8], frameLength: Int? = nil) {
        self.record = record
        self.offset = offset
        self.bytes = bytes
        self.frameLength = frameLength
    }

    init(_ fields: WireFields) throws(ConnectorError) {
        record = try fields.integer("record", atLeast: 1)
        offset = try fields.integer("offset")
        if let length = try fields.optionalInteger("length", atLeast: 1) {
            guard length <= Wire.largestChunk else { throw fields.fault("length", "at most \(Wire.largestChunk)") }
            bytes = []
            frameLength = Int(length)
            return
        }
        guard let bytes = Base64.decode(try fields.string("data")) else { throw fields.fault("data", "base64") }
        guard (1...Wire.largestChunk).contains(bytes.count) else {
            throw fields.fault("data", "1 to \(Wire.largestChunk) bytes")
        }
        self.bytes = bytes
        frameLength = nil
    }

    func carrying(_ frame: [UInt8]) -> Chunk { Chunk(record: record, offset: offset, bytes: frame) }

    /// The chunk as it crosses the wire, in one part or three; a frame is handed on and not copied.
    func encoded(raw: Bool) -> [[UInt8]] {
        var writer = JSONWriter(reservingCapacity: raw ? 96 : bytes.count / 3 * 4 + 96)
        writer.beginObject()
        writer.key("type")
        writer.value("chunk")
        writer.key("record")
        writer.value(record)
        writer.key("offset")
        writer.value(offset)
        if raw {
            writer.key("length")
            writer.value(bytes.count)
        } else {
            writer.key("data")
            writer.value(unescaped: Base64.encode(bytes))
        }
        writer.endObject()
        writer.newline()
        return raw ? [writer.take(), bytes, [UInt8(ascii: "\n")]] : [writer.take()]
    }
}

/// How a content ended.
struct ContentEnd: Sendable, Hashable {
    /// Of the whole content; nil where it did not start at 0 or was cancelled.
    var size: Int64?
    /// 64 hexadecimal digits.
    var sha256: String?
    var isCancelled = false

    init(size: Int64?, sha256: String?, isCancelled: Bool = false) {
        self.size = size
        self.sha256 = sha256
        self.isCancelled = isCancelled
    }

    init(_ fields: WireFields) throws(ConnectorError) {
        size = try fields.optionalInteger("size")
        sha256 = try fields.optionalString("sha256")?.lowercased()
        isCancelled = try fields.flag("cancelled")
    }

    func write(record: Int64, to writer: inout JSONWriter) {
        writer.key("type")
        writer.value("end")
        writer.key("record")
        writer.value(record)
        if let size {
            writer.key("size")
            writer.value(size)
        }
        if let sha256 {
            writer.key("sha256")
            writer.value(sha256)
        }
        if isCancelled {
            writer.key("cancelled")
            writer.value(true)
        }
    }
}
