/// A request that was checked and can be given to libcurl.
struct PreparedRequest: Sendable {
    let method: String
    private(set) var url: TargetURL
    private(set) var headers: [HTTPHeader]
    let body: HTTPRequestBody
    let prefersHTTP2: Bool
    let acceptsCompression: Bool
    let isSentOnce: Bool
    private let credentialScope: CredentialScope

    /// - Throws: ``HTTPError/Code/forbiddenURL`` or ``HTTPError/Code/invalidRequest``.
    init(_ request: HTTPRequest) throws(HTTPError) {
        guard Self.isToken(request.method) else { throw HTTPError(.invalidRequest, "the method is not a valid name") }
        for header in request.headers {
            guard Self.isToken(header.name) else {
                throw HTTPError(.invalidRequest, "a header has a name that is not valid")
            }
            guard !header.value.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
                throw HTTPError(.invalidRequest, "the header \(header.name) holds a line break")
            }
            guard !Self.framing.contains(where: header.isNamed) else {
                throw HTTPError(.invalidRequest, "the header \(header.name) follows from the body and cannot be set")
            }
        }
        method = request.method
        url = try TargetURL(request.url)
        headers = request.headers
        prefersHTTP2 = request.prefersHTTP2
        acceptsCompression = request.acceptsCompression
        isSentOnce = request.isSentOnce
        credentialScope = request.credentialScope
        switch request.body {
        // Servers want a Content-Length with these methods, if only of zero (RFC 9110, 8.6).
        case .none where ["POST", "PUT", "PATCH"].contains(method): body = .bytes([])
        default: body = request.body
        }
    }

    /// The request that a redirect asks for.
    ///
    /// Another origin, unless the request trusts it, gets none of the credentials, nor any header of which it is not
    /// known that it holds none. They stay away when a later redirect leads back.
    /// - Throws: ``HTTPError/Code/forbiddenURL``.
    func redirected(to location: String) throws(HTTPError) -> PreparedRequest {
        let target = try url.resolving(location)
        guard url.isPlain || !target.isPlain else {
            throw HTTPError(.forbiddenURL, "\(url.host) redirects to plain http, which is not allowed")
        }
        var next = self
        next.url = target
        if target.origin != url.origin, !credentialScope.contains(target) {
            next.headers.removeAll { !Self.harmless.contains(where: $0.isNamed) }
        }
        return next
    }

    private static let framing = ["Content-Length", "Transfer-Encoding"]
    private static let harmless = [
        "Accept", "Accept-Language", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "Range",
        "User-Agent",
    ]

    /// RFC 9110, 5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
