/// Reads the INI dialect that rclone reads: that of the Go package unknwon/goconfig, not of other INI readers.
///
/// Comments are whole lines. The first `=` or `:` separates key and value. Double quotes belong to a value; backticks and
/// `"""` around it do not. The last of two keys wins, and sections of one name are one.
///
/// Source: goconfig's `read.go` and `conf.go`. Text that is no UTF-8 is repaired as Go's JSON writer does, so that the
/// outcome is what `rclone config dump` shows.
struct GoConfigParser {
    /// A section as it stands in the file: references are not replaced yet.
    struct RawSection {
        let name: String
        private(set) var entries: [RcloneConfig.Entry] = []
        private var positions: [String: Int] = [:]

        init(name: String) { self.name = name }

        subscript(key: String) -> String? { positions[key].map { entries[$0].value } }

        mutating func set(_ key: String, _ value: String) {
            if let position = positions[key] {
                entries[position].value = value
            } else {
                positions[key] = entries.count
                entries.append(RcloneConfig.Entry(key: key, value: value))
            }
        }
    }

    typealias Line = ArraySlice<Unicode.Scalar>

    /// Where keys before any header go.
    static let defaultSection = "DEFAULT"
    /// The last line of what `rclone config redacted` prints.
    private static let redactionMark = "### Double check the config for sensitive info"

    private(set) var sections: [RawSection] = []
    /// Whether `rclone config redacted` wrote this.
    private(set) var isRedacted = false

    private var positions: [String: Int] = [:]
    /// The section of the lines to come; empty below a header `[]`.
    private var current = defaultSection
    /// The number of the next key `-`.
    private var automaticKey = 1

    mutating func parse(_ text: ArraySlice<UInt8>) throws(RcloneConfigError) {
        for (index, bytes) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let line = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)[...].trimmed
            guard let first = line.first, let last = line.last else { continue }
            if first == "#" || first == ";" {
                if line.starts(with: Self.redactionMark.unicodeScalars) { isRedacted = true }
            } else if first == "[", last == "]" {
                beginSection(line.dropFirst().dropLast().trimmed.text)
            } else if let (key, value) = Self.keyAndValue(of: line), !current.isEmpty {
                add(key: key, value: value)
            } else {
                throw Self.failure(line: index + 1, isBelowEmptyHeader: current.isEmpty)
            }
        }
    }

    private mutating func beginSection(_ name: String) {
        current = name
        automaticKey = 1
        section(name) { _ in }
    }

    private mutating func add(key: String, value: String) {
        var key = key
        if key == "-" {
            key = "#\(automaticKey)"
            automaticKey += 1
        }
        // goconfig drops an empty key, and uses a single blank as a mark of its own that it never lists.
        if key.isEmpty || key == " " { return }
        section(current) { $0.set(key, value) }
    }

    /// Changes the section of that name, which is made where it is new.
    private mutating func section(_ name: String, change: (inout RawSection) -> Void) {
        let name = name.isEmpty ? Self.defaultSection : name
        let position = positions[name] ?? sections.count
        if position == sections.count {
            positions[name] = position
            sections.append(RawSection(name: name))
        }
        change(&sections[position])
    }

    private static func failure(line: Int, isBelowEmptyHeader: Bool) -> RcloneConfigError {
        let fault = isBelowEmptyHeader ? "belongs to a section without a name" : "is neither a section nor a setting"
        return RcloneConfigError(
            .unreadable, "line \(line) of the configuration \(fault)",
            hint: "rclone does not read such a file either; \(RcloneConfig.whatToGive)")
    }
}

// One line.
extension GoConfigParser {
    /// Key and value of a line; nil where it has no delimiter, or a quote is not closed.
    private static func keyAndValue(of line: Line) -> (key: String, value: String)? {
        let isDelimiter: (Unicode.Scalar) -> Bool = { $0 == "=" || $0 == ":" }
        let key: Line
        let delimiter: Line.Index
        if let quote = keyQuote(of: line) {
            let content = line.dropFirst(quote.count)
            guard let end = content.firstPosition(of: quote),
                let next = content[end...].firstIndex(where: isDelimiter)
            else { return nil }
            // Blanks within the quotes are part of the key.
            key = content[..<end]
            delimiter = next
        } else {
            guard let next = line.firstIndex(where: isDelimiter), next > line.startIndex else { return nil }
            key = line[..<next].trimmed
            delimiter = next
        }
        guard let value = unquoted(line[(delimiter + 1)...].trimmed) else { return nil }
        return (key.text, value.text)
    }

    private static let tripleQuote: [Unicode.Scalar] = ["\"", "\"", "\""]

    private static func keyQuote(of line: Line) -> [Unicode.Scalar]? {
        switch line.first {
        case "\"": line.text.utf8.count >= 6 && line.starts(with: tripleQuote) ? tripleQuote : ["\""]
        case "`": ["`"]
        default: nil
        }
    }

    /// The value up to the last of the quotes that it starts with; nil where there is no second.
    private static func unquoted(_ value: Line) -> Line? {
        let quote: [Unicode.Scalar]
        let length = value.text.utf8.count
        if length >= 2, value.first == "`" {
            quote = ["`"]
        } else if length >= 6, value.starts(with: tripleQuote) {
            quote = tripleQuote
        } else {
            return value
        }
        let content = value.dropFirst(quote.count)
        guard let end = content.lastPosition(of: quote) else { return nil }
        return content[..<end]
    }
}

extension ArraySlice<Unicode.Scalar> {
    fileprivate var text: String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: self)
        return String(text)
    }

    /// Without white space, in Unicode's sense, at both ends.
    fileprivate var trimmed: ArraySlice<Unicode.Scalar> {
        guard let first = firstIndex(where: { !$0.properties.isWhitespace }),
            let last = lastIndex(where: { !$0.properties.isWhitespace })
        else { return self[endIndex...] }
        return self[first...last]
    }

    fileprivate func firstPosition(of pattern: [Unicode.Scalar]) -> Index? {
        indices.first { self[$0...].starts(with: pattern) }
    }

    fileprivate func lastPosition(of pattern: [Unicode.Scalar]) -> Index? {
        indices.last { self[$0...].starts(with: pattern) }
    }
}
