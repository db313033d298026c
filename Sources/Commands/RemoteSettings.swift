import ConnectorKit
import PhotosImporter
import RcloneConfig

/// What this program knows of the settings of a source or destination, whatever else they hold.
enum RemoteSettings {
    static let defaultLocation = "googlephotos://"

    /// Checks what does not depend on how the settings are used.
    /// - Throws: ``Failure``, 78.
    static func check(_ values: [String: String], of kind: RemoteKind) throws {
        let settings = Settings(values)
        let type = settings["type"]
        if let type, type != RcloneConfig.googlePhotosType {
            throw Failure(
                .badConfiguration, "the type \(type.quoted) is not known",
                hint: "the type of Google Photos is \(RcloneConfig.googlePhotosType.quoted)")
        }
        // By the plain key: an empty location is a mistake, where other empty values are no values.
        try checkLocation(values["location"] ?? settings["location"] ?? defaultLocation, type: type, kind)
        if let token = settings["token"] { _ = try OAuthToken(parsing: token) }
    }

    private static func checkLocation(_ location: String, type: String?, _ kind: RemoteKind) throws(Failure) {
        guard let separator = location.firstRange(of: "://"), location.printable == location else {
            throw Failure(
                .badConfiguration, "\(location.quoted) is no location",
                hint: "use \(defaultLocation), or \(defaultLocation)/album/TITLE for a part")
        }
        switch location[..<separator.lowerBound] {
        case "googlephotos", "gphotos": break
        case "takeout":
            if kind == .destination {
                throw Failure(
                    .badConfiguration, "Takeout exports are a source: nothing is written to them",
                    hint: "use \(defaultLocation) as the destination")
            }
            do { _ = try TakeoutSettings.directory(location) } catch { throw error.failure }
        case "picker":
            if kind == .destination {
                throw Failure(
                    .badConfiguration, "the Picker is a source: nothing is written to it",
                    hint: "use \(defaultLocation) as the destination")
            }
            if location == PickerSettings.scheme { break }
            throw Failure(
                .badConfiguration, "a location picker:// has nothing behind it",
                hint: "the setting path narrows it, as in path=/media/by-month/2024")
        case "rclone":
            if type == RcloneConfig.googlePhotosType { break }
            throw Failure(
                .badConfiguration, "a location rclone:// needs the setting type=\(RcloneConfig.googlePhotosType)",
                hint: "or use \(defaultLocation)")
        case let scheme:
            throw Failure(
                .badConfiguration, "locations that begin with \(String(scheme).quoted) are not known",
                hint: "use \(defaultLocation)")
        }
    }

    /// Whether a value is nobody else's business, by the name of its key. Unknown keys are judged with suspicion.
    static func isSecret(_ key: String) -> Bool {
        let key = key.lowercased()
        if key.hasSuffix("_url") { return false }
        return ["token", "secret", "password", "passwd", "private_key", "api_key"].contains { key.contains($0) }
    }

    /// The settings as they may be shown to anyone.
    static func masked(_ settings: [String: String]) -> [String: String] {
        var masked = settings
        for (key, value) in settings {
            masked[key] = isSecret(key) ? "***" : withoutCredentials(value)
        }
        return masked
    }

    /// A URL may hold a name and a password, as that of a proxy does.
    private static func withoutCredentials(_ value: String) -> String {
        guard let scheme = value.firstRange(of: "://") else { return value }
        let rest = value[scheme.upperBound...]
        let authority = rest.prefix { !["/", "?", "#"].contains($0) }
        guard let at = authority.lastIndex(of: "@") else { return value }
        return value[..<scheme.upperBound] + "***" + rest[at...]
    }
}
