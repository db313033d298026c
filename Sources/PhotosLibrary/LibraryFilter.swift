import ConnectorKit
import Foundation
import PhotosAPI

/// What is left of a library: each part narrows every view, and all of them together.
public struct LibraryFilter: Sendable, Hashable {
    /// Titles of albums, exactly.
    public var albums: [String] = []
    /// A regular expression, found anywhere in a title, whatever the case.
    public var albumPattern: String?
    /// The first and the last day, in UTC.
    public var since: CivilDate?
    public var until: CivilDate?
    public var kind: MediaItem.Kind?
    public var onlyFavorites = false
    /// Of pathnames of files; none for all.
    public var include: [PathGlob] = []
    public var exclude: [PathGlob] = []

    /// Leaves everything.
    public static let none = LibraryFilter()

    private init() {}

    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public init(_ settings: Settings) throws(ConnectorError) {
        albums = Self.lines(settings["album"])
        albumPattern = settings["album_regex"]
        if let albumPattern, Self.expression(albumPattern) == nil {
            throw ConnectorError(.config, "the setting album_regex is not a regular expression")
        }
        since = try Self.date(settings, "since")
        until = try Self.date(settings, "until")
        if let since, let until, until < since {
            throw ConnectorError(.config, "the setting until is a day before since")
        }
        kind = try settings["media_type"].map { word throws(ConnectorError) in
            guard let kind = Self.kinds[word] else {
                throw ConnectorError(.config, "the setting media_type must be photo or video")
            }
            return kind
        }
        onlyFavorites = try settings.bool("favorites", default: false)
        include = try Self.globs(settings, "include")
        exclude = try Self.globs(settings, "exclude")
    }

    private static let kinds: [String: MediaItem.Kind] = ["photo": .photo, "video": .video]

    /// Values of a setting that may have several, one on a line: titles and patterns may hold anything else.
    private static func lines(_ text: String?) -> [String] { (text ?? "").split(separator: "\n").map(String.init) }

    private static func date(_ settings: Settings, _ key: String) throws(ConnectorError) -> CivilDate? {
        guard let text = settings[key] else { return nil }
        guard let date = CivilDate(text) else {
            throw ConnectorError(.config, "the setting \(key) must be a day such as 2024-05-31")
        }
        return date
    }

    private static func globs(_ settings: Settings, _ key: String) throws(ConnectorError) -> [PathGlob] {
        var globs: [PathGlob] = []
        for line in lines(settings[key]) {
            do {
                globs.append(try PathGlob(line))
            } catch {
                throw ConnectorError(.config, "the setting \(key): \(error.message)", hint: error.hint)
            }
        }
        return globs
    }

    private static func expression(_ pattern: String) -> NSRegularExpression? {
        try? NSRegularExpression(pattern: pattern, options: .caseInsensitive)
    }

    // MARK: - What is left

    /// Whether anything is left out at all.
    public var isActive: Bool { self != .none }

    /// Whether only the items of some albums are left.
    public var choosesAlbums: Bool { !albums.isEmpty || albumPattern != nil }

    /// Whether the items of an album of that title are left.
    public func chooses(_ title: String) -> Bool {
        if albums.contains(where: {
            $0.precomposedStringWithCanonicalMapping == title.precomposedStringWithCanonicalMapping
        }) {
            return true
        }
        let expression = albumPattern.flatMap(Self.expression)
        return expression?.firstMatch(in: title, range: NSRange(title.startIndex..., in: title)) != nil
    }

    /// The albums that are left.
    /// - Parameter titles: of albums that come by another way, and are as good where a title is looked for.
    /// - Throws: ``ConnectorError`` with code `not-found` where a title, or the expression, fits no album: a slip of the
    ///   pen must not look like an empty album.
    public func chosen(from all: [ListedAlbum], beside titles: [String] = []) throws(ConnectorError) -> [ListedAlbum] {
        guard choosesAlbums else { return all }
        let hint = "gphotos source ls NAME:/album lists them"
        let found = all.filter { chooses($0.album.title) }
        let others = titles.filter(chooses)
        let foundTitles = Set((found.map(\.album.title) + others).map(\.precomposedStringWithCanonicalMapping))
        for title in albums where !foundTitles.contains(title.precomposedStringWithCanonicalMapping) {
            throw ConnectorError(.notFound, "there is no album \"\(title)\"", hint: hint)
        }
        if found.isEmpty, others.isEmpty {
            throw ConnectorError(.notFound, "no album has a title that album_regex fits", hint: hint)
        }
        return found
    }

    func shows(time: Timestamp, isVideo: Bool, isFavorite: Bool) -> Bool {
        if let kind, isVideo != (kind == .video) { return false }
        if onlyFavorites, !isFavorite { return false }
        if since == nil, until == nil { return true }
        let date = time.date
        return since.map { $0 <= date } ?? true && until.map { date <= $0 } ?? true
    }

    func shows(_ pathname: Pathname) -> Bool {
        if exclude.contains(where: { $0.matches(pathname) }) { return false }
        return include.isEmpty || include.contains { $0.matches(pathname) }
    }

    /// Whether something below a directory can be left.
    public func mayShow(below directory: Pathname) -> Bool {
        if exclude.contains(where: { $0.matchesAll(below: directory) }) { return false }
        return include.isEmpty || include.contains { $0.canMatch(below: directory) }
    }

    // MARK: - As text

    /// The filters as they are written on a command line: the same filters are the same text. Empty for none.
    public var arguments: [String] {
        var arguments = albums.sorted().map { "--album \(Self.quoted($0))" }
        if let albumPattern { arguments.append("--album-regex \(Self.quoted(albumPattern))") }
        if let since { arguments.append("--since \(since.text)") }
        if let until { arguments.append("--until \(until.text)") }
        if let kind { arguments.append("--type \(kind == .video ? "video" : "photo")") }
        if onlyFavorites { arguments.append("--favorites") }
        arguments += include.map(\.text).sorted().map { "--include \(Self.quoted($0))" }
        arguments += exclude.map(\.text).sorted().map { "--exclude \(Self.quoted($0))" }
        return arguments
    }

    /// As a shell takes it, where it would not take it as it is.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:,+@%".utf8.contains(byte)
            }
        }
        return isPlain ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }

    static let definitions: [SettingDefinition] = [
        SettingDefinition("album", .text, "Only items of albums with these titles; one title on a line."),
        SettingDefinition("album_regex", .text, "Only items of albums whose title this regular expression fits."),
        SettingDefinition("since", .text, "Only items of this day (YYYY-MM-DD, in UTC) or later."),
        SettingDefinition("until", .text, "Only items of this day (YYYY-MM-DD, in UTC) or earlier."),
        SettingDefinition("media_type", .choice(["photo", "video"]), "Only photos, or only videos."),
        SettingDefinition("favorites", .flag, "Only favourites.", default: "false"),
        SettingDefinition("include", .text, "Only files that these patterns fit; one pattern on a line."),
        SettingDefinition("exclude", .text, "No files that these patterns fit; one pattern on a line."),
    ]
}
