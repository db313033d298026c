import ConnectorKit
import SeededRandom
import Testing

@testable import RcloneConfig

struct OAuthTokenTests {
    @Test func asRcloneWritesIt() throws {
        let token = try OAuthToken(
            parsing:
                #"{"access_token":"a","token_type":"Bearer","refresh_token":"r","expiry":"2019-06-28T17:38:04.644930156+01:00"}"#
        )
        #expect(token.accessToken == Secret("a"))
        #expect(token.tokenType == "Bearer")
        #expect(token.refreshToken == Secret("r"))
        #expect(token.expiry?.description == "2019-06-28T16:38:04.644930156Z")
    }

    @Test(arguments: [
        (#"{"ACCESS_TOKEN":"a"}"#, "a", ""),
        (#"{"Access_Token":"a","Refresh_Token":"r"}"#, "a", "r"),
        (#"{"acce\u017f\u017f_to\u212Aen":"a"}"#, "a", ""),
        (#"{"access_token":"a","Access_token":"b"}"#, "b", ""),
        (#"{"access_token":"a","ACCESS_TOKEN":null}"#, "a", ""),
        (#" {"access_token":"a","expires_in":3599,"scope":["x"],"more":{"access_token":1}} "#, "a", ""),
        (#"{"access_token":null,"refresh_token":"r","token_type":null,"expiry":null}"#, "", "r"),
        (#"{"AccessToken":"a","RefreshToken":"r"}"#, "a", "r"),
        (#"{"access_token":"a","AccessToken":"b","RefreshToken":"r"}"#, "a", ""),
        (#"{"refresh_token":"r"}"#, "", "r"),
    ]) func asGoReadsIt(text: String, access: String, refresh: String) throws {
        let token = try OAuthToken(parsing: text)
        #expect((token.accessToken?.reveal() ?? "") == access)
        #expect((token.refreshToken?.reveal() ?? "") == refresh)
        #expect(token.expiry == nil)
    }

    @Test func shapeOfBefore2016() throws {
        let token = try OAuthToken(
            parsing: #"{"AccessToken":"a","RefreshToken":"r","Expiry":"2015-01-02T03:04:05Z","Extra":null}"#)
        #expect(token.expiry?.description == "2015-01-02T03:04:05Z")
        #expect(token.json.reveal() == #"{"access_token":"a","refresh_token":"r","expiry":"2015-01-02T03:04:05Z"}"#)
    }

    @Test(arguments: ["0001-01-01T00:00:00Z", "0001-01-01T01:00:00+01:00"])
    func zeroTimeIsNoExpiry(time: String) throws {
        let token = try OAuthToken(parsing: #"{"access_token":"a","expiry":"\#(time)"}"#)
        #expect(token.expiry == nil)
        #expect(token.json.reveal() == #"{"access_token":"a","expiry":"0001-01-01T00:00:00Z"}"#)
    }

    @Test(arguments: [
        "SECRET", "", "null", "{}", "[]", "1", "\"SECRET\"", #"{"access_token":"","refresh_token":""}"#,
        #"{"access_token":1}"#, #"{"access_token":"SECRET","refresh_token":["SECRET"]}"#,
        #"{"access_token":"SECRET","expiry":"SECRET"}"#, #"{"access_token":"SECRET","expiry":""}"#,
        #"{"access_token":"SECRET","expiry":1}"#, #"{"access_token":"SECRET","expiry":"2026-01-02t03:04:05Z"}"#,
        #"{"access_token":"SECRET","expiry":"2026-01-02T03:04:05z"}"#,
        #"{"access_token":"SECRET","expiry":"2026-01-02 03:04:05Z"}"#,
        #"{"access_token":"SECRET","expiry":"2026-01-02T03:04:60Z"}"#,
        #"{"access_token":"SECRET"} SECRET"#, #"{"access_token":"SECRET""#,
    ]) func refused(text: String) throws {
        let error = try #require(throws: ConnectorError.self) { try OAuthToken(parsing: text) }
        #expect(error.code == .config)
        #expect(!error.message.contains("SECRET"))
        #expect(error.message.hasPrefix("the token"))
    }

    @Test func writtenToTheByteAsGoDoes() {
        let token = OAuthToken(
            accessToken: Secret("<a>&\"\\\u{2028}é\u{8}"), refreshToken: Secret("r"),
            expiry: Timestamp(seconds: 1_767_323_045, nanoseconds: 120_000_000))
        // encoding/json, escapeHTML: <, >, & and the two line separators; control characters as four digits.
        #expect(
            token.json.reveal()
                == #"{"access_token":"\u003ca\u003e\u0026\"\\\u2028é\u0008","token_type":"Bearer","refresh_token":"r","expiry":"2026-01-02T03:04:05.12Z"}"#
        )
    }

    @Test func roundTrip() throws {
        for seed in UInt64(0)..<300 {
            var generator = SeededRandom(seed: seed)
            func text(_ limit: Int) -> String {
                let letters: [Character] = [
                    "a", "Z", "9", "<", "&", "\"", "\\", "/", "é", "😀", "\n", "\u{2029}", "`", "=", "_",
                ]
                return String(
                    (0..<Int.random(in: 1...limit, using: &generator)).map { _ in
                        letters.randomElement(using: &generator) ?? "a"
                    })
            }
            let token = OAuthToken(
                accessToken: Bool.random(using: &generator) ? Secret(text(60)) : nil, tokenType: text(6),
                refreshToken: Secret(text(60)),
                expiry: Bool.random(using: &generator)
                    ? Timestamp(
                        seconds: .random(in: 0..<4_000_000_000, using: &generator),
                        nanoseconds: .random(in: 0..<1_000_000_000, using: &generator)) : nil)
            let json = token.json.reveal()
            #expect(try OAuthToken(parsing: json) == token, "seed \(seed)")
            #expect(!json.contains("\n"), "seed \(seed)")
        }
    }

    @Test func secretsAreNotPrinted() throws {
        let token = try OAuthToken(parsing: #"{"access_token":"SECRET","refresh_token":"SECRET"}"#)
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!"\(token) \(token.json) \(String(reflecting: token)) \(dumped)".contains("SECRET"))
    }
}
