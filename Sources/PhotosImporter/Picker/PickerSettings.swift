import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// The settings of a source that is made of what a person chooses in the Picker, checked.
public struct PickerSettings: Sendable {
    /// What every source that is signed in has.
    public var library: LibrarySettings
    /// The most items that can be chosen in one session.
    public var maxItems: Int
    /// Whether a person is asked; else only what was chosen earlier is shown.
    public var asks: Bool

    public static let scheme = "picker://"

    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public init(_ settings: Settings) throws(ConnectorError) {
        guard try settings.require("location") == Self.scheme else {
            throw ConnectorError(
                .config, "the setting location must be picker:// alone",
                hint: "the setting path narrows it, as in path=/media/by-month/2024")
        }
        let path: Pathname
        do {
            path = try Pathname(settings["path"] ?? "/")
        } catch {
            throw ConnectorError(.config, "the setting path does not name a place: \(error.message)")
        }
        var plain = settings
        plain["location"] = "googlephotos://\(path)"
        library = try LibrarySettings(plain)
        maxItems = library.maxPicks
        asks = try settings.bool("choose", default: true)
        if library.filter.choosesAlbums || library.filter.onlyFavorites {
            throw ConnectorError(
                .config, "the Picker tells neither albums nor favourites",
                hint: "search for the album on the page where you choose, and choose all of it")
        }
    }

    /// What was chosen by an account is remembered whatever the app: its file is told by service and account.
    static func indexPath(_ settings: LibrarySettings, environment: [String: String]) -> String {
        let account = ["picker", settings.api.pickerURL, settings.origin, settings.unnamedSignIn?.reveal()]
        return Index.path(forAccount: account.compactMap(\.self).joined(separator: "\n"), environment: environment)
    }
}
