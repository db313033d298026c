import ConnectorKit
import PhotosLibrary

/// The settings of a source that is made of Takeout exports, checked. It needs no sign-in.
public struct TakeoutSettings: Sendable {
    /// Where the exports are: an absolute path.
    public var directory: String
    /// The same in every run against this directory.
    public var origin: String
    public var root: Pathname
    public var views: Set<View>
    public var layout: LibraryLayout
    public var filter: LibraryFilter
    public var form: ImportForm
    /// Views by date begin with this year.
    public var startYear: Int
    public var includesArchived: Bool

    public static let scheme = "takeout://"

    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public init(_ settings: Settings) throws(ConnectorError) {
        directory = try Self.directory(try settings.require("location"))
        do {
            root = try Pathname(settings["path"] ?? "/")
        } catch {
            throw ConnectorError(.config, "the setting path does not name a place: \(error.message)")
        }
        layout = try LibraryLayout(settings)
        filter = try LibraryFilter(settings)
        form = try ImportForm(settings)
        startYear = try settings.integer("start_year", default: 0, in: 0...9999)
        views = try LibrarySettings.views(settings, layout)
        includesArchived = try settings.bool("include_archived", default: true)
        origin = settings["account"] ?? settings["name"] ?? "takeout-" + SafeName.mark(of: directory, digits: 12)
    }

    /// The directory of a location `takeout:///DIRECTORY`. It is taken as it is written: `%` is a character like others.
    public static func directory(_ location: String) throws(ConnectorError) -> String {
        var path = String(location.dropFirst(scheme.count))
        guard location.hasPrefix(scheme), path.hasPrefix("/") else {
            throw ConnectorError(
                .config, "the setting location must be takeout:// and an absolute path",
                hint: "such as takeout:///home/me/exports")
        }
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// Where what was learnt of a directory of exports is kept.
    public static func catalogPath(_ directory: String, environment: [String: String]) -> String {
        Index.path(forAccount: "takeout catalog\n\(directory)", environment: environment)
    }

    static func indexPath(_ directory: String, environment: [String: String]) -> String {
        Index.path(forAccount: "takeout names\n\(directory)", environment: environment)
    }
}
