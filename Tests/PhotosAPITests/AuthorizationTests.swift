import ConnectorKit
import FakePhotos
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import PhotosAPI

@Suite struct AuthorizationTests {
    private static let client = OAuthClient(id: "id 1", secret: Secret("s"))

    private func authorization(
        _ client: OAuthClient = client, scopes: Set<OAuthScope> = [.read, .append], asksForConsent: Bool = false
    ) -> Authorization {
        Authorization(
            client: client, redirectURI: "http://127.0.0.1:1234/", scopes: scopes, asksForConsent: asksForConsent,
            state: "the state", verifier: Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
    }

    @Test func theLinkHasWhatGoogleWantsAndTheChallengeOfTheRFC() throws {
        let items = try #require(URLComponents(string: authorization().url)?.queryItems)
        let fields = Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value ?? "") })
        #expect(authorization().url.hasPrefix("https://accounts.google.com/o/oauth2/v2/auth?client_id=id%201&"))
        #expect(
            fields == [
                "client_id": "id 1", "redirect_uri": "http://127.0.0.1:1234/", "response_type": "code",
                "scope": "\(OAuthScope.read.rawValue) \(OAuthScope.append.rawValue)", "state": "the state",
                "access_type": "offline", "code_challenge_method": "S256",
                // RFC 7636, appendix B.
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            ])
        #expect(authorization(asksForConsent: true).url.hasSuffix("&prompt=consent"))
    }

    @Test func stateAndVerifierAre256BitsEachAndDiffer() {
        let made = (0..<2).map { _ in
            Authorization(
                client: Self.client, redirectURI: "http://127.0.0.1:1/", scopes: [.read], asksForConsent: false,
                runtime: .live)
        }
        let texts = made.flatMap { [$0.state, $0.verifier.reveal()] }
        #expect(Set(texts).count == 4)
        #expect(texts.allSatisfy { $0.utf8.count == 43 })
        #expect(!made[0].url.contains(made[0].verifier.reveal()))
    }

    @Test(arguments: [
        ("/?state=the+state&code=4/0a", "foreign"), ("/?state=the%20state&code=4%2F0a", "code 4/0a"),
        ("http://127.0.0.1:1234/?code=4/0a&scope=x&state=the%20state#x", "code 4/0a"),
        ("code=4/0a&state=the%20state", "code 4/0a"), ("/?code=4/0a", "foreign"), ("/?state=the%20state", "none"),
        ("/?code=1&code=2&state=the%20state", "none"), ("/?code=&state=the%20state", "none"),
        ("/?error=access_denied&state=the%20state", "permission"), ("/?error=access_denied&state=x", "foreign"),
        ("/?error=server_error&state=the%20state", "unavailable"), ("/?error=ya29.X&state=the%20state", "auth"),
        ("/favicon.ico", "none"), ("/", "none"), ("", "none"), ("/?%", "none"),
    ])
    func aRedirectIsReadAsTheRFCSays(redirect: String, expected: String) {
        let answer = authorization().answer(in: redirect)
        let said =
            switch answer {
            case .code(let code): "code \(code.reveal())"
            case .refused(let error): error.code.rawValue
            case .foreign: "foreign"
            case .none: "none"
            }
        #expect(said == expected)
        #expect(!"\(answer)".contains("4/0a") && !"\(answer)".contains("ya29"))
    }

    private func finish(
        _ service: FakeService, scopes: Set<OAuthScope> = [.read, .append], consent: Bool = true,
        change: [String: String] = [:]
    ) async throws -> SignIn.Outcome {
        let signIn = try service.signIn(change)
        defer { signIn.shutdown() }
        let authorization = authorization(signIn.client, scopes: scopes, asksForConsent: consent)
        let redirect = try #require(await service.redirect(authorization))
        guard case .code(let code) = authorization.answer(in: redirect) else {
            throw ConnectorError(.internalDefect, "no code")
        }
        return try await signIn.finish(authorization, code: code)
    }

    @Test func aCodeBecomesASignInThatCanBeRenewed() async throws {
        try await FakeService.run { service in
            let outcome = try await finish(service)
            #expect(outcome.granted == [.read, .append] && outcome.missing.isEmpty)
            #expect(outcome.token.refreshToken != nil)
            #expect(outcome.token.expiry == service.clock.now.adding(seconds: 3599))
            let signIn = try service.signIn()
            let adopted = try await signIn.adopt(outcome.token, scopes: [.read])
            #expect(adopted.token.refreshToken == outcome.token.refreshToken)
            #expect(adopted.granted == [.read, .append])
            signIn.shutdown()
        }
    }

    @Test func whatWasUntickedIsSaidAndNothingAtAllIsNoSignIn() async throws {
        try await FakeService.run { service in
            service.library.updateSignIn { $0.unticked = [.append] }
            let outcome = try await finish(service)
            #expect(outcome.granted == [.read] && outcome.missing == [.append])
            service.library.updateSignIn { $0.unticked = [] }
            let elsewhere = try await finish(service, scopes: [.edit])
            let signIn = try service.signIn()
            let error = await #expect(throws: ConnectorError.self) {
                try await signIn.adopt(elsewhere.token, scopes: [.picker])
            }
            #expect(error?.code == .permission)
            signIn.shutdown()
        }
    }

    @Test func aWrongSecretIsNotCalledAnOldAnswer() async throws {
        try await FakeService.run { service in
            let error = await #expect(throws: ConnectorError.self) {
                try await finish(service, change: ["client_secret": "wrong"])
            }
            #expect(error?.message == "Google refuses the client id or the client secret")
        }
    }

    @Test(arguments: [
        (400, #"{"error":"invalid_grant"}"#, "it has expired or was revoked", ConnectorError.Code.auth),
        (400, #"{"error":"invalid_grant","error_subtype":"invalid_rapt"}"#, "organisation", .auth),
        (401, #"{"error":"invalid_client"}"#, "client id or the client secret", .auth),
        (401, #"{"error":"unauthorized_client"}"#, "made for another one", .auth),
        (400, #"{"error":"invalid_scope"}"#, "permissions", .auth),
        (400, #"{"error":"invalid_request"}"#, "(invalid_request)", .auth),
        (400, #"{"error":"1//refreshSECRET"}"#, "refuses to renew the sign-in", .auth),
        (429, "", "at a time", .rateLimited), (503, "<html>", "HTTP status 503", .unavailable),
    ])
    func everyRefusalHasItsMessage(status: Int, body: String, part: String, code: ConnectorError.Code) {
        let error = GoogleError.token(status: status, body: Array(body.utf8), for: .renewal)
        #expect(error.code == code)
        #expect(error.message.contains(part))
        #expect(error.hint != nil)
        #expect(!error.message.contains("SECRET"))
        #expect(error.isRetryable == (status == 429 || status >= 500))
    }

    @Test func aRefusedRefreshTokenNamesAllKnownCausesAndLoginFirst() throws {
        let error = GoogleError.token(status: 400, body: Array(#"{"error":"invalid_grant"}"#.utf8), for: .renewal)
        let hint = try #require(error.hint)
        #expect(hint.hasPrefix("run gphotos login"))
        for cause in ["Testing", "7 days", "6 months", "revoked", "another client id", "100"] {
            #expect(hint.contains(cause))
        }
    }

    // MARK: Renewal by two processes

    /// Where a sign-in is kept, for several clients.
    private final class Keeper: Sendable {
        private let token: Mutex<OAuthToken?>
        init(_ token: OAuthToken?) { self.token = Mutex(token) }
        func keep(_ new: OAuthToken) { token.withLock { $0 = new } }
        var kept: OAuthToken? { token.withLock { $0 } }
    }

    private func withClients(
        _ service: FakeService, _ body: (TokenProvider, TokenProvider, Keeper) async throws -> Void
    )
        async throws
    {
        let http = try service.httpClient()
        let configuration = try service.configuration()
        let keeper = Keeper(configuration.token)
        let providers = (0..<2).map { _ in
            TokenProvider(
                http: http, configuration: configuration, runtime: service.clock.runtime(), reload: { keeper.kept },
                onRenewal: { keeper.keep($0) })
        }
        try await body(providers[0], providers[1], keeper)
        http.shutdown()
    }

    @Test func whatOneProcessRenewedTheOtherTakesWithoutARequest() async throws {
        try await FakeService.run { service in
            try await withClients(service) { first, second, keeper in
                let token = try await first.token(insteadOf: nil)
                #expect(keeper.kept?.accessToken == token)
                #expect(try await second.token(insteadOf: nil) == token)
                #expect(service.library.requestCount(.token) == 1)
                // It is not new to the one that made it: when it ends, it is renewed once more, by one of them.
                service.clock.advance(.seconds(3600))
                let renewed = try await second.token(insteadOf: nil)
                #expect(renewed != token)
                #expect(try await first.token(insteadOf: nil) == renewed)
                #expect(service.library.requestCount(.token) == 2)
            }
        }
    }

    @Test func aTokenThatWasRefusedIsNotTakenFromWhereItIsKept() async throws {
        try await FakeService.run { service in
            try await withClients(service) { first, second, _ in
                let token = try await first.token(insteadOf: nil)
                let other = try await second.token(insteadOf: token)
                #expect(other != token)
                #expect(service.library.requestCount(.token) == 2)
            }
        }
    }

    @Test func aSignInThatWasMadeAnewMeanwhileIsUsed() async throws {
        try await FakeService.run { service in
            try await withClients(service) { first, _, keeper in
                let credentials = try service.library.credentials(account: "demo2")
                keeper.keep(OAuthToken(accessToken: nil, refreshToken: Secret(credentials.refreshToken), expiry: nil))
                try service.library.revokeTokens(account: "demo")
                _ = try await first.token(insteadOf: nil)
                #expect(service.library.requestCount(.token) == 1)
            }
        }
    }
}
