import HTTP
import Testing

@Suite struct SameOriginTests {
    @Test(arguments: [
        ("https://example.com/v1", "https://EXAMPLE.com:443/other?x=1", true),
        ("https://example.com", "https://example.com.evil.org", false),
        ("https://example.com", "https://evil.org/example.com", false),
        ("https://example.com", "https://example.com@evil.org/", false),
        ("https://example.com", "https://evil.org#@example.com", false),
        ("https://example.com", "https://evil.org\\@example.com/", false),
        ("https://example.com", "https://example.com:8443", false),
        ("https://example.com", "http://example.com", false),
        ("http://127.0.0.1:80", "http://127.0.0.1", true),
        ("http://127.0.0.1", "http://localhost", false),
        ("https://example.com", "not a url", false),
        ("http://example.com", "http://example.com", false),
    ])
    func anOriginIsSchemeHostAndPort(first: String, second: String, isSame: Bool) {
        #expect(HTTPClient.isSameOrigin(first, second) == isSame)
    }
}
