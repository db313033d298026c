/// One field of a request's or a response's head.
public struct HTTPHeader: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether the field has this name; case does not count (RFC 9110, 5.1).
    public func isNamed(_ other: String) -> Bool {
        let (mine, theirs) = (name.utf8, other.utf8)
        return mine.count == theirs.count && zip(mine, theirs).allSatisfy { lowercasedASCII($0) == lowercasedASCII($1) }
    }
}

private func lowercasedASCII(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
}

/// What ``HTTPClient/send(_:)`` sends.
public struct HTTPRequest: Sendable {
    /// Case-sensitive, as on the wire: `GET`, `HEAD`, `POST`.
    public var method: String
    /// Absolute; `https`, or `http` to this machine's loopback.
    public var url: String
    /// `Content-Length` and `Transfer-Encoding` follow from the body and are refused here.
    public var headers: [HTTPHeader]
    public var body: HTTPRequestBody
    /// HTTP/2 where the server offers it. False for bulk downloads: libcurl 7.88 announces a window of 32 MiB per
    /// HTTP/2 stream, so a slow reader's memory is bounded by that and not by ``HTTPClient/Configuration/bodyWindow``.
    ///
    /// A streamed body always goes over HTTP/1.1, on a connection that it does not share: between libcurl 7.88 and
    /// nginx 1.22, about 1 in 40 HTTP/2 exchanges that sent and received 5 MiB at the same time stopped for good (the
    /// stall timeout ended them). None did that only sent or only received.
    public var prefersHTTP2 = true
    /// Follow redirects of `GET` and `HEAD`; other methods always see the 3xx response itself.
    public var followsRedirects = false
    /// Where a redirect may take the credentials, beside the origin that they were sent to. Nowhere by default.
    public var credentialScope = CredentialScope()
    /// Ask for a gzip body and unpack it on the way. Not for media, which does not shrink and whose bytes count.
    public var acceptsCompression = false
    /// Never send it a second time unasked: for what must not be done twice.
    ///
    /// libcurl repeats a request whose connection, used before, breaks without an answer: it takes that for a connection
    /// that had timed out, and cannot know that the request was carried out. So this takes a new connection.
    public var isSentOnce = false

    public init(method: String = "GET", url: String, headers: [HTTPHeader] = [], body: HTTPRequestBody = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

public enum HTTPRequestBody: Sendable {
    case none
    case bytes([UInt8])
    /// With a length: `Content-Length`, and a source that gives another number of bytes fails the request.
    /// Without: chunked.
    case stream(length: Int64?, any HTTPBodySource)

    var isStream: Bool {
        if case .stream = self { true } else { false }
    }
}

/// The bytes of a request's body, pulled as fast as the network takes them.
public protocol HTTPBodySource: Sendable {
    /// The next bytes; nil at the end. An error ends the request, and `send` or `read` throws it.
    ///
    /// Called by one task at a time. That task is cancelled when the exchange ends early.
    func next() async throws -> [UInt8]?
}
