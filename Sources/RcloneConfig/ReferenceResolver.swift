/// Replaces references: `%(key)s` within a value stands for the value of another key, of the section `DEFAULT` or of the
/// same section.
///
/// Source: `GetValue` in goconfig's `conf.go`. Where rclone itself runs out of stack or memory, this throws.
struct ReferenceResolver {
    private let sections: [GoConfigParser.RawSection]
    private let positions: [String: Int]
    /// The bytes that may still be written; a value that doubles itself must not use up the memory.
    private var budget = 4 << 20

    /// The most replacements in one value; what is left then stays. goconfig's number.
    private static let replacementLimit = 200
    /// The most references within references. Rclone has no limit and dies of a cycle in `DEFAULT`.
    private static let depthLimit = 50

    init(_ sections: [GoConfigParser.RawSection]) {
        self.sections = sections
        positions = Dictionary(uniqueKeysWithValues: sections.enumerated().map { ($1.name, $0) })
    }

    mutating func resolvedSections() throws(RcloneConfigError) -> [RcloneConfig.Section] {
        var resolved: [RcloneConfig.Section] = []
        for section in sections {
            var values: [RcloneConfig.Entry] = []
            for entry in section.entries {
                let value = try replaced(entry.value, in: section, depth: 0)
                values.append(RcloneConfig.Entry(key: entry.key, value: value))
            }
            resolved.append(RcloneConfig.Section(name: section.name, values: values))
        }
        return resolved
    }

    private mutating func replaced(
        _ value: String, in section: GoConfigParser.RawSection, depth: Int
    ) throws(RcloneConfigError) -> String {
        if !value.utf8.contains(UInt8(ascii: "%")) { return value }
        if depth > Self.depthLimit { throw Self.endless(section.name) }
        var bytes = Array(value.utf8)
        for _ in 0..<Self.replacementLimit {
            guard let reference = Reference(firstIn: bytes[...]) else { break }
            let replacement = Array(try self.value(of: reference.key, in: section, depth: depth + 1).utf8)
            bytes = try replacing(reference.text, by: replacement, in: bytes, of: section.name)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What a reference stands for; empty where nothing has that name.
    private mutating func value(
        of key: String, in section: GoConfigParser.RawSection, depth: Int
    ) throws(RcloneConfigError) -> String {
        if let position = positions[GoConfigParser.defaultSection], let value = sections[position][key] {
            return try replaced(value, in: sections[position], depth: depth)
        }
        return section[key] ?? ""
    }

    private mutating func replacing(
        _ pattern: [UInt8], by replacement: [UInt8], in bytes: [UInt8], of section: String
    ) throws(RcloneConfigError) -> [UInt8] {
        try spend(64 + bytes.count, on: section)
        var result: [UInt8] = []
        var rest = bytes[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "%")) {
            result += rest[..<start]
            if rest[start...].starts(with: pattern) {
                try spend(replacement.count, on: section)
                result += replacement
                rest = rest[(start + pattern.count)...]
            } else {
                result.append(rest[start])
                rest = rest[(start + 1)...]
            }
        }
        return result + rest
    }

    private mutating func spend(_ count: Int, on section: String) throws(RcloneConfigError) {
        budget -= count
        if budget < 0 { throw Self.endless(section) }
    }

    private static func endless(_ section: String) -> RcloneConfigError {
        RcloneConfigError(
            .unreadable, "references of the form %(key)s in section \(section.quotedForPeople) have no end",
            hint: "replace them by what they stand for")
    }
}

/// `%(key)s` in a value.
private struct Reference {
    let text: [UInt8]
    let key: String

    /// The first one of a text: `%(`, one character or more without `)`, and `)s`.
    init?(firstIn bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let start = rest.firstIndex(of: UInt8(ascii: "%")) {
            rest = rest[(start + 1)...]
            guard rest.first == UInt8(ascii: "(") else { continue }
            guard let close = rest.firstIndex(of: UInt8(ascii: ")")) else { return nil }
            let isReference = close > start + 2 && rest[(close + 1)...].first == UInt8(ascii: "s")
            guard isReference else {
                // No reference that starts earlier can end here either.
                rest = rest[(close + 1)...]
                continue
            }
            text = Array(bytes[start...(close + 1)])
            // goconfig takes the marks off as sets of characters, so `%(names)s` asks for `name`.
            let name = text.drop { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "(") }
            let end = name.lastIndex { $0 != UInt8(ascii: ")") && $0 != UInt8(ascii: "s") }
            key = end.map { String(decoding: name[...$0], as: UTF8.self) } ?? ""
            return
        }
        return nil
    }
}
