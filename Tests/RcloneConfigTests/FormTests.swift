import ConnectorKit
import Testing

@testable import RcloneConfig

struct FormTests {
    static let remote = "[p]\ntype = google photos\nclient_id = é\n"

    @Test func utf16AsPowerShellWritesIt() throws {
        let units = ("\u{FEFF}" + Self.remote.replacing("\n", with: "\r\n")).utf16
        let little = units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        let expected = ["p": ["type": "google photos", "client_id": "é"]]
        #expect(try RcloneConfig.read(little).settingsByName == expected)
        #expect(try RcloneConfig.read(big).settingsByName == expected)
    }

    @Test func whatIsNotUTF8IsRepairedAsInADump() throws {
        let config = try RcloneConfig.read(Array("[p]\nk = a".utf8) + [0xE9] + Array("b\n".utf8))
        #expect(config.settingsByName == ["p": ["k": "a\u{FFFD}b"]])
    }

    @Test func whatDumpPrints() throws {
        let text = """
            {
                "p": {
                    "token": "{\\"access_token\\":\\"\\u003ca\\u0026b\\u003e\\"}",
                    "type": "google photos"
                },
                "q.r": {},
                "q": {"k": "%(x)s", "n": 12, "b": true, "z": null}
            }
            """
        let config = try RcloneConfig.read("\u{FEFF}\n" + text)
        #expect(config.sections.map(\.name) == ["p", "q.r", "q"])
        #expect(config.sections[0].values.map(\.key) == ["token", "type"])
        // References are replaced by rclone already.
        let other = ["k": "%(x)s", "n": "12", "b": "true"]
        #expect(
            config.settingsByName == [
                "p": ["token": #"{"access_token":"<a&b>"}"#, "type": "google photos"], "q": other, "q.r": other,
            ])
    }

    static let refusals: [(text: String, reason: RcloneConfigError.Reason, message: String)] = [
        ("", .unreadable, "the input is empty"),
        (" \r\n\t\n", .unreadable, "the input is empty"),
        ("\u{FEFF}", .unreadable, "the input is empty"),
        ("; empty config\n", .unsuitable, "rclone's configuration is empty"),
        ("{}", .unsuitable, "rclone's configuration is empty"),
        ("<!DOCTYPE html>\n<html lang=\"en\">SECRET</html>", .unreadable, "a web page"),
        ("# c\n\n  <html>SECRET", .unreadable, "a web page"),
        ("PK\u{3}\u{4}\u{0}SECRET", .unreadable, "binary data"),
        ("[p]\nk = SECRET\u{0}\n", .unreadable, "binary data"),
        ("{\"p\": {\"k\": \"SECRET\"", .unreadable, "looks like JSON and is not"),
        ("{\"p\": {\"k\": [\"SECRET\"]}}", .unreadable, "a setting that is not a text"),
        ("{\"p\": \"SECRET\"}", .unreadable, "JSON, but not a configuration"),
        ("{\"access_token\":\"SECRET\"}", .unreadable, "the input is a token"),
        ("{\"type\":\"google photos\",\"token\":\"SECRET\"}", .unreadable, "without its name"),
        ("{\"p\":{}} SECRET", .unreadable, "looks like JSON and is not"),
        ("RCLONE_ENCRYPT_V1:\nSECRET", .unreadable, "encrypted in a way that is not known"),
        ("RCLONE_ENCRYPT_V0: SECRET", .unreadable, "encrypted in a way that is not known"),
        (
            "[p]\ntype = google photos\ntoken = XXX\n### Double check the config for sensitive info before posting publicly\n",
            .unsuitable, "is redacted"
        ),
    ]

    @Test(arguments: refusals)
    func refused(text: String, reason: RcloneConfigError.Reason, message: String) throws {
        let error = try refusal(text, password: "p")
        #expect(error.reason == reason)
        #expect(error.message.contains(message))
        #expect(!error.hint.isEmpty)
        #expect(!"\(error) \(error.hint)".contains("SECRET"))
        #expect(error.connectorError == ConnectorError(.config, error.message, hint: error.hint))
    }

    @Test func hugeInputIsRefused() {
        let huge = [UInt8](repeating: UInt8(ascii: "#"), count: RcloneConfig.sizeLimit + 1)
        #expect(throws: RcloneConfigError.self) { try RcloneConfig.read(huge) }
    }

    @Test func nothingPrintsValues() throws {
        let config = try RcloneConfig.read(
            "[p]\ntype = google photos\nclient_id = c\ntoken = {\"access_token\":\"SECRET\",\"refresh_token\":\"SECRET\"}\n"
        )
        let remote = try #require(config.googlePhotosRemotes().first)
        var dumped = ""
        dump(config, to: &dumped)
        dump(remote, to: &dumped)
        #expect(!"\(config) \(remote) \(String(reflecting: config)) \(dumped)".contains("SECRET"))
        #expect(remote.description.contains("token"))
    }

    @Test func namesAreMadeSafeToPrint() {
        #expect("a\u{1B}[31m\n\u{202E}b".quotedForPeople == "\"a\u{FFFD}[31m\u{FFFD}\u{FFFD}b\"")
        #expect(String(repeating: "x", count: 1000).quotedForPeople.count < 100)
        #expect("a-b.c:".quotedForShell == "a-b.c:")
        #expect("my 'b'\u{7}:".quotedForShell == #"'my '\''b'\''\#u{FFFD}:'"#)
    }
}
