import HTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CredentialScopeTests {
    private let google = CredentialScope(
        domains: ["googleapis.com", "googleusercontent.com"], origins: ["http://127.0.0.1:8080/picker"])

    @Test(arguments: [
        "https://photoslibrary.googleapis.com/v1/uploads?upload_id=x", "https://googleapis.com/",
        "https://LH3.GoogleUserContent.com:443/abc=d", "http://127.0.0.1:8080/v1/albums",
    ])
    func itHolds(url: String) { #expect(google.contains(url)) }

    @Test(arguments: [
        "https://googleapis.com.example.net/", "https://notgoogleapis.com/", "https://example.net/googleapis.com",
        "https://googleapis.com@example.net/", "http://photoslibrary.googleapis.com/",
        "https://photoslibrary.googleapis.com:8443/", "https://googleapis.com./", "http://127.0.0.1:8081/",
        "http://localhost:8080/", "https://127.0.0.1:8080/", "", "googleapis.com", "https://googleapis.com\u{0}.net/",
    ])
    func itDoesNotHold(url: String) { #expect(!google.contains(url)) }

    @Test func anEmptyScopeHoldsNothing() { #expect(!CredentialScope().contains("https://googleapis.com/")) }

    @Test(arguments: [true, false])
    func aRedirectTakesCredentialsWhereTheScopeReaches(isTrusted: Bool) async throws {
        try await LoopbackServer.run(["/": .text("there")]) { other in
            try await LoopbackServer.run(["/": .redirect(to: other.url("/"))]) { server in
                var request = HTTPRequest(
                    url: server.url("/"), headers: [HTTPHeader("Authorization", "Bearer secret")])
                request.followsRedirects = true
                if isTrusted { request.credentialScope = CredentialScope(origins: [other.url("/elsewhere")]) }
                let response = try await HTTPClient.forTests().send(request)
                #expect(try await response.text() == "there")
                let seen = try #require(other.seen.requests.first)
                #expect(seen.header("authorization") == (isTrusted ? "Bearer secret" : nil))
            }
        }
    }

    @Test func tenRedirectsAreFollowedAndNoMore() async throws {
        var routes: [String: Route] = ["/0": .text("there")]
        for step in 1...11 { routes["/\(step)"] = .redirect(to: "/\(step - 1)") }
        try await LoopbackServer.run(routes) { server in
            let client = try HTTPClient.forTests()
            var request = HTTPRequest(url: server.url("/10"))
            request.followsRedirects = true
            #expect(try await client.send(request).text() == "there")
            request.url = server.url("/11")
            let tooLong = request
            let error = await #expect(throws: HTTPError.self) { try await client.send(tooLong) }
            #expect(error?.code == .tooManyRedirects)
        }
    }
}
