import ConnectorKit
import StrictJSON

/// `KEY=VALUE` on a command line.
///
/// Secrets do not belong there: every user of the machine can see the arguments of a process, and shells keep them.
struct SettingArguments: Sendable {
    private var values: [String: String] = [:]
    /// The secret whose value is to be read from stdin.
    private var secretKey: String?

    init(_ arguments: [String]) throws(Failure) {
        for argument in arguments {
            guard let separator = argument.firstIndex(of: "="), separator != argument.startIndex else {
                // The text is not repeated: it may be a secret that was given the wrong way.
                throw Failure(.usage, "a setting must be given as KEY=VALUE")
            }
            let key = String(argument[..<separator])
            let value = String(argument[argument.index(after: separator)...])
            try Self.checkKey(key)
            if RemoteSettings.isSecret(key) { try takeSecret(key, value) }
            try SettingCheck.name(key)
            if RemoteSettings.isSecret(key) { continue }
            if value.isEmpty {
                throw Failure(.usage, "the setting \(key) has no value", hint: "take a setting away with unset")
            } else if values.updateValue(value, forKey: key) != nil {
                throw Failure(.usage, "the setting \(key) is given twice")
            }
        }
    }

    private mutating func takeSecret(_ key: String, _ value: String) throws(Failure) {
        if value != "-" {
            throw Failure(
                .usage, "the secret \(key) cannot be given on the command line, where others can read it",
                hint: "give \(key)=- and write the value to the standard input")
        }
        if secretKey != nil {
            throw Failure(.usage, "only one secret at a time can be read from the standard input")
        }
        secretKey = key
    }

    /// The key of a setting, by the rules for names in rclone's files that need no quotes.
    static func checkKey(_ key: String) throws(Failure) {
        let isFine = key.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isFine, !key.isEmpty, !key.hasPrefix("-") else {
            throw Failure(
                .usage, "\(key.quoted) does not fit as the name of a setting",
                hint: "use letters, digits, _, - and .")
        }
    }

    /// The settings, with the secret that stdin holds.
    func read(_ context: CommandContext, _ console: Console) async throws -> [String: String] {
        var values = values
        if let secretKey {
            if context.stdin.isTerminal { console.note("paste the value of \(secretKey), then press Enter and Ctrl-D") }
            values[secretKey] = try await secret(secretKey, from: context.stdin)
        }
        for (key, value) in values where value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            throw Failure(.badConfiguration, "the setting \(key) holds a line break or another control character")
        }
        return values
    }

    /// Longer than any token.
    private static let secretLimit = 1 << 16

    private func secret(_ key: String, from stdin: CommandInput) async throws -> String {
        let bytes = try await stdin.readAll(limit: Self.secretLimit)
        guard bytes.count <= Self.secretLimit, let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.badConfiguration, "what the standard input holds is no value for \(key)")
        }
        let value = text.trimmingPrefix(while: \.isWhitespace)
        let end = value.lastIndex { !$0.isWhitespace }
        guard let end else { throw Failure(.usage, "the standard input holds no value for \(key)") }
        return Self.onOneLine(String(value[...end]))
    }

    /// A token that was printed over several lines is JSON, and the same on one line.
    private static func onOneLine(_ text: String) -> String {
        guard text.contains(where: \.isNewline), let json = try? JSON(parsing: text) else { return text }
        return json.text
    }
}
