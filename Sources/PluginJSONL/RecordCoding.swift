import ConnectorKit
import StrictJSON

extension Record {
    /// Reads the fields of a `record` message.
    ///
    /// Required are `pathname`, `kind` and, for a symlink, `target`. A record with an error knows little else, so
    /// permissions and time have defaults.
    init(_ fields: WireFields) throws(ConnectorError) {
        guard let kind = Kind(rawValue: try fields.string("kind")) else {
            throw fields.fault("kind", "file, directory or symlink")
        }
        let permissions = try fields.optionalInteger("permissions") ?? (kind == .directory ? 0o700 : 0o600)
        var time = Timestamp.epoch
        if let text = try fields.optionalString("mod_time") {
            guard let parsed = Timestamp(text) else { throw fields.fault("mod_time", "a time of RFC 3339") }
            time = parsed
        }
        let caveats = try fields.strings("caveats")
        let error = try fields.optionalObject("error")
        self.init(
            pathname: try Pathname(try fields.string("pathname")), kind: kind,
            target: kind == .symlink ? try fields.string("target") : nil, size: try fields.optionalInteger("size"),
            permissions: UInt16(permissions & 0o777), modificationTime: time,
            mimeType: try fields.optionalString("mime_type"), fingerprint: try fields.optionalString("fingerprint"),
            attributes: try fields.stringMap("attributes"), caveats: caveats.map { Caveat(rawValue: $0) },
            error: error == nil ? nil : try ConnectorError(WireFields(object: error ?? JSONObject())),
            hasContent: try fields.flag("has_content"), sha256: try fields.optionalString("sha256")?.lowercased())
    }

    /// The whole `record` message as a line, in two parts.
    func encoded(number: Int64) -> [[UInt8]] { [Self.lineStart(number: number), encodedRest] }

    /// How a line begins that says which record it is.
    static func lineStart(number: Int64) -> [UInt8] {
        Array(#"{"type":"record","record":\#(number),"#.utf8)
    }

    /// The line from there on, the same under every number: what costs time, made before the number is known.
    var encodedRest: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.key("pathname")
        writer.value(pathname.string)
        writer.key("kind")
        writer.value(kind.rawValue)
        if let target {
            writer.key("target")
            writer.value(target)
        }
        if kind == .file {
            writer.key("size")
            if let size { writer.value(size) } else { writer.null() }
        }
        writer.key("permissions")
        writer.value(permissions & 0o777)
        writer.key("mod_time")
        writer.value(modificationTime.description)
        if let error {
            writer.key("error")
            error.write(to: &writer)
        } else if hasContent {
            writer.key("has_content")
            writer.value(true)
        }
        writeDetails(to: &writer)
        writer.endObject()
        writer.newline()
        return writer.take()
    }

    /// Bytes of the longest line that `encodedRest` can become, without its end: under the largest number of all.
    static func lineLength(of rest: [UInt8]) -> Int {
        lineStart(number: WireFields.largestInteger).count + rest.count - 1
    }

    /// Whether the line could be longer than that: a cheap bound, from above.
    func mayExceed(_ limit: Int) -> Bool {
        var characters = pathname.string.utf8.count + 512
        for text in [target, mimeType, fingerprint, sha256, error?.message, error?.hint] {
            characters += text?.utf8.count ?? 0
        }
        for (name, text) in attributes { characters += name.utf8.count + text.utf8.count + 6 }
        for caveat in caveats { characters += caveat.rawValue.utf8.count + 3 }
        // An escaped character takes six bytes at most.
        return characters * 6 > limit
    }

    private func writeDetails(to writer: inout JSONWriter) {
        if let mimeType {
            writer.key("mime_type")
            writer.value(mimeType)
        }
        if let fingerprint {
            writer.key("fingerprint")
            writer.value(fingerprint)
        }
        if let sha256 {
            writer.key("sha256")
            writer.value(sha256)
        }
        if !attributes.isEmpty {
            writer.key("attributes")
            writer.value(map: attributes)
        }
        if !caveats.isEmpty {
            writer.key("caveats")
            writer.beginArray()
            for caveat in caveats { writer.value(caveat.rawValue) }
            writer.endArray()
        }
    }
}

extension ConnectorError {
    /// Reads the `error` object of a message.
    init(_ fields: WireFields) throws(ConnectorError) {
        self.init(
            Code(rawValue: try fields.string("code")), try fields.optionalString("message") ?? "",
            isRetryable: try fields.flag("retryable"),
            retryAfter: try fields.optionalInteger("retry_after").map { Int($0) },
            hint: try fields.optionalString("hint"))
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("code")
        writer.value(code.rawValue)
        writer.key("message")
        writer.value(message)
        writer.key("retryable")
        writer.value(isRetryable)
        if let retryAfter {
            writer.key("retry_after")
            writer.value(retryAfter)
        }
        if let hint {
            writer.key("hint")
            writer.value(hint)
        }
        writer.endObject()
    }
}

extension JSONWriter {
    /// An object of strings, by key, so that the same record is the same line.
    mutating func value(map: [String: String]) {
        beginObject()
        for (name, text) in map.count < 2 ? Array(map) : map.sorted(by: { $0.key < $1.key }) {
            key(name)
            value(text)
        }
        endObject()
    }

    /// An object of integers, by key.
    mutating func value(counts: [String: Int64]) {
        beginObject()
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
            key(name)
            value(count)
        }
        endObject()
    }
}
