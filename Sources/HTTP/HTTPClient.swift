/// An HTTP client over libcurl. One thread of its own does the transfers; connections are kept and shared.
///
/// Its thread ends with `shutdown()`, or when the client and all response bodies are gone.
public final class HTTPClient: Sendable {
    public struct Configuration: Sendable {
        /// A PEM file with certificates to trust in addition to the system's.
        public var caFile: String?
        /// For the name, the connection and the TLS handshake together.
        public var connectTimeout = Duration.seconds(30)
        /// How long no byte may move in either direction. Time in which the reader, or the source of a request's body,
        /// is the one to wait for does not count.
        public var stallTimeout = Duration.seconds(60)
        /// Requests beyond that wait for a connection; that time is not limited.
        public var maxConnectionsPerHost = 32
        /// How many bytes of one response are held for a reader that is slower than the network.
        public var bodyWindow = 512 << 10
        public var userAgent: String
        public var maxRedirects = 10

        public init(userAgent: String) { self.userAgent = userAgent }
    }

    private let configuration: Configuration
    private let lease: LoopLease

    /// - Throws: ``HTTPError/Code/unusableCAFile``; ``HTTPError/Code/internalFailure`` when libcurl cannot be started.
    public convenience init(configuration: Configuration) throws(HTTPError) {
        let anchors: TrustAnchors?
        if let caFile = configuration.caFile { anchors = try TrustAnchors(caFile: caFile) } else { anchors = nil }
        try self.init(configuration: configuration, anchors: anchors)
    }

    init(configuration: Configuration, anchors: TrustAnchors?) throws(HTTPError) {
        let loop = try CurlLoop(maxConnectionsPerHost: configuration.maxConnectionsPerHost)
        let options = TransferOptions(
            userAgent: configuration.userAgent, connectTimeout: configuration.connectTimeout, trustAnchors: anchors)
        loop.run(options: options, stallTimeout: configuration.stallTimeout)
        self.configuration = configuration
        lease = LoopLease(loop)
    }

    /// Sends a request and returns when the head of the response is complete.
    ///
    /// Cancelling the task ends the exchange, during this call and during ``HTTPBody/read()``.
    /// - Throws: ``HTTPError``; `CancellationError`; the error of the request's body source.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var prepared = try PreparedRequest(request)
        let follows = request.followsRedirects && (request.method == "GET" || request.method == "HEAD")
        for _ in 0...configuration.maxRedirects {
            let response = try await exchange(prepared)
            guard follows, let location = response.redirection else { return response }
            prepared = try prepared.redirected(to: location)
            try await response.body.skip()
        }
        throw HTTPError(.tooManyRedirects, "\(prepared.url.host) redirects too often")
    }

    /// Ends all transfers with ``HTTPError/Code/shutDown`` and stops the thread. May be called more than once.
    public func shutdown() { lease.loop.post(.stop) }

    private func exchange(_ request: PreparedRequest) async throws -> HTTPResponse {
        let exchange = Exchange(request, on: lease.loop, window: configuration.bodyWindow)
        let head = try await exchange.start()
        return HTTPResponse(
            status: head.status, headers: head.headers, url: request.url.text, httpVersion: head.httpVersion,
            body: HTTPBody(exchange, lease: lease))
    }
}

extension HTTPResponse {
    /// Where to go instead (RFC 9110, 15.4). A redirect that does not say it is a response like others.
    fileprivate var redirection: String? { [301, 302, 303, 307, 308].contains(status) ? header("Location") : nil }
}

extension HTTPBody {
    /// Reads what nobody wants, as long as it is little: then the connection can be used again.
    fileprivate func skip() async throws {
        do {
            _ = try await collect(limit: 16 << 10)
        } catch is HTTPError {
            close()
        }
    }
}
