import Crypto
import FakePhotos
import Foundation
import StrictJSON
import Testing

/// The page where a user signs in, and what comes of its codes.
@Suite struct SignInTests {
    private static let redirect = "http://127.0.0.1:4711/"
    private static let verifier = "a-verifier-of-the-test-that-is-43-letters-long"

    private static var challenge: String {
        Data(SHA256.hash(data: Data(verifier.utf8))).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private func encoded(_ fields: [String: String]) -> String {
        fields.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }
            .joined(separator: "&")
    }

    private func authorize(_ library: FakeLibrary, _ more: [String: String] = [:]) async -> FakeResponse {
        let fields = [
            "client_id": FakeLibrary.clientID, "redirect_uri": Self.redirect, "response_type": "code", "state": "s",
            "scope": "\(Scope.read.rawValue) \(Scope.append.rawValue)", "access_type": "offline",
            "code_challenge": Self.challenge, "code_challenge_method": "S256",
        ].merging(more) { $1 }
        return await library.respond(to: FakeRequest("GET", "/auth?" + encoded(fields.filter { !$0.value.isEmpty })))
    }

    private func answer(_ response: FakeResponse) throws -> [String: String] {
        #expect(response.status == 302)
        let location = try #require(response.headers.first(name: "Location"))
        #expect(location.hasPrefix(Self.redirect + "?"))
        let items = URLComponents(string: location)?.queryItems ?? []
        return Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value ?? "") })
    }

    private func exchange(
        _ library: FakeLibrary, _ code: String, _ more: [String: String] = [:], basic: Bool = false
    ) async -> FakeResponse {
        var fields = [
            "grant_type": "authorization_code", "code": code, "redirect_uri": Self.redirect,
            "code_verifier": Self.verifier,
        ]
        let credentials = "\(FakeLibrary.clientID):\(FakeLibrary.clientSecret)"
        if !basic {
            fields["client_id"] = FakeLibrary.clientID
            fields["client_secret"] = FakeLibrary.clientSecret
        }
        fields.merge(more) { $1 }
        return await library.respond(
            to: FakeRequest(
                "POST", "/token",
                headers: basic ? ["Authorization": "Basic \(Data(credentials.utf8).base64EncodedString())"] : [:],
                body: Array(encoded(fields.filter { !$0.value.isEmpty }).utf8)))
    }

    /// Signs in and returns the token endpoint's answer.
    private func token(_ library: FakeLibrary, _ more: [String: String] = ["prompt": "consent"]) async throws -> JSON {
        let code = try answer(await authorize(library, more))["code"]
        return try await exchange(library, try #require(code)).json()
    }

    private func refreshStatus(_ library: FakeLibrary, _ token: String?) async throws -> Int {
        let body = encoded([
            "grant_type": "refresh_token", "refresh_token": try #require(token), "client_id": FakeLibrary.clientID,
            "client_secret": FakeLibrary.clientSecret,
        ])
        return await library.respond(to: FakeRequest("POST", "/token", body: Array(body.utf8))).status
    }

    @Test(arguments: [true, false]) func aCodeBecomesATokenOnce(basic: Bool) async throws {
        let library = try FakeLibrary(options: .empty)
        let answer = try answer(await authorize(library, ["prompt": "consent"]))
        #expect(answer["state"] == "s" && answer["error"] == nil)
        let code = try #require(answer["code"])
        let token = await exchange(library, code, basic: basic)
        #expect(token.status == 200)
        let json = try token.json()
        #expect(json["scope"]?.stringValue == "\(Scope.append.rawValue) \(Scope.read.rawValue)")
        #expect(try await refreshStatus(library, json["refresh_token"]?.stringValue) == 200)
        let again = await exchange(library, code, basic: basic)
        #expect(again.status == 400)
        #expect(try again.json()["error"] == "invalid_grant")
        #expect(library.requestCount(.auth) == 1)
    }

    @Test(arguments: [
        (["code_verifier": "another"], "invalid_grant"), (["code_verifier": ""], "invalid_grant"),
        (["redirect_uri": "http://127.0.0.1:1/"], "redirect_uri_mismatch"), (["client_secret": "x"], "invalid_client"),
        (["grant_type": "client_credentials"], "unsupported_grant_type"), (["code": "4/0x"], "invalid_grant"),
    ])
    func whatDoesNotFitTheCodeIsRefused(change: [String: String], error: String) async throws {
        let library = try FakeLibrary(options: .empty)
        let code = try #require(try answer(await authorize(library))["code"])
        let refused = await exchange(library, code, change)
        #expect(refused.status >= 400)
        #expect(try refused.json()["error"]?.stringValue == error)
    }

    @Test func aCodeIsGoodForTenMinutes() async throws {
        let library = try FakeLibrary(options: .empty)
        let code = try #require(try answer(await authorize(library))["code"])
        library.advanceClock(seconds: 600)
        #expect(await exchange(library, code).status == 400)
    }

    @Test(arguments: [
        (["client_id": "x"], 401), (["redirect_uri": "https://example.com/"], 400), (["response_type": "token"], 400),
        (["scope": "https://www.googleapis.com/auth/photoslibrary"], 400), (["code_challenge_method": "MD5"], 400),
        (["login_hint": "nobody"], 400),
    ])
    func aRequestThatMakesNoSenseIsAPageAndNoRedirect(change: [String: String], status: Int) async throws {
        let response = await authorize(try FakeLibrary(options: .empty), change)
        #expect(response.status == status)
        #expect(response.headers.first(name: "Location") == nil)
    }

    @Test func aRefreshTokenComesFirstAndThenWithConsentOnly() async throws {
        let library = try FakeLibrary(options: .empty)
        try library.revokeTokens(account: "demo")
        #expect(try await token(library, [:])["refresh_token"] != nil)
        #expect(try await token(library, [:])["refresh_token"] == nil)
        #expect(try await token(library)["refresh_token"] != nil)
        #expect(try await token(library, ["prompt": "consent", "access_type": "online"])["refresh_token"] == nil)
    }

    @Test func theUserCanRefuseUntickAndAnswerAnotherRequest() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateSignIn { $0.unticked = [.append] }
        #expect(try await token(library)["scope"]?.stringValue == Scope.read.rawValue)
        library.updateSignIn { $0.unticked = [.append, .read] }
        #expect(try answer(await authorize(library))["error"] == "access_denied")
        let body = Array(#"{"unticked":[],"denies":true,"sendsWrongState":true}"#.utf8)
        #expect(await library.respond(to: FakeRequest("POST", "/_fake/sign-in", body: body)).status == 200)
        let answer = try answer(await authorize(library))
        #expect(answer["error"] == "access_denied" && answer["code"] == nil && answer["state"] != "s")
    }

    @Test func oneRefreshTokenTooManyEndsTheOldest() async throws {
        let library = try FakeLibrary(options: .empty)
        try library.revokeTokens(account: "demo")
        var tokens: [String?] = []
        for _ in 0..<101 { tokens.append(try await token(library)["refresh_token"]?.stringValue) }
        #expect(try await refreshStatus(library, tokens[0]) == 400)
        #expect(try await refreshStatus(library, tokens[1]) == 200)
        #expect(try await refreshStatus(library, tokens[100]) == 200)
    }

    @Test func inTestingASignInEndsAfterSevenDaysAlsoOnceThatIsOver() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateSignIn { $0.isTesting = true }
        let token = try await token(library)["refresh_token"]?.stringValue
        library.updateSignIn { $0.isTesting = false }
        library.advanceClock(seconds: 7 * 86400 - 1)
        #expect(try await refreshStatus(library, token) == 200)
        library.advanceClock(seconds: 1)
        #expect(try await refreshStatus(library, token) == 400)
    }

    @Test func aSignInThatIsNotUsedForSixMonthsEnds() async throws {
        let library = try FakeLibrary(options: .empty)
        let token = try await token(library)["refresh_token"]?.stringValue
        library.advanceClock(seconds: 182 * 86400)
        #expect(try await refreshStatus(library, token) == 200)
        library.advanceClock(seconds: 182 * 86400)
        #expect(try await refreshStatus(library, token) == 200)
        library.advanceClock(seconds: 183 * 86400)
        #expect(try await refreshStatus(library, token) == 400)
    }
}
