import StrictJSON

/// The settings of a source or destination: text by name, as rclone's INI has them.
///
/// A key may carry the prefix `rclone_`, as Plakar stores it, which is stripped; an empty value is no value.
///
/// Prints as its keys alone: among the values are secrets.
public struct Settings: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public private(set) var values: [String: String] = [:]

    public var description: String { "Settings(\(values.keys.sorted().joined(separator: ", ")))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }

    public init(_ raw: [String: String] = [:]) {
        // A plain key wins over the same one with the prefix, whatever the order.
        for (key, value) in raw where key.hasPrefix("rclone_") { self[String(key.dropFirst(7))] = value }
        for (key, value) in raw where !key.hasPrefix("rclone_") { self[key] = value }
    }

    public subscript(key: String) -> String? {
        get { values[key] }
        set { values[key] = newValue.flatMap { $0.isEmpty ? nil : $0 } }
    }

    public func secret(_ key: String) -> Secret? { values[key].map(Secret.init) }

    /// - Throws: ``ConnectorError`` with code `config`, which names the key.
    public func require(_ key: String) throws(ConnectorError) -> String {
        guard let value = values[key] else {
            throw ConnectorError(.config, "the setting \(key) is missing")
        }
        return value
    }

    /// `true`, `false`, and what Go's `strconv.ParseBool` takes beside them, since rclone writes these files.
    public func bool(_ key: String, default fallback: Bool) throws(ConnectorError) -> Bool {
        switch values[key] {
        case nil: return fallback
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default: throw ConnectorError(.config, "the setting \(key) must be true or false")
        }
    }

    public func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int>) throws(ConnectorError) -> Int
    {
        guard let text = values[key] else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw ConnectorError(
                .config, "the setting \(key) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// One of a few words.
    public func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice
    ) throws(ConnectorError) -> Choice where Choice.RawValue == String {
        guard let text = values[key] else { return fallback }
        guard let value = Choice(rawValue: text) else { throw Self.noChoice(key, Choice.allCases.map(\.rawValue)) }
        return value
    }

    fileprivate static func noChoice(_ key: String, _ words: [String]) -> ConnectorError {
        ConnectorError(.config, "the setting \(key) must be one of: \(words.joined(separator: ", "))")
    }
}

/// A text that nobody should read by accident: a token, a client secret.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    public init(_ text: String) { self.text = text }

    /// The text itself: for the one place that sends it.
    public func reveal() -> String { text }

    public var description: String { "***" }
    public var debugDescription: String { "***" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// One setting, as documentation, `spec` and validators describe it.
public struct SettingDefinition: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case text, flag
        case integer(ClosedRange<Int>)
        case choice([String])
    }

    public var name: String
    public var kind: Kind
    public var summary: String
    public var defaultValue: String?
    public var isSecret: Bool

    public init(
        _ name: String, _ kind: Kind, _ summary: String, default defaultValue: String? = nil, secret: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.summary = summary
        self.defaultValue = defaultValue
        self.isSecret = secret
    }
}

extension SettingDefinition {
    /// Whether the setting's value in some settings is of its kind. What a text must be like, its reader says.
    /// - Throws: ``ConnectorError`` with code `config`, which names the setting and what is allowed.
    public func check(_ settings: Settings) throws(ConnectorError) {
        switch kind {
        case .text: break
        case .flag: _ = try settings.bool(name, default: false)
        case .integer(let range): _ = try settings.integer(name, default: range.lowerBound, in: range)
        case .choice(let words):
            if let value = settings[name], !words.contains(value) { throw Settings.noChoice(name, words) }
        }
    }

    /// JSON Schema 2020-12 of a `config`: every value is a string, unknown ones are allowed.
    public static func jsonSchema(of definitions: [SettingDefinition], title: String) -> JSON {
        var properties = JSONObject()
        for definition in definitions {
            var property: JSONObject = ["type": "string", "description": .string(definition.summary)]
            switch definition.kind {
            case .text: break
            case .flag: property["enum"] = ["true", "false"]
            case .integer: property["pattern"] = "^-?[0-9]+$"
            case .choice(let words): property["enum"] = .array(words.map { .string($0) })
            }
            property["default"] = definition.defaultValue.map { .string($0) }
            if definition.isSecret { property["writeOnly"] = true }
            properties[definition.name] = .object(property)
        }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": .string(title), "type": "object",
            "properties": .object(properties), "additionalProperties": ["type": "string"],
        ]
    }
}
