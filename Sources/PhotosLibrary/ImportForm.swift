import ConnectorKit

/// In which form an import shows what it has, whichever way it came by.
public struct ImportForm: Sendable, Hashable {
    /// What albums and favorites hold of an item that a dated view shows as well.
    public enum Albums: String, Sendable, Hashable, CaseIterable {
        case copies, links
    }

    /// Whether what a file cannot hold lies beside it.
    public enum Metadata: String, Sendable, Hashable, CaseIterable {
        case none, sidecar
    }

    public var albums: Albums
    public var metadata: Metadata
    /// Whether there is a catalog: what is known of items and albums and their files cannot hold.
    public var hasCatalog: Bool
    /// Bytes on the disk that items in several places may take up, while they wait for the places that are read later.
    public var spoolLimit: Int64

    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public init(_ settings: Settings) throws(ConnectorError) {
        albums = try settings.choice("albums", default: Albums.copies)
        metadata = try settings.choice("metadata", default: Metadata.none)
        hasCatalog = try settings.bool("catalog", default: true)
        let limit = try settings.integer("spool_limit", default: Self.defaultSpoolLimit, in: 0...(1 << 50))
        spoolLimit = Int64(limit)
    }

    private static let defaultSpoolLimit = 4 << 30

    static let definitions: [SettingDefinition] = [
        SettingDefinition(
            "albums", .choice(Albums.allCases.map(\.rawValue)),
            "What albums and favourites hold: copies, or links into the first of the dated views.",
            default: Albums.copies.rawValue),
        SettingDefinition(
            "metadata", .choice(Metadata.allCases.map(\.rawValue)),
            "Show a JSON file beside each item, as Takeout has it: none, or sidecar.", default: Metadata.none.rawValue),
        SettingDefinition(
            "catalog", .flag, "Show .gphotos/items.jsonl and albums.jsonl: a line of JSON for each item and album.",
            default: "true"),
        SettingDefinition(
            "spool_limit", .integer(0...(1 << 50)),
            "Bytes on the disk for items in several places, until all of these are read; beyond it they are downloaded "
                + "again.", default: String(defaultSpoolLimit)),
    ]
}
