/// The forms in which a configuration comes.
enum ConfigForm {
    case ini
    /// What `rclone config dump` prints.
    case json
    /// An encrypted file; with the base64 text below its header.
    case encrypted(body: ArraySlice<UInt8>)

    /// Looks at as much of the text as is needed.
    /// - Throws: ``RcloneConfigError`` where it is obvious that no form fits.
    init(of text: ArraySlice<UInt8>) throws(RcloneConfigError) {
        if text.contains(0) {
            throw RcloneConfigError(.unreadable, "the input is binary data", hint: RcloneConfig.whatToGive)
        }
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let line = line.trimmingASCIISpace
            switch line.first {
            case nil, UInt8(ascii: "#"), UInt8(ascii: ";"):
                continue
            case UInt8(ascii: "<"):
                throw RcloneConfigError(
                    .unreadable, "the input is a web page or XML, not a configuration", hint: RcloneConfig.whatToGive)
            case UInt8(ascii: "{"):
                self = .json
            default:
                self = line.starts(with: Self.encryptionPrefix) ? try Self.encrypted(line, in: text) : .ini
            }
            return
        }
        if text.trimmingASCIISpace.isEmpty {
            throw RcloneConfigError(
                .unreadable, "the input is empty",
                hint: "look at the errors of the command that should have written it, such as `rclone config show NAME`"
            )
        }
        self = .ini
    }

    private static let encryptionPrefix = Array("RCLONE_ENCRYPT_V".utf8)

    private static func encrypted(
        _ header: ArraySlice<UInt8>, in text: ArraySlice<UInt8>
    ) throws(RcloneConfigError) -> ConfigForm {
        guard header.elementsEqual("RCLONE_ENCRYPT_V0:".utf8) else {
            throw RcloneConfigError(
                .unreadable, "the configuration is encrypted in a way that is not known here",
                hint: "pipe in what `rclone config show NAME` prints")
        }
        return .encrypted(body: text[header.endIndex...])
    }
}

extension ArraySlice<UInt8> {
    /// Without blanks, tabs, carriage returns and line feeds at both ends.
    var trimmingASCIISpace: ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
