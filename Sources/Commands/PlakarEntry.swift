import ConnectorKit
import StrictJSON

/// A source or destination as `plakar source import` takes it: YAML, a name with a flat map of texts.
struct PlakarEntry: Sendable {
    var name: String
    var settings: [String: String]

    /// Every text is in double quotes, as JSON writes it, which YAML 1.2 reads as the same text: a number, a date or a
    /// brace stays a text. Plakar drops what is none.
    var yaml: String {
        var settings = Settings(settings)
        settings["location"] = location(of: settings)
        // Two accounts of one client are told apart by it.
        if settings["account"] == nil { settings["name"] = name }
        let keys = ["location"] + settings.values.keys.filter { $0 != "location" }.sorted()
        let lines = keys.compactMap { key in
            settings[key].map { "  \(JSON.string(key).text): \(JSON.string($0).text)\n" }
        }
        return "\(JSON.string(name).text):\n" + lines.joined()
    }

    /// `rclone://` would be taken by Plakar's package for rclone where that is installed; our other names are ours alone.
    private func location(of settings: Settings) -> String {
        let location = settings["location"] ?? RemoteSettings.defaultLocation
        let scheme = "rclone://"
        return location.hasPrefix(scheme) ? "googlephotos://" + location.dropFirst(scheme.count) : location
    }
}
