import ConnectorKit
import Foundation
import PhotosAPI

/// The settings of a Google Photos source or destination, checked.
public struct LibrarySettings: Sendable {
    public var api: PhotosClient.Configuration
    public var caFile: String?
    /// A proxy that has the original bytes of items by their ids.
    public var proxyURL: String?
    /// The account: the same in every run against it.
    public var origin: String
    /// The sign-in, where nothing else tells the account from others of the same client: what was learnt of the one, and
    /// uploaded to it, must not be taken for the other's. The origin does without, to outlive a new sign-in.
    public var unnamedSignIn: Secret?
    public var root: Pathname
    public var views: Set<View>
    public var layout: LibraryLayout
    public var filter: LibraryFilter
    public var form: ImportForm
    /// Views by date begin with this year, as rclone's do.
    public var startYear: Int
    /// Whether sizes that are not known are asked for, one request an item.
    public var readsSizes: Bool
    /// Seconds for which an album is taken for the same whose title, cover and number of items are.
    public var albumRecheck: Int64
    public var includesArchived: Bool
    /// A directory with Takeout exports of the same account, whose items are shown with those of the service.
    public var takeout: String?
    /// Whether what was chosen in the Picker is shown with what the service lists.
    public var showsPicks: Bool
    /// Whether a person is asked to choose more of it.
    public var asksForPicks: Bool
    /// The most items that can be chosen in one session of the Picker.
    public var maxPicks: Int
    public var isReadOnly: Bool
    /// The most transfers at a time.
    public var transfers: Int
    /// How long a batch that is not full waits for company.
    public var batchTimeout: Duration
    /// The most items that one call creates.
    public var batchSize: Int
    /// Requests and downloads of a day, for all processes with this client id together.
    public var dailyRequests: Int
    public var dailyDownloads: Int
    public var export: ExportSettings

    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public init(_ settings: Settings) throws(ConnectorError) {
        if let type = settings["type"], type != "google photos" {
            throw ConnectorError(
                .config, "the setting type is \(type), not google photos", hint: "choose a remote of Google Photos")
        }
        guard let blob = settings["token"] else {
            throw ConnectorError(
                .config, "the setting token is missing: there is no sign-in",
                hint: "run gphotos login \(settings["name"] ?? "NAME")")
        }
        api = PhotosClient.Configuration(
            apiURL: try Self.url(settings, "api_url", default: PhotosClient.Configuration.googleAPI),
            tokenURL: try Self.url(settings, "token_url", default: PhotosClient.Configuration.googleToken),
            clientID: settings["client_id"] ?? "",
            clientSecret: settings.secret("client_secret"),
            token: try OAuthToken(parsing: blob))
        api.pickerURL = try Self.url(settings, "picker_url", default: PhotosClient.Configuration.googlePicker)
        api.triesSharing = try settings.bool("shared", default: false)
        proxyURL = settings["proxy"] == nil ? nil : try Self.url(settings, "proxy", default: "")
        api.sendsUploadHash = try settings.bool("upload_hash", default: true)
        _ = try Self.url(settings, "auth_url", default: OAuthClient.googleAuth)
        caFile = settings["ca_file"]
        if let caFile, !FileManager.default.isReadableFile(atPath: caFile) {
            throw ConnectorError(.config, "the setting ca_file names a file that cannot be read")
        }
        root = try Location(settings["location"] ?? "googlephotos://").path
        export = try ExportSettings(settings, root: root)
        includesArchived = try settings.bool("include_archived", default: true)
        isReadOnly = try settings.bool("read_only", default: false)
        transfers = try settings.integer("transfers", default: 16, in: 1...128)
        let mode = try settings.choice("batch_mode", default: BatchMode.sync)
        let size = try settings.integer("batch_size", default: 0, in: 0...50)
        batchSize = mode == .off ? 1 : size == 0 ? 50 : size
        batchTimeout = try Self.duration(settings, "batch_timeout", default: mode.timeout)
        dailyRequests = try settings.integer("daily_requests", default: 10_000, in: 0...100_000_000)
        dailyDownloads = try settings.integer("daily_downloads", default: 75_000, in: 0...100_000_000)
        let bandwidth = try settings.integer("bandwidth", default: 0, in: 0...1_000_000_000_000)
        api.bandwidth = bandwidth == 0 ? nil : bandwidth
        api.traces = try settings.bool("trace", default: false)
        let patience = try settings.integer("patience", default: 0, in: 0...3600)
        api.retry.patience = patience == 0 ? nil : .seconds(patience)
        layout = try LibraryLayout(settings)
        filter = try LibraryFilter(settings)
        form = try ImportForm(settings)
        startYear = try settings.integer("start_year", default: 0, in: 0...9999)
        readsSizes = try settings.bool("read_size", default: false)
        let recheck = settings["album_recheck"] ?? "7d"
        guard let seconds = RcloneDuration.seconds(recheck) else {
            throw ConnectorError(.config, "the setting album_recheck must be a duration such as 7d or 12h, or 0")
        }
        albumRecheck = seconds
        views = try Self.views(settings, layout)
        takeout = try Self.directory(settings, "takeout")
        showsPicks = try settings.bool("picker", default: false)
        let asks = try settings.bool("choose", default: false)
        asksForPicks = showsPicks && asks
        maxPicks = try settings.integer(
            "max_items", default: PhotosClient.pickerLimit.upperBound, in: PhotosClient.pickerLimit)
        if views.contains(.archive), takeout == nil { throw Self.noArchive }
        origin = Self.origin(settings)
        unnamedSignIn = (settings["account"] ?? settings["name"]) == nil ? api.token.refreshToken : nil
    }

    /// The account where it is known, else the name of the remote, else the client id: each is the same in every run.
    private static func origin(_ settings: Settings) -> String {
        settings["account"] ?? settings["name"]
            ?? "googlephotos-" + SafeName.mark(of: settings["client_id"] ?? "", digits: 12)
    }

    /// A list with archived items does not tell which of them are archived.
    public static let noArchive = ConnectorError(
        .config, "Google's API does not tell which items are archived: there is no view archive of it",
        hint: "a Takeout export tells it; with include_archived the dated views show archived items")

    /// The trees that an import of the root shows.
    /// - Throws: ``ConnectorError`` with code `config`, where the layout has no such tree.
    public static func views(
        _ settings: Settings, _ layout: LibraryLayout
    ) throws(ConnectorError) -> Set<View> {
        let all: [View] = layout.kind == .rclone ? View.allCases : [.byMonth, .album]
        guard let text = settings["views"] else { return Set([.byMonth, .album, .favorites].filter(all.contains)) }
        var views: Set<View> = []
        for word in text.split(separator: ",") {
            guard let view = View(rawValue: word.trimmingCharacters(in: .whitespaces)), all.contains(view) else {
                let known = all.map(\.rawValue).joined(separator: ", ")
                throw ConnectorError(.config, "the setting views holds \(word), which is none of: \(known)")
            }
            views.insert(view)
        }
        return views
    }

    private static func directory(_ settings: Settings, _ key: String) throws(ConnectorError) -> String? {
        guard var path = settings[key] else { return nil }
        guard path.hasPrefix("/") else {
            throw ConnectorError(
                .config, "the setting \(key) must be the absolute path of a directory", hint: "such as /home/me/exports"
            )
        }
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// How uploads gather in batches, as rclone's setting says. A result is only told when it is true, in any mode.
    private enum BatchMode: String, CaseIterable {
        case sync, async, off

        /// How long a batch waits for company where `batch_timeout` does not say: rclone's.
        var timeout: Duration { self == .async ? .seconds(10) : .seconds(1) }
    }

    /// A URL without a slash at its end: https, or http to this machine itself.
    static func url(_ settings: Settings, _ key: String, default fallback: String) throws(ConnectorError)
        -> String
    {
        guard var text = settings[key] else { return fallback }
        while text.hasSuffix("/") { text.removeLast() }
        let components = URLComponents(string: text)
        let host = components?.host ?? ""
        let isLoopback = ["localhost", "[::1]", "::1"].contains(host) || isLoopbackAddress(host)
        guard !host.isEmpty, components?.scheme == "https" || (components?.scheme == "http" && isLoopback) else {
            throw ConnectorError(
                .config, "the setting \(key) must be an https URL", hint: "plain http is for this machine itself only")
        }
        return text
    }

    /// 127.0.0.0/8, written as four numbers.
    private static func isLoopbackAddress(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && !numbers.contains(nil) && numbers[0] == 127
    }

    /// A duration as rclone writes it: `1s`, `500ms`, `2m`; 0 is the default.
    private static func duration(
        _ settings: Settings, _ key: String, default fallback: Duration
    ) throws(ConnectorError) -> Duration {
        guard let text = settings[key] else { return fallback }
        let number = text.prefix { $0.isNumber || $0 == "." }
        let factor: Double? =
            switch text.dropFirst(number.count) {
            case "ms": 0.001
            case "s", "": 1
            case "m": 60
            default: nil
            }
        guard let factor, let value = Double(number), value >= 0, value * factor <= 3600 else {
            throw ConnectorError(.config, "the setting \(key) must be a duration such as 1s or 500ms")
        }
        return value == 0 ? fallback : .milliseconds(Int64(value * factor * 1000))
    }

    /// The one definition of the settings: `spec`, validators and documentation are made of it.
    public static let definitions: [SettingDefinition] =
        [
            SettingDefinition(
                "location", .text,
                "What to read or write: googlephotos://[/PATH]; to read, also picker:// and takeout:///DIRECTORY.",
                default: "googlephotos://"),
            SettingDefinition(
                "path", .text, "The part of a takeout:// or picker:// source to show, such as /media/by-month/2024."),
            SettingDefinition(
                "takeout", .text,
                "A directory with Takeout exports of the same account, to be one library with what the API shows."),
            SettingDefinition(
                "picker", .flag,
                "Show what was chosen in the Picker by the same account, to be one library with what the API shows.",
                default: "false"),
            SettingDefinition(
                "max_items", .integer(1...2000), "The most items that can be chosen in one session of the Picker.",
                default: "2000"),
            SettingDefinition(
                "choose", .flag,
                "Ask for a choice in the Picker: true by default with picker://, false with the setting picker."),
            SettingDefinition("client_id", .text, "OAuth client id of your Google Cloud project."),
            SettingDefinition("client_secret", .text, "OAuth client secret.", secret: true),
            SettingDefinition("token", .text, "OAuth token, as the JSON that rclone stores.", secret: true),
            SettingDefinition("auth_url", .text, "URL of the sign-in page, for a test service."),
            SettingDefinition("token_url", .text, "URL of the token endpoint, for a test service."),
            SettingDefinition("api_url", .text, "Base URL of the Library API without /v1, for a test service."),
            SettingDefinition("picker_url", .text, "Base URL of the Picker API without /v1, for a test service."),
            SettingDefinition("ca_file", .text, "PEM file of certificates to trust beside the system's."),
            SettingDefinition(
                "proxy", .text,
                "URL of a proxy such as gphotosdl that hands out the original bytes of an import's items."),
            SettingDefinition(
                "shared", .flag, "Send calls about shared albums, although Google refuses them.", default: "false"),
            SettingDefinition("read_only", .flag, "Refuse to write to the account.", default: "false"),
            SettingDefinition("include_archived", .flag, "Show archived items in the dated views.", default: "true"),
            SettingDefinition(
                "views", .text,
                "Trees that an import shows: of all, by-year, by-month, by-day, album, favorites; of Takeout also archive.",
                default: "by-month,album,favorites"),
            SettingDefinition(
                "start_year", .integer(0...9999), "The first year that views by date show, but for /media/all.",
                default: "0"),
            SettingDefinition(
                "read_size", .flag, "Ask for each size that is not known: one download request each.", default: "false"),
            SettingDefinition(
                "album_recheck", .text,
                "How long an album is taken for the same whose title, cover and number of items are; 0 lists each anew.",
                default: "7d"),
            SettingDefinition("transfers", .integer(1...128), "The most transfers at a time.", default: "16"),
            SettingDefinition(
                "batch_mode", .choice(BatchMode.allCases.map(\.rawValue)),
                "How uploads gather in batches; off makes each item alone.", default: "sync"),
            SettingDefinition(
                "batch_size", .integer(0...50), "The most items that one call creates; 0 is 50.", default: "0"),
            SettingDefinition(
                "daily_requests", .integer(0...100_000_000),
                "API requests that all runs with this client id may make in a day; it ends at midnight Pacific time.",
                default: "10000"),
            SettingDefinition(
                "daily_downloads", .integer(0...100_000_000),
                "Downloads that all runs with this client id may make in a day.", default: "75000"),
            SettingDefinition(
                "bandwidth", .integer(0...1_000_000_000_000),
                "Bytes a second that all downloads together may take; 0 is as many as there are.", default: "0"),
            SettingDefinition(
                "patience", .integer(0...3600),
                "Seconds for which a request that fails is sent again; 0 is for some minutes, as a backup wants it.",
                default: "0"),
            SettingDefinition("trace", .flag, "Tell of every request, as -vv does.", default: "false"),
            SettingDefinition(
                "batch_timeout", .text,
                "How long a batch that is not full waits for company; 10s with batch_mode async.",
                default: "1s"),
            SettingDefinition(
                "upload_hash", .flag, "Send the SHA-1 of what is uploaded, so that Google refuses damaged bytes.",
                default: "true"),
        ] + ImportForm.definitions + ExportSettings.definitions + LibraryLayout.definitions + LibraryFilter.definitions
}

/// What a location names.
public struct Location: Sendable, Hashable {
    public var path: Pathname

    /// `googlephotos://[/PATH]`; `gphotos://` and `rclone://` mean the same. `googlephotos://album/X` is
    /// `googlephotos:///album/X`.
    public init(_ text: String) throws(ConnectorError) {
        guard let separator = text.range(of: "://") else {
            throw ConnectorError(.config, "the setting location must be like googlephotos:///album/TITLE")
        }
        let scheme = String(text[..<separator.lowerBound])
        guard Self.librarySchemes.contains(scheme) else {
            throw ConnectorError(
                .config, "the setting location begins with \(scheme)://, which is not known",
                hint: "use googlephotos://")
        }
        var rest = String(text[separator.upperBound...]).precomposedStringWithCanonicalMapping
        while rest.hasSuffix("/") { rest.removeLast() }
        do {
            path = try Pathname(rest.hasPrefix("/") ? rest : "/" + rest)
        } catch {
            throw ConnectorError(.config, "the setting location does not name a place: \(error.message)")
        }
    }

    public static let librarySchemes: Set<String> = ["googlephotos", "gphotos", "rclone"]
}
