import ConnectorKit

/// How a library is laid out as folders and files: as rclone does, or as gphotos-sync does.
public struct LibraryLayout: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case rclone
        case gphotosSync = "gphotos-sync"
    }

    /// Which of its photos dates the folder of an album.
    public enum AlbumDate: String, Sendable, Hashable, CaseIterable {
        case first, last, none
    }

    /// Whether the files of an album are numbered.
    public enum AlbumOrder: String, Sendable, Hashable, CaseIterable {
        case ascending = "true"
        case none = "false"
        case inverted
    }

    public var kind: Kind
    public var rules: NameRules
    // The rest is gphotos-sync's; rclone's layout has no choices.
    public var isFlat = false
    public var albumDate = AlbumDate.last
    public var albumOrder = AlbumOrder.ascending
    private var monthFormat = DateFormat.month
    private var pathFormat = PathFormat(isFlat: false)

    public static let rclone = LibraryLayout(.rclone)

    public init(_ kind: Kind, rules: NameRules = .plain) {
        self.kind = kind
        self.rules = rules
    }

    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public init(_ settings: Settings) throws(ConnectorError) {
        kind = try settings.choice("layout", default: Kind.rclone)
        rules = try NameRules(settings)
        isFlat = try settings.bool("flat_path", default: false)
        albumDate = try settings.choice("album_date", default: AlbumDate.last)
        albumOrder = try settings.choice("album_order", default: AlbumOrder.ascending)
        monthFormat = try DateFormat(settings["month_format"] ?? DateFormat.month.text)
        pathFormat = try PathFormat(settings["path_format"], isFlat: isFlat)
    }

    /// Tells layouts apart that give other names: names of one are kept beside those of another. Empty for the usual.
    var key: String {
        if kind == .rclone { return rules.key }
        let choices = [
            kind.rawValue, isFlat ? "flat" : "", albumDate.rawValue, albumOrder.rawValue, monthFormat.text,
            pathFormat.text, rules.key,
        ]
        return choices.joined(separator: "\n")
    }

    /// The folder of all albums.
    public var albums: Pathname { kind == .rclone ? Layout.albums : Layout.trusted("/albums") }

    /// Whether the folder of an album depends on what is in it.
    var datesAlbums: Bool { kind == .gphotosSync }

    /// The directory of an item in one of the dated views. Dates are in UTC.
    func directory(of date: CivilDate, in view: View) -> String {
        if kind == .rclone { return Layout.directory(of: date, in: view) }
        let (year, month) = (Layout.padded(date.year, 4), Layout.padded(date.month, 2))
        return isFlat ? "/photos/\(year)-\(month)" : "/photos/\(year)/\(month)"
    }

    /// The folder of a dated view.
    func directory(of view: View) -> Pathname {
        kind == .rclone ? Layout.trusted("/media/\(view.rawValue)") : Layout.trusted("/photos")
    }

    /// The parts of an album's folder below ``albums``. A `/` in its title makes folders with rclone, and none with
    /// gphotos-sync.
    /// - Parameter date: of the photo that dates it.
    func parts(ofAlbum title: String, id: String, date: CivilDate?) -> [String] {
        let nameless = "{\(SafeName.mark(of: id))}"
        if kind == .rclone {
            let parts = title.split(separator: "/").compactMap { SafeName.make(String($0), rules) }
            return parts.isEmpty ? [nameless] : parts
        }
        let name = SafeName.make(title, rules) ?? nameless
        guard let date, albumDate != .none else { return [name] }
        let folders = pathFormat.path(
            year: Layout.padded(date.year, 4), month: monthFormat.string(date), album: name, isFlat: isFlat)
        return folders.split(separator: "/").compactMap { SafeName.make(String($0), rules) }
    }

    /// The name of an item in an album, before it is made safe.
    /// - Parameters:
    ///   - position: its place, from 0.
    ///   - count: how many items the album has.
    func filename(_ name: String, position: Int, count: Int) -> String {
        guard kind == .gphotosSync else { return name }
        return switch albumOrder {
        case .none: name
        case .ascending: "\(Layout.padded(position + 1, 4))_\(name)"
        case .inverted: "\(Layout.padded(count - position, 4))_\(name)"
        }
    }

    /// Settings that choose a layout and the form of names.
    static let definitions: [SettingDefinition] = [
        SettingDefinition(
            "layout", .choice(Kind.allCases.map(\.rawValue)), "Folders as rclone or as gphotos-sync has them.",
            default: Kind.rclone.rawValue),
        SettingDefinition(
            "flat_path", .flag, "With gphotos-sync's layout: photos/YYYY-MM in place of photos/YYYY/MM.",
            default: "false"),
        SettingDefinition(
            "album_date", .choice(AlbumDate.allCases.map(\.rawValue)),
            "With gphotos-sync's layout: which photo dates an album's folder.", default: "last"),
        SettingDefinition(
            "album_order", .choice(AlbumOrder.allCases.map(\.rawValue)),
            "With gphotos-sync's layout: whether files of an album are numbered, or numbered from its end.",
            default: "true"),
        SettingDefinition(
            "month_format", .text, "With gphotos-sync's layout: the date in an album's folder, of %Y %y %m %d %j.",
            default: DateFormat.month.text),
        SettingDefinition(
            "path_format", .text,
            "With gphotos-sync's layout: an album's folder, of {0} the month and {1} the title; with flat_path of {0} "
                + "the year, {1} the month and {2} the title."),
        SettingDefinition(
            "windows_names", .flag, "Names that Windows takes too: no <>:\"\\|?* and no CON.", default: "false"),
        SettingDefinition(
            "case_insensitive", .flag, "Tell names apart by more than case.", default: "false"),
        SettingDefinition(
            "encoding", .text, "More characters that names must not have, by the names of rclone's encodings.",
            default: "Slash,CrLf,InvalidUtf8,Dot"),
    ]
}

/// A date by a pattern like those of `strftime`, as gphotos-sync's `--month-format` has it.
private struct DateFormat: Sendable, Hashable {
    let text: String

    static let month = DateFormat(trusted: "%m%d")

    private init(trusted: String) { text = trusted }

    init(_ text: String) throws(ConnectorError) {
        let directives = text.split(separator: "%", omittingEmptySubsequences: false).dropFirst()
        guard directives.allSatisfy({ "YymdjbB".contains($0.first ?? " ") }) else {
            throw ConnectorError(.config, "the setting month_format may hold %Y, %y, %m, %d, %j, %b and %B")
        }
        self.text = text
    }

    func string(_ date: CivilDate) -> String {
        var result = ""
        var rest = text[...]
        while let percent = rest.firstIndex(of: "%") {
            result += rest[..<percent]
            rest = rest[rest.index(after: percent)...]
            result += Self.value(rest.removeFirst(), date)
        }
        return result + rest
    }

    private static func value(_ directive: Character, _ date: CivilDate) -> String {
        let month = months[max(0, min(11, date.month - 1))]
        switch directive {
        case "Y": return Layout.padded(date.year, 4)
        case "y": return Layout.padded(date.year % 100, 2)
        case "m": return Layout.padded(date.month, 2)
        case "d": return Layout.padded(date.day, 2)
        case "b": return String(month.prefix(3))
        case "B": return month
        default:
            let start = CivilDate(year: date.year, month: 1, day: 1)
            return Layout.padded(date.daysSinceEpoch - start.daysSinceEpoch + 1, 3)
        }
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
}

/// The folder of an album by a pattern, as gphotos-sync's `--path-format` has it.
private struct PathFormat: Sendable, Hashable {
    private(set) var text: String

    init(isFlat: Bool) { text = isFlat ? "{0}-{1} {2}" : "{0} {1}" }

    init(_ given: String?, isFlat: Bool) throws(ConnectorError) {
        guard let given else {
            self = PathFormat(isFlat: isFlat)
            return
        }
        let places = given.split(separator: "{", omittingEmptySubsequences: false).dropFirst().map(\.first)
        let known: [Character?] = isFlat ? ["0", "1", "2"] : ["0", "1"]
        let closed = given.split(separator: "{").filter { $0.dropFirst().first == "}" }.count
        guard places.allSatisfy(known.contains), closed >= places.count, places.contains(known.last ?? nil) else {
            let words = isFlat ? "{0} (the year), {1} (the month) and {2}" : "{0} (the month) and {1}"
            throw ConnectorError(.config, "the setting path_format must hold of \(words) (the title), that at least")
        }
        text = given
    }

    /// With its year as a folder above, where the pattern does not have it.
    func path(year: String, month: String, album: String, isFlat: Bool) -> String {
        let values = isFlat ? [year, month, album] : [month, album]
        var result = isFlat ? "" : year + "/"
        var rest = text[...]
        while let brace = rest.firstIndex(of: "{") {
            result += rest[..<brace]
            rest = rest[rest.index(after: brace)...]
            if let number = rest.first?.wholeNumberValue, values.indices.contains(number) { result += values[number] }
            rest = rest.dropFirst(2)
        }
        return result + rest
    }
}
