import ConnectorKit

/// In which form an import shows what it has, whichever way it came by.
public struct ImportForm: Sendable, Hashable {
    /// Whether there is a catalog: what is known of items and albums and their files cannot hold.
    public var hasCatalog: Bool

    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public init(_ settings: Settings) throws(ConnectorError) {
        hasCatalog = try settings.bool("catalog", default: true)
    }

    static let definitions: [SettingDefinition] = [
        SettingDefinition(
            "catalog", .flag, "Show .gphotos/items.jsonl and albums.jsonl: a line of JSON for each item and album.",
            default: "true")
    ]
}
