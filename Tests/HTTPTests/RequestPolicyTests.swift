import Testing

@testable import HTTP

/// What may be asked at all.
struct RequestPolicyTests {
    @Test(arguments: [
        "https://example.com", "HTTPS://EXAMPLE.com/a?b", "http://localhost/", "http://LocalHost:80/",
        "http://127.0.0.1:8080",
        "http://127.255.0.3/", "http://[::1]:1/", "http://0x7f.1/", "http://2130706433/",
    ])
    func allowed(url: String) throws { _ = try TargetURL(url) }

    @Test(arguments: [
        "http://example.com/", "http://localhost.example.com/", "http://128.0.0.1/", "http://127.0.0.1.example.com/",
        "http://localhost@example.com/", "http://[::2]/", "http://0.0.0.0/", "ftp://localhost/", "file:///etc/passwd",
        "https://user@example.com/", "https://user:pw@example.com/", "https://:pw@example.com/", "example.com",
        "localhost:80", "//example.com/", "/path", "", "https://", "https://exa mple.com/", "https://example.com/a\nb",
        "https://example.com/\u{0}", "http://127.0.0.1\u{0}.example.com/",
    ])
    func forbidden(url: String) throws {
        let error = #expect(throws: HTTPError.self) { try TargetURL(url) }
        #expect(error?.code == .forbiddenURL)
        #expect(error?.message.contains("pw") == false)
    }

    @Test func originsAreCompared() throws {
        let origin = try TargetURL("https://example.com/a").origin
        #expect(try TargetURL("HTTPS://EXAMPLE.COM:443/b").origin == origin)
        #expect(try TargetURL("https://example.com:444/a").origin != origin)
        #expect(try TargetURL("https://www.example.com/a").origin != origin)
        #expect(try TargetURL("http://localhost:443/").origin != TargetURL("https://localhost/").origin)
    }

    @Test func redirectsGoToHTTPSOnly() throws {
        let secure = try PreparedRequest(HTTPRequest(url: "https://example.com/a/b?c"))
        #expect(try secure.redirected(to: "/x y?z#f").url.text == "https://example.com/x%20y?z")
        #expect(try secure.redirected(to: "//other.example/").url.text == "https://other.example/")
        #expect(throws: HTTPError.self) { try secure.redirected(to: "http://localhost/") }
        #expect(throws: HTTPError.self) { try secure.redirected(to: "http://example.com/") }
        let plain = try PreparedRequest(HTTPRequest(url: "http://localhost/"))
        #expect(try plain.redirected(to: "https://example.com").url.origin.scheme == "https")
        #expect(try plain.redirected(to: "http://[::1]/").url.isPlain)
        #expect(throws: HTTPError.self) {
            try plain.redirected(to: "https://example.com").redirected(to: "http://localhost/")
        }
    }

    @Test(arguments: [
        HTTPRequest(method: "", url: "https://example.com"), HTTPRequest(method: "GET /", url: "https://example.com"),
        HTTPRequest(url: "https://example.com", headers: [HTTPHeader("X", "a\r\nY: b")]),
        HTTPRequest(url: "https://example.com", headers: [HTTPHeader("X", "a\u{0}")]),
        HTTPRequest(url: "https://example.com", headers: [HTTPHeader("X: y", "a")]),
        HTTPRequest(url: "https://example.com", headers: [HTTPHeader("", "a")]),
        HTTPRequest(url: "https://example.com", headers: [HTTPHeader("content-length", "5")]),
        HTTPRequest(url: "https://example.com", headers: [HTTPHeader("Transfer-Encoding", "chunked")]),
    ])
    func whatWouldBreakTheRequestIsRefused(request: HTTPRequest) {
        let error = #expect(throws: HTTPError.self) { try PreparedRequest(request) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func clientRefusesBeforeItConnects() async throws {
        let client = try HTTPClient.forTests()
        let error = await #expect(throws: HTTPError.self) { try await client.get("http://example.com/?k=secret") }
        #expect(error?.code == .forbiddenURL)
        #expect(error?.description.contains("secret") == false)
    }
}
