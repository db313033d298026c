import ConnectorKit

/// In which form an import shows what it has, whichever way it came by.
public struct ImportForm: Sendable, Hashable {
    /// Whether there is a catalog: what is known of items and albums and their files cannot hold.
    public var hasCatalog: Bool
    /// Bytes on the disk that items in several places may take up, while they wait for the places that are read later.
    public var spoolLimit: Int64

    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public init(_ settings: Settings) throws(ConnectorError) {
        hasCatalog = try settings.bool("catalog", default: true)
        let limit = try settings.integer("spool_limit", default: Self.defaultSpoolLimit, in: 0...(1 << 50))
        spoolLimit = Int64(limit)
    }

    private static let defaultSpoolLimit = 4 << 30

    static let definitions: [SettingDefinition] = [
        SettingDefinition(
            "catalog", .flag, "Show .gphotos/items.jsonl and albums.jsonl: a line of JSON for each item and album.",
            default: "true"),
        SettingDefinition(
            "spool_limit", .integer(0...(1 << 50)),
            "Bytes on the disk for items in several places, until all of these are read; beyond it they are downloaded "
                + "again.", default: String(defaultSpoolLimit)),
    ]
}
