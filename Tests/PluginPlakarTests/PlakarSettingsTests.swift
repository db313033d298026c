import ConnectorKit
import Testing

@testable import PluginPlakar

struct PlakarSettingsTests {
    /// What Plakar makes of `@NAME:/PATH`, and what is left as it was written.
    @Test(arguments: [
        ("rclone:///album/2024%20Norway", "rclone:///album/2024 Norway"),
        ("googlephotos:///album/Sommer%20%F0%9F%8C%9E%20%C3%9Cbersee", "googlephotos:///album/Sommer 🌞 Übersee"),
        ("gphotos:///album/Where%3F%20%23%28100%25%29%21", "gphotos:///album/Where? #(100%)!"),
        ("takeout:///home/me/My%20Exports", "takeout:///home/me/My Exports"),
        ("googlephotos:///album/%2520", "googlephotos:///album/%20"),
        ("rclone://", "rclone://"),
        ("rclone://album/Lisbon", "rclone://album/Lisbon"),
        // Written by a person: Go would have escaped the space, and has no other names for letters.
        ("rclone:///album/100%25 cotton", "rclone:///album/100%25 cotton"),
        ("rclone:///album/100%", "rclone:///album/100%"),
        ("rclone:///album/%41", "rclone:///album/%41"),
        ("rclone:///album/%c3%9c", "rclone:///album/%c3%9c"),
        ("rclone:///album/5%", "rclone:///album/5%"),
        ("rclone:///album/50%-off", "rclone:///album/50%-off"),
        // No UTF-8.
        ("rclone:///album/%FF", "rclone:///album/%FF"),
    ])
    func aLocationIsWhatThePersonWrote(sent: String, meant: String) {
        #expect(Settings(plakar: ["location": sent])["location"] == meant)
    }

    @Test func settingsComeWithRclonesPrefixOrPlainAndThePlainOneWins() {
        let settings = Settings(plakar: [
            "rclone_token": "t", "rclone_views": "all", "views": "album", "rclone_empty": "", "location": "rclone://",
        ])
        #expect(settings == Settings(["token": "t", "views": "album", "location": "rclone://"]))
        #expect(Settings(plakar: [:]) == Settings())
    }
}
