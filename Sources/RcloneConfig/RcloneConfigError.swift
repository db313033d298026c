import ConnectorKit

/// Why a configuration, or a remote in it, was refused.
///
/// Messages and hints name lines, sections and settings, and never hold a value: any of them may be a secret.
public struct RcloneConfigError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds that a caller tells apart, such as by exit status.
    public enum Reason: Sendable, Hashable {
        /// It is no configuration, or an encrypted one that could not be opened.
        case unreadable
        /// It is a configuration without the remote that was asked for.
        case noSuchSection
        /// It was read, and does not fit: another type, redacted, a wrong value, no token.
        case unsuitable
    }

    public var reason: Reason
    /// One sentence for a person.
    public var message: String
    /// What the person can do.
    public var hint: String

    public init(_ reason: Reason, _ message: String, hint: String) {
        self.reason = reason
        self.message = message
        self.hint = hint
    }

    public var description: String { message }

    /// The same in the form that crosses the wire: code `config`.
    public var connectorError: ConnectorError { ConnectorError(.config, message, hint: hint) }
}

extension String {
    /// The text in quotes and safe to print: a name from a file may hold control characters, or be endless.
    var quotedForPeople: String { "\"\(printable)\"" }

    /// The text as one word of a command that a person may copy into a shell.
    var quotedForShell: String {
        let isPlain = utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: ":"):
                true
            default: false
            }
        }
        return isPlain ? printable : "'" + printable.replacing("'", with: #"'\''"#) + "'"
    }

    private var printable: String {
        let limit = 80
        var shown = String.UnicodeScalarView()
        for scalar in unicodeScalars.prefix(limit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: shown.append("\u{FFFD}")
            default: shown.append(scalar)
            }
        }
        return unicodeScalars.count > limit ? "\(shown)..." : String(shown)
    }
}
