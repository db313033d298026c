import ConnectorKit

/// rclone's configuration, whichever way it came: the file, what `rclone config show` or `rclone config dump` prints,
/// or the encrypted file.
public struct RcloneConfig: Sendable, Hashable {
    /// One setting of a section.
    public struct Entry: Sendable, Hashable {
        public var key: String
        public var value: String

        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// What stands below one `[name]`: as a rule, a remote.
    public struct Section: Sendable, Hashable {
        public var name: String
        /// The section's own settings in file order, each key once, references such as `%(key)s` replaced.
        public var values: [Entry]
        /// What a section `a.b` has from a section `a`, where it says nothing itself.
        public var inherited: [Entry]

        public init(name: String, values: [Entry], inherited: [Entry] = []) {
            self.name = name
            self.values = values
            self.inherited = inherited
        }

        /// All settings by name, as rclone would look them up.
        public var settings: [String: String] {
            var settings: [String: String] = [:]
            for entry in inherited { settings[entry.key] = entry.value }
            for entry in values { settings[entry.key] = entry.value }
            return settings
        }
    }

    /// In file order. Keys before any header are in a section `DEFAULT`.
    public var sections: [Section]

    public init(sections: [Section]) { self.sections = sections }

    /// The largest configuration that is read, in bytes. A real one with a hundred remotes has some 50 KiB.
    public static let sizeLimit = 16 << 20

    /// Reads a configuration of any form, told apart by content.
    /// - Parameter password: for an encrypted file; not looked at otherwise.
    /// - Throws: ``RcloneConfigError``: `unreadable`, or `unsuitable` where it is redacted or has nothing in it.
    public static func read(_ bytes: [UInt8], password: Secret? = nil) throws(RcloneConfigError) -> RcloneConfig {
        if bytes.count > sizeLimit {
            throw RcloneConfigError(
                .unreadable, "the input has more than \(sizeLimit >> 20) MiB, which no configuration of rclone has",
                hint: Self.whatToGive)
        }
        let text = withoutByteOrderMark(bytes)
        switch try ConfigForm(of: text) {
        case .ini: return try readINI(text)
        case .json: return try readDump(text)
        case .encrypted(let body): return try readINI(EncryptedConfig.open(body, password: password)[...])
        }
    }

    private static func readINI(_ text: ArraySlice<UInt8>) throws(RcloneConfigError) -> RcloneConfig {
        var parser = GoConfigParser()
        try parser.parse(text)
        if parser.isRedacted { throw redacted("the input") }
        if parser.sections.isEmpty { throw empty }
        var resolver = ReferenceResolver(parser.sections)
        return try RcloneConfig(sections: resolver.resolvedSections()).inheriting()
    }

    /// The bytes as UTF-8 without a mark. Windows PowerShell writes UTF-16 where output is sent to a file with `>`.
    private static func withoutByteOrderMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return bytes.dropFirst(3) }
        let isLittleEndian = bytes.starts(with: [0xFF, 0xFE])
        guard isLittleEndian || bytes.starts(with: [0xFE, 0xFF]) else { return bytes[...] }
        let units = stride(from: 2, to: bytes.count - 1, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return isLittleEndian ? first | second << 8 : first << 8 | second
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)[...]
    }
}

extension RcloneConfig {
    static let whatToGive = "give rclone's configuration file, or what `rclone config show NAME` prints"

    static var empty: RcloneConfigError {
        RcloneConfigError(
            .unsuitable, "rclone's configuration is empty",
            hint: "`rclone config file` says which file it reads; make a remote with `rclone config`")
    }

    static func redacted(_ what: String) -> RcloneConfigError {
        RcloneConfigError(
            .unsuitable, "\(what) is redacted: its secrets are replaced by XXX",
            hint: "use `rclone config show NAME` in place of `rclone config redacted`")
    }
}

// Settings hold tokens: what a debugger or an interpolation prints of them has names only.
extension RcloneConfig.Entry: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(key) = ***" }
    public var customMirror: Mirror { Mirror(self, children: ["key": key]) }
}
