import Foundation
import PhotosLibrary
import StrictJSON
import Testing

@testable import Commands

/// What `set` and `add` refuse at once, and how they say it.
struct SettingCheckTests {
    private func imported(_ more: String = "") async throws -> Sandbox {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run("source import", stdin: Rclone.remote("demo") + more)
        try #require(outcome.status == 0, "\(outcome.err)")
        return sandbox
    }

    @Test(arguments: [
        ("album_rechek=7d", "did you mean album_recheck?"), ("Layout=rclone", "did you mean layout?"),
        ("include-archived=true", "did you mean include_archived?"), ("x-y.z=1", "`gphotos help settings`"),
        ("rclone_batch_sise=5", "did you mean batch_size?"), ("other_secret=-", "`gphotos help settings`"),
        ("daily_req=5", "did you mean daily_requests?"),
    ])
    func unknownSettingsAreRefused(setting: String, hint: String) async throws {
        let sandbox = try await imported()
        let before = try sandbox.config()
        for command in ["set demo", "add new googlephotos://"] {
            let outcome = await sandbox.run("source \(command) \(setting)", stdin: "x")
            #expect(outcome.status == 64)
            #expect(outcome.err.hasPrefix("gphotos: there is no setting \"\(setting.prefix { $0 != "=" })\"\n"))
            #expect(outcome.err.contains(hint), "\(outcome.err)")
        }
        #expect(try sandbox.config() == before)
    }

    /// A value, what the message says is allowed, and what the hint takes it for.
    @Test(
        arguments: [
            ("layout=gphoto-sync", "the setting layout must be one of: rclone, gphotos-sync", "gphotos-sync"),
            ("albums=link", "one of: copies, links", "links"), ("catalog=ture", "must be true or false", "true"),
            ("transfers=0", "the setting transfers must be a number from 1 to 128", nil),
            ("transfers=many", "a number from 1 to 128", nil), ("media_type=foto", "one of: photo, video", nil),
            ("album_recheck=week", "must be a duration such as 7d", nil), ("since=yesterday", "a day such as", nil),
            ("views=month", "none of: all, by-year", nil), ("encoding=Nonsense", "encoding", nil),
            ("api_url=http://example.com", "must be an https URL", nil), ("album_regex=(", "regular expression", nil),
            ("views=archive", "no view archive", nil), ("delete_extra=true", "names one album", nil),
            ("ca_file=/nowhere", "ca_file names a file that cannot be read", nil),
            ("takeout=relative", "absolute", nil),
            ("rclone_read_only=perhaps", "the setting read_only must be true or false", nil),
            ("patience=-1", "the setting patience must be a number from 0 to 3600", nil),
        ] as [(String, String, String?)])
    func wrongValuesAreRefused(setting: String, message: String, meant: String?) async throws {
        let sandbox = try await imported()
        let before = try sandbox.config()
        for command in ["set demo", "add new googlephotos://"] {
            let outcome = await sandbox.run("source \(command) \(setting)")
            #expect(outcome.status == 78, "\(outcome.err)")
            #expect(outcome.err.contains(message), "\(outcome.err)")
            if let meant { #expect(outcome.err.contains("hint: did you mean \(meant)?"), "\(outcome.err)") }
        }
        #expect(try sandbox.config() == before)
    }

    @Test(arguments: [
        "type=google photos", "description=mine", "client_credentials=true", "batch_commit_timeout=10m",
        "override.no_check_certificate=true", "rclone_read_size=true", "account=me", "batch_mode=async",
    ])
    func whatRcloneKnowsIsTaken(setting: String) async throws {
        let sandbox = try await imported()
        let outcome = await sandbox.run(["source", "set", "demo", setting])
        #expect(outcome.status == 0, "\(outcome.err)")
    }

    @Test func everyDefinitionIsTakenAtItsDefault() async throws {
        let sandbox = try await imported()
        for definition in LibrarySettings.definitions where !definition.isSecret {
            guard let value = definition.defaultValue else { continue }
            let outcome = await sandbox.run(["source", "set", "demo", "\(definition.name)=\(value)"])
            #expect(outcome.status == 0, "\(definition.name): \(outcome.err)")
        }
    }

    @Test func whatGoesTogetherIsCheckedTogether() async throws {
        let sandbox = try await imported()
        #expect(await sandbox.run("source set demo views=by-year").status == 0)
        let layout = await sandbox.run("source set demo layout=gphotos-sync")
        #expect(layout.status == 78)
        #expect(layout.err.contains("views holds by-year"))
        #expect(await sandbox.run("source set demo layout=gphotos-sync views=by-month").status == 0)
        #expect(await sandbox.run("source set demo since=2024-01-02").status == 0)
        #expect(await sandbox.run("source set demo until=2024-01-01").status == 78)
        #expect(await sandbox.run("source set demo path_format={0}").status == 78)
        #expect(await sandbox.run("source set demo takeout=/exports layout=rclone views=archive").status == 0)
        #expect(await sandbox.run("source unset demo takeout").status == 78)
        #expect(await sandbox.run("source unset demo takeout views").status == 0)
    }

    /// A mistake that is there already must not stand in the way of another change, nor of its own correction.
    @Test func anOldMistakeIsToldAndCanBeMended() async throws {
        let sandbox = try await imported()
        var text = try String(contentsOfFile: sandbox.configFile, encoding: .utf8)
        text = text.replacing(#""start_year": "2001""#, with: #""layout": "nonsense", "views": "bogus""#)
        _ = try sandbox.write(text, to: "config/gphotos/config.json")
        let other = await sandbox.run("source set demo transfers=4")
        #expect(other.status == 0, "\(other.err)")
        #expect(other.err.contains("warning: another setting of \"demo\" keeps it from being used: the setting layout"))
        #expect(await sandbox.run("source set demo transfers=400").status == 78)
        let mended = await sandbox.run("source set demo layout=rclone")
        #expect(mended.status == 0)
        #expect(mended.err.contains("the setting views holds bogus"))
        #expect(await sandbox.run("source set demo views=alll").status == 78)
        let last = await sandbox.run("source unset demo views")
        #expect(last.status == 0 && last.err == "")
    }

    @Test func aRemoteThatCannotWorkIsNotImported() async throws {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run("source import", stdin: Rclone.remote("demo") + "layout = nonsense\n")
        #expect(outcome.status == 78)
        #expect(outcome.err.contains("the setting layout must be one of"))
        #expect(!outcome.err.contains("SECRET"))
    }

    @Test(
        arguments: [
            ("albums", ["album", "albums"], "albums"), ("ablum", ["album", "views"], "album"),
            ("x", ["album", "y"], "y"),
            ("colour", ["album", "views"], nil), ("", ["a"], "a"),
            ("daily", ["daily_requests", "daily_downloads"], nil),
        ] as [(String, [String], String?)])
    func nearMisses(text: String, words: [String], meant: String?) {
        #expect(NearMiss.of(text, among: words) == meant)
    }

    @Test(arguments: [("", "", 0), ("abc", "abd", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("abc", "", 3)])
    func distances(left: String, right: String, distance: Int) {
        #expect(NearMiss.distance(Array(left), Array(right)) == distance)
        #expect(NearMiss.distance(Array(right), Array(left)) == distance)
    }
}
