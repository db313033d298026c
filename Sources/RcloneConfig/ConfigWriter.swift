extension RcloneConfig {
    /// A section as rclone writes it: `[name]`, a line `key = value` for each setting, an empty line.
    ///
    /// Where rclone's own writing would not be read back as it was (blanks at the ends, a leading backtick), the value or
    /// key is quoted in the way that rclone reads. What a section inherits is not written.
    /// - Throws: ``RcloneConfigError`` with reason `unsuitable` for what the format has no way to say: a line break, a
    ///   key `-`, a value with `%(key)s`.
    public static func serialize(_ section: Section) throws(RcloneConfigError) -> String {
        var text = "[\(section.name)]\n"
        for entry in section.values { text += "\(written(key: entry.key)) = \(written(value: entry.value))\n" }
        text += "\n"
        // One reader decides what can be written; it is quick, and no rule is there twice.
        let readBack = try? read(Array(text.utf8)).sections
        guard let readBack, readBack.count == 1, readBack[0].name.isIdentical(to: section.name),
            readBack[0].values.elementsEqual(
                section.values, by: { $0.key.isIdentical(to: $1.key) && $0.value.isIdentical(to: $1.value) })
        else {
            throw RcloneConfigError(
                .unsuitable, "the section \(section.name.quotedForPeople) cannot be written in rclone's format",
                hint: "take line breaks and %(...)s out of its name, keys and values")
        }
        return text
    }

    private static func written(key: String) -> String {
        let isPlain = key.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": true
            default: false
            }
        }
        if isPlain { return key }
        if !key.utf8.contains(UInt8(ascii: "`")) { return "`\(key)`" }
        return key.utf8.contains(UInt8(ascii: "\"")) ? "\"\"\"\(key)\"\"\"" : "\"\(key)\""
    }

    private static func written(value: String) -> String {
        let edges = [value.unicodeScalars.first, value.unicodeScalars.last].compactMap { $0 }
        let needsQuotes =
            edges.contains { $0.properties.isWhitespace } || value.utf8.first == UInt8(ascii: "`")
            || value.utf8.starts(with: "\"\"\"".utf8)
        return needsQuotes ? "\"\"\"\(value)\"\"\"" : value
    }
}

extension String {
    /// Whether the bytes are the same; `==` takes two spellings of one character in Unicode for equal.
    fileprivate func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
