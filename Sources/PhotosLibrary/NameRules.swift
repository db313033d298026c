import ConnectorKit
import Foundation

/// What names must do without beyond what no file system takes, as settings ask for it.
public struct NameRules: Sendable, Hashable {
    /// Whether names are for Windows too: none of `<>:"\|?*`, and no `CON` or `LPT1`.
    public var isForWindows: Bool
    /// Whether names that differ by case alone count as the same.
    public var ignoresCase: Bool
    private var encoding: Set<NameEncoding>
    /// What is shown by its full-width look-alike.
    private var replaced: Set<Unicode.Scalar>

    /// Nothing beyond what every file system asks for.
    public static let plain = NameRules()

    init(isForWindows: Bool = false, ignoresCase: Bool = false, encoding: Set<NameEncoding> = []) {
        self.isForWindows = isForWindows
        self.ignoresCase = ignoresCase
        // What always happens changes nothing.
        self.encoding = encoding.filter { !$0.scalars.isEmpty || $0.isAtStart }
        replaced = Set(encoding.flatMap(\.scalars))
        if isForWindows { replaced.formUnion("<>:\"\\|?*".unicodeScalars) }
    }

    /// Reads `windows_names`, `case_insensitive` and `encoding`.
    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    init(_ settings: Settings) throws(ConnectorError) {
        var encoding: Set<NameEncoding> = []
        for word in (settings["encoding"] ?? "").split(separator: ",") {
            guard let name = NameEncoding(rawValue: word.filter { $0 != " " }) else {
                let known = NameEncoding.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConnectorError(.config, "the setting encoding holds \(word), which is none of: \(known)")
            }
            encoding.insert(name)
        }
        self.init(
            isForWindows: try settings.bool("windows_names", default: false),
            ignoresCase: try settings.bool("case_insensitive", default: false), encoding: encoding)
    }

    /// Tells rules apart that give other names; empty for ``plain``.
    var key: String {
        var words = encoding.map(\.rawValue).sorted()
        if isForWindows { words.append("windows") }
        if ignoresCase { words.append("caseless") }
        return words.joined(separator: ",")
    }

    var areKeptByPlainNames: Bool { replaced.isEmpty && encoding.isEmpty && !isForWindows }

    /// The full-width form of what is not wanted.
    func replacement(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        replaced.contains(scalar) ? Self.fullWidth(scalar) : scalar
    }

    /// The full-width forms begin 0xFEE0 after ASCII.
    static func fullWidth(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        Unicode.Scalar(scalar.value + 0xFEE0) ?? "\u{FFFD}"
    }

    /// A name with its first character replaced, where that is not wanted at a start.
    func withSafeStart(_ name: String) -> String {
        guard let first = name.unicodeScalars.first else { return name }
        let rest = String(name.unicodeScalars.dropFirst())
        switch first {
        case " " where encoding.contains(.leftSpace): return "␠" + rest
        case "." where encoding.contains(.leftPeriod): return "．" + rest
        case "~" where encoding.contains(.leftTilde): return "～" + rest
        default: return name
        }
    }

    /// A name that Windows does not take for a device, with whatever extension.
    /// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>
    func withoutDevice(_ name: String) -> String {
        guard isForWindows else { return name }
        let stem = name.prefix { $0 != "." }
        var device = stem.uppercased()
        while device.hasSuffix(" ") { device.removeLast() }
        return Self.devices.contains(device) ? stem + "_" + name.dropFirst(stem.count) : name
    }

    private static let devices: Set<String> = {
        var names: Set<String> = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
        for port in ["COM", "LPT"] {
            for digit in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"] {
                names.insert(port + digit)
            }
        }
        return names
    }()

    /// The same for names that a file system without case takes for one; nil where case counts.
    ///
    /// Upper case first: then `ß` and `SS` are the same, as some file systems have it. Too many are no harm.
    func folded(_ name: String) -> String? {
        ignoresCase ? name.uppercased().lowercased().precomposedStringWithCanonicalMapping : nil
    }
}

/// The names of rclone's encodings. <https://rclone.org/overview/#encoding>
///
/// What is always replaced here (`Slash`, `Ctl`, `Dot`, ...) is taken and changes nothing, whether it is listed or not:
/// a name must be one part of a pathname.
enum NameEncoding: String, CaseIterable, Sendable {
    case raw = "Raw"
    case none = "None"
    case slash = "Slash"
    case ltGt = "LtGt"
    case squareBracket = "SquareBracket"
    case semicolon = "Semicolon"
    case doubleQuote = "DoubleQuote"
    case singleQuote = "SingleQuote"
    case backQuote = "BackQuote"
    case dollar = "Dollar"
    case colon = "Colon"
    case question = "Question"
    case asterisk = "Asterisk"
    case pipe = "Pipe"
    case hash = "Hash"
    case percent = "Percent"
    case backSlash = "BackSlash"
    case crLf = "CrLf"
    case del = "Del"
    case ctl = "Ctl"
    case leftSpace = "LeftSpace"
    case leftPeriod = "LeftPeriod"
    case leftTilde = "LeftTilde"
    case leftCrLfHtVt = "LeftCrLfHtVt"
    case rightSpace = "RightSpace"
    case rightPeriod = "RightPeriod"
    case rightCrLfHtVt = "RightCrLfHtVt"
    case invalidUtf8 = "InvalidUtf8"
    case dot = "Dot"

    /// What it replaces anywhere in a name, beyond what is always replaced.
    var scalars: [Unicode.Scalar] {
        switch self {
        case .ltGt: ["<", ">"]
        case .squareBracket: ["[", "]"]
        case .semicolon: [";"]
        case .doubleQuote: ["\""]
        case .singleQuote: ["'"]
        case .backQuote: ["`"]
        case .dollar: ["$"]
        case .colon: [":"]
        case .question: ["?"]
        case .asterisk: ["*"]
        case .pipe: ["|"]
        case .hash: ["#"]
        case .percent: ["%"]
        case .backSlash: ["\\"]
        default: []
        }
    }

    var isAtStart: Bool { [.leftSpace, .leftPeriod, .leftTilde].contains(self) }
}
