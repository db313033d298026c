import ConnectorKit
import Testing

struct SettingsTests {
    private enum Color: String, CaseIterable { case red, green }

    @Test func prefixIsStripped() {
        let settings = Settings(["rclone_token": "t", "client_id": "c", "rclone_rclone_x": "x", "Rclone_y": "y"])
        #expect(settings.values == ["token": "t", "client_id": "c", "rclone_x": "x", "Rclone_y": "y"])
    }

    @Test func plainWinsOverPrefixed() {
        // Dictionaries have a new order in every run and of every size.
        for count in 0..<20 {
            var raw = ["rclone_token": "prefixed", "token": "plain"]
            for index in 0..<count { raw["k\(index)"] = "v" }
            #expect(Settings(raw)["token"] == "plain")
        }
    }

    @Test func emptyIsUnset() throws {
        var settings = Settings(["a": "", "rclone_b": "", "c": "1"])
        #expect(settings.values == ["c": "1"])
        settings["c"] = ""
        #expect(settings["c"] == nil)
        settings["d"] = "2"
        settings["d"] = nil
        #expect(settings == Settings())
        #expect(try settings.bool("a", default: true))
        #expect(try settings.integer("a", default: 7, in: 0...9) == 7)
        #expect(try settings.choice("a", default: Color.green) == .green)
        #expect(settings.secret("a") == nil)
    }

    @Test func blanksAreAValue() {
        #expect(Settings(["a": " "])["a"] == " ")
    }

    @Test func required() throws {
        #expect(try Settings(["a": "v"]).require("a") == "v")
        let missing = try #require(throws: ConnectorError.self) { try Settings(["a": ""]).require("a") }
        #expect(missing == ConnectorError(.config, "the setting a is missing"))
    }

    @Test(arguments: [
        ("1", true), ("t", true), ("T", true), ("true", true), ("TRUE", true), ("True", true), ("0", false),
        ("f", false), ("F", false), ("false", false), ("FALSE", false), ("False", false),
    ]) func flags(text: String, value: Bool) throws {
        #expect(try Settings(["a": text]).bool("a", default: !value) == value)
    }

    @Test(arguments: ["yes", "no", "on", "tRUE", " true", "true ", "2", "-1"]) func noFlags(text: String) throws {
        let error = try #require(throws: ConnectorError.self) { try Settings(["a": text]).bool("a", default: true) }
        #expect(error == ConnectorError(.config, "the setting a must be true or false"))
    }

    @Test func integers() throws {
        for (text, value) in [("0", 0), ("-3", -3), ("10", 10), ("007", 7)] {
            #expect(try Settings(["n": text]).integer("n", default: 1, in: -3...10) == value)
        }
        for text in ["11", "-4", "1.0", "1e1", " 1", "1 ", "0x1", "ten", "99999999999999999999"] {
            let error = try #require(throws: ConnectorError.self) {
                try Settings(["n": text]).integer("n", default: 1, in: -3...10)
            }
            #expect(error == ConnectorError(.config, "the setting n must be a number from -3 to 10"))
        }
    }

    @Test func choices() throws {
        #expect(try Settings(["c": "red"]).choice("c", default: Color.green) == .red)
        for text in ["Red", "blue", "red ", "red, green"] {
            let error = try #require(throws: ConnectorError.self) {
                try Settings(["c": text]).choice("c", default: Color.green)
            }
            #expect(error == ConnectorError(.config, "the setting c must be one of: red, green"))
        }
    }

    /// A value in the wrong place may be a token.
    @Test func errorsNameTheKeyAndNeverTheValue() throws {
        let settings = Settings(["the_key": "SECRET"])
        let failures: [any Error] = [
            try #require(throws: ConnectorError.self) { try settings.bool("the_key", default: true) },
            try #require(throws: ConnectorError.self) { try settings.integer("the_key", default: 1, in: 0...9) },
            try #require(throws: ConnectorError.self) { try settings.choice("the_key", default: Color.red) },
        ]
        for failure in failures {
            #expect("\(failure)".contains("the_key"))
            #expect(!String(reflecting: failure).contains("SECRET"))
            #expect((failure as? ConnectorError)?.code == .config)
            #expect((failure as? ConnectorError)?.isRetryable == false)
        }
    }

    /// Settings hold tokens, so that a log of them must not.
    @Test func settingsAreNotPrinted() {
        let settings = Settings(["token": "SECRET"])
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!"\(settings)\(String(reflecting: settings))\(dumped)".contains("SECRET"))
    }
}
