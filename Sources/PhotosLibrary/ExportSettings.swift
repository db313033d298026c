import ConnectorKit

/// What a destination is to do with the records of an export.
public struct ExportSettings: Sendable, Hashable {
    /// What a folder is that no layout knows.
    public enum Folders: String, Sendable, Hashable, CaseIterable {
        case albums, library
    }

    /// What to do where an album of that title is there and takes nothing from this app.
    public enum AlbumConflict: String, Sendable, Hashable, CaseIterable {
        case fail, new
    }

    /// What is read back after an export.
    public enum Verification: String, Sendable, Hashable, CaseIterable {
        case none, items, bytes
    }

    public var folders: Folders
    public var albumConflict: AlbumConflict
    public var verification: Verification
    /// Whether nothing is written and no content is read.
    public var isDryRun: Bool
    /// Whether what no record stood for leaves the one album that the location names.
    public var deletesExtra: Bool
    /// The most items that leave it; where there are more, none does.
    public var deleteLimit: Int

    /// - Parameter root: what the location names.
    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    init(_ settings: Settings, root: Pathname) throws(ConnectorError) {
        folders = try settings.choice("folders", default: .albums)
        albumConflict = try settings.choice("album_conflict", default: .fail)
        verification = try settings.choice("verify", default: .items)
        isDryRun = try settings.bool("dry_run", default: false)
        deletesExtra = try settings.bool("delete_extra", default: false)
        deleteLimit = try settings.integer("delete_limit", default: .max, in: 0...Int.max)
        if deletesExtra, !Layout.namesAlbum(root) {
            throw ConnectorError(
                .config, "the setting delete_extra is for a location that names one album",
                hint: "use googlephotos:///album/TITLE")
        }
    }

    /// Settings of a destination.
    static let definitions: [SettingDefinition] = [
        SettingDefinition(
            "folders", .choice(Folders.allCases.map(\.rawValue)),
            "What a folder becomes at a destination that no layout knows: an album, or nothing.", default: "albums"),
        SettingDefinition(
            "album_conflict", .choice(AlbumConflict.allCases.map(\.rawValue)),
            "What to do where an album of that title takes nothing from this app: fail, or make a new one.",
            default: "fail"),
        SettingDefinition(
            "verify", .choice(Verification.allCases.map(\.rawValue)),
            "What is read back after an export: nothing, the items, or their bytes too.", default: "items"),
        SettingDefinition(
            "dry_run", .flag, "Write nothing to a destination, and tell what would be written.", default: "false"),
        SettingDefinition(
            "delete_extra", .flag,
            "Remove from the album that the location names what no record stood for; it stays in the library.",
            default: "false"),
        SettingDefinition(
            "delete_limit", .integer(0...Int.max),
            "The most items that delete_extra removes; where there are more, it removes none."),
    ]
}

extension Layout {
    /// Whether a pathname is that of one album, not of all of them.
    public static func namesAlbum(_ pathname: Pathname) -> Bool {
        pathname.parts.count > 1 && ["album", "albums", "shared-album"].contains(pathname.parts[0])
    }
}
