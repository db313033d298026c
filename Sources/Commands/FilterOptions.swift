import ArgumentParser
import ConnectorKit
import PhotosLibrary

/// What part of a source a command reads. Each is also a setting of the source; what is given here takes its place.
struct FilterOptions: ParsableArguments {
    enum MediaType: String, ExpressibleByArgument, CaseIterable, Sendable {
        case photo, video
    }

    @Option(help: "Only items of the album with this title (repeatable).")
    var album: [String] = []

    @Option(help: "Only items of albums whose title this regular expression fits, in any case.")
    var albumRegex: String?

    @Option(help: ArgumentHelp("Only items of this day, in UTC, or later.", valueName: "yyyy-mm-dd"))
    var since: String?

    @Option(help: ArgumentHelp("Only items of this day, in UTC, or earlier.", valueName: "yyyy-mm-dd"))
    var until: String?

    @Option(help: "Only photos, or only videos.")
    var type: MediaType?

    @Flag(help: "Only favourites.")
    var favorites = false

    @Flag(help: "Leave archived items out of the dated views.")
    var noArchived = false

    @Option(help: "Only files that this pattern fits, such as '*.jpg' or '/album/**' (repeatable).")
    var include: [String] = []

    @Option(help: "No files that this pattern fits (repeatable).")
    var exclude: [String] = []

    /// The settings that stand for what is given.
    var settings: [String: String] {
        var settings: [String: String] = [:]
        if !album.isEmpty { settings["album"] = album.joined(separator: "\n") }
        settings["album_regex"] = albumRegex
        settings["since"] = since
        settings["until"] = until
        settings["media_type"] = type?.rawValue
        if favorites { settings["favorites"] = "true" }
        if noArchived { settings["include_archived"] = "false" }
        if !include.isEmpty { settings["include"] = include.joined(separator: "\n") }
        if !exclude.isEmpty { settings["exclude"] = exclude.joined(separator: "\n") }
        return settings
    }

    func validate() throws {
        do {
            _ = try LibraryFilter(Settings(settings))
        } catch {
            // The words of the settings, which have the names of the options.
            throw ValidationError(error.message)
        }
    }

    /// The source, read through these filters.
    func applied(to reference: RemoteReference) -> RemoteReference {
        var filtered = reference
        filtered.settings = settings
        return filtered
    }

    /// A source as a vault knows it: as it was written, with the filters that are in force, whoever set them.
    ///
    /// A part of a source is another source than the whole. What a filter leaves out must not look removed beside a
    /// snapshot without it, and nothing that was left out is carried forward into a snapshot with it.
    static func source(_ text: String, config: [String: String]) throws(ConnectorError) -> String {
        let settings = Settings(config)
        var words = [text] + (try LibraryFilter(settings)).arguments
        if try !settings.bool("include_archived", default: true) { words.append("--no-archived") }
        return words.joined(separator: " ")
    }
}
