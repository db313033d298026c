import ConnectorKit
import Testing

@testable import RcloneConfig

struct RemoteTests {
    static let token =
        #"{"access_token":"a","token_type":"Bearer","refresh_token":"r","expiry":"2026-01-02T03:04:05Z"}"#
    static let good = "type = google photos\nclient_id = i\nclient_secret = s\ntoken = \(token)\n"

    private func remotes(_ text: String, _ selectors: String...) throws -> [RcloneConfig.Remote] {
        let selectors = try selectors.map { try #require(RcloneConfig.Selector($0)) }
        return try RcloneConfig.read(text).googlePhotosRemotes(selecting: selectors)
    }

    @Test func withoutSelectorsAllOfTheTypeAreTaken() throws {
        let found = try remotes("[a]\n\(Self.good)[d]\ntype = drive\n[b]\n\(Self.good)[e]\ntype = s3\n[x]\n")
        #expect(found.map(\.name) == ["a", "b"])
        #expect(found[0].warnings == [#"ignored, not of type google photos: "d" ("drive"), "e" ("s3")"#])
        #expect(found[1].warnings.isEmpty)
        #expect(found[1].token.accessToken == Secret("a"))
        #expect(
            found[1].settings == [
                "type": "google photos", "client_id": "i", "client_secret": "s", "token": Self.token,
            ])
    }

    @Test func selectorsChooseAndRename() throws {
        let text = "[a]\n\(Self.good)[d]\ntype = drive\n[b]\n\(Self.good)"
        let found = try remotes(text, "b:photos", "a:", "a:again")
        #expect(found.map(\.name) == ["photos", "a", "again"])
        #expect(found.flatMap(\.warnings).isEmpty)
    }

    @Test(arguments: ["google photos", "gphotos", "googlephotos"])
    func allNamesOfTheTypeAreTaken(type: String) throws {
        let found = try remotes("[a]\n\(Self.good)type = \(type)\n", "a")
        #expect(found[0].settings["type"] == "google photos")
    }

    @Test func plakarsPrefixAndEmptyValuesGo() throws {
        let found = try remotes("[a]\ntype = google photos\nrclone_token = \(Self.token)\nclient_id =\nmine = 1\n")
        #expect(found[0].settings == ["type": "google photos", "token": Self.token, "mine": "1"])
    }

    @Test func settingsOfAParentCount() throws {
        let found = try remotes("[a]\n\(Self.good)[a.b]\nread_only = true\n", "a.b")
        #expect(found[0].settings["token"] == Self.token)
        #expect(found[0].settings["read_only"] == "true")
    }

    @Test func rclonesSharedClientIsWarnedOf() throws {
        let warnings = try remotes("[a]\n\(Self.good)client_id =\n")[0].warnings
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("2026"))
        #expect(warnings[0].contains("no longer shows what was uploaded with the old one"))
    }

    @Test func aClientWithoutSecretIsWarnedOf() throws {
        let warnings = try remotes("[a]\n\(Self.good)client_secret =\n")[0].warnings
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("no client_secret"))
    }

    @Test func aTokenThatCannotBeRenewedIsWarnedOf() throws {
        let warnings = try remotes("[a]\n\(Self.good)token = {\"access_token\":\"a\"}\n")[0].warnings
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("rclone config reconnect a:"))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let text: String
        var selectors: [String] = []
        let reason: RcloneConfigError.Reason
        let message: String
        let hint: String

        var testDescription: String { "\(selectors) \(message)" }
    }

    static let refusals: [Refusal] = [
        Refusal(
            text: "[a]\n\(good)", selectors: ["b"], reason: .noSuchSection, message: "has no remote \"b\"",
            hint: "it has: \"a\""),
        Refusal(
            text: "[a]\n\(good)", selectors: ["A"], reason: .noSuchSection, message: "has no remote \"A\"",
            hint: "it has: \"a\""),
        // `rclone config show b`, of rclone 1.60 and of later ones.
        Refusal(text: "[b]\n", reason: .noSuchSection, message: "no remote \"b\"", hint: "rclone listremotes"),
        Refusal(
            text: "[b]\n# couldn't find type of fs for \"b\"\n", reason: .noSuchSection, message: "no remote \"b\"",
            hint: "rclone listremotes"),
        Refusal(
            text: "[b]\n# couldn't find type of fs for \"b\"\n", selectors: ["b:c"], reason: .noSuchSection,
            message: "no remote \"b\"", hint: "rclone listremotes"),
        Refusal(
            text: "[b]\nk = SECRET\n", selectors: ["b"], reason: .unsuitable, message: "\"b\" has no type",
            hint: "rclone config show b"),
        Refusal(
            text: "[b]\ntype = drive\ntoken = SECRET\n", selectors: ["b"], reason: .unsuitable,
            message: "the remote \"b\" is of type \"drive\", not google photos", hint: "choose"),
        Refusal(
            text: "[b]\ntype = drive\n[c]\ntype = s3\n", reason: .unsuitable,
            message: "no remote of type google photos in the configuration: \"b\" (\"drive\"), \"c\" (\"s3\")",
            hint: "rclone config"),
        Refusal(
            text: "[a]\n\(good)[b]\n\(good)", selectors: ["a", "b:a"], reason: .unsuitable,
            message: "two remotes would have the name \"a\"", hint: "NAME:NEW"),
        Refusal(
            text: "[a]\ntype = google photos\n", reason: .unsuitable, message: "\"a\" has no token",
            hint: "rclone config reconnect a:"),
        Refusal(
            text: "[a]\ntype = google photos\ntoken =\n", reason: .unsuitable, message: "\"a\" has no token",
            hint: "rclone config reconnect a:"),
        Refusal(
            text: "[a]\ntype = google photos\ntoken = SECRET\n", reason: .unsuitable, message: "token is not JSON",
            hint: "rclone config reconnect a:"),
        Refusal(
            text: "[a]\ntype = google photos\ntoken = {\"id\":\"SECRET\"}\n", reason: .unsuitable,
            message: "neither an access token nor a refresh token", hint: "rclone config reconnect a:"),
        Refusal(
            text: "[a]\n\(good)token = XXX\n", reason: .unsuitable, message: "\"a\" is redacted",
            hint: "rclone config show"),
        Refusal(
            text: "[a]\n\(good)client_secret = XXX\n", selectors: ["a"], reason: .unsuitable,
            message: "\"a\" is redacted", hint: "rclone config show"),
        Refusal(
            text: "[a]\n\(good)[b]\ntype = google photos\n", reason: .unsuitable, message: "\"b\" has no token",
            hint: "reconnect b:"),
    ]

    @Test(arguments: refusals) func refused(_ expected: Refusal) throws {
        let error = try refusal(expected.text, selecting: expected.selectors)
        #expect(error.reason == expected.reason)
        #expect(error.message.contains(expected.message))
        #expect(error.hint.contains(expected.hint))
        #expect(!"\(error) \(error.hint)".contains("SECRET"))
    }

    @Test(arguments: [
        ("read_only = SECRET", "read_only"), ("read_size = yes", "read_size"),
        ("include_archived = 2", "include_archived"),
        ("start_year = SECRET", "start_year"), ("start_year = 99", "start_year"), ("batch_size = 51", "batch_size"),
        ("batch_mode = SECRET", "batch_mode"), ("token_url = SECRET", "token_url"), ("auth_url = file:///", "auth_url"),
    ]) func aWrongValueIsNamedByItsKey(line: String, key: String) throws {
        let error = try refusal("[a]\n\(Self.good)\(line)\n", selecting: [])
        #expect(error.reason == .unsuitable)
        #expect(error.message.contains("the setting \(key) must be"))
        #expect(!error.message.contains("SECRET"))
    }

    @Test(arguments: [
        "read_only = T", "read_size = 0", "include_archived = TRUE", "start_year = 2000", "batch_size = 50",
        "batch_mode = async", "batch_timeout = 10s", "proxy = http://localhost:8282", "token_url = HTTPS://x/token",
        "encoding = Slash,Dot", "description = anything: at = all", "unknown = 1",
    ]) func aRightValueIsKept(line: String) throws {
        let parts = line.split(separator: " = ", maxSplits: 1)
        #expect(try remotes("[a]\n\(Self.good)\(line)\n")[0].settings[String(parts[0])] == String(parts[1]))
    }

    @Test(arguments: [
        ("a", "a", nil), ("a:", "a", nil), ("a:b", "a", "b"), ("a:b:", "a", "b"), ("my photos:x y", "my photos", "x y"),
    ]) func selector(text: String, name: String, newName: String?) {
        #expect(RcloneConfig.Selector(text) == RcloneConfig.Selector(name: name, newName: newName))
    }

    @Test(arguments: ["", ":", "::", ":b", "a::", "a::b", "a:b:c", "a:b::"])
    func noSelector(text: String) {
        #expect(RcloneConfig.Selector(text) == nil)
    }
}
