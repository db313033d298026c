import CCurl

/// Turns a request into libcurl's options. Anything not set here has libcurl's default: proxies come from the
/// environment, certificates and their names are verified, there are no cookies and no .netrc.
struct TransferOptions: Sendable {
    /// CURLOPT_BUFFERSIZE, what one read from the socket may bring.
    static let receiveBuffer = 256 << 10
    /// Unpacked in one go, so that a small answer that unpacks to a large one stays within bounds.
    private static let compressedReceiveBuffer = 16 << 10
    private static let sendBuffer = 256 << 10

    let userAgent: String
    let connectTimeout: Duration
    let trustAnchors: TrustAnchors?

    func apply(_ request: PreparedRequest, to easy: EasyHandle) throws(CurlFailure) {
        try easy.set(CURLOPT_NOSIGNAL, 1)
        try easy.set(CURLOPT_URL, request.url.text)
        try easy.set(CURLOPT_PROTOCOLS_STR, request.url.origin.scheme)
        // Redirects are followed by HTTPClient, which knows what may go where.
        try easy.set(CURLOPT_FOLLOWLOCATION, 0)
        try easy.set(CURLOPT_REDIR_PROTOCOLS_STR, "https")
        // Plain http is allowed because it does not leave the machine. A proxy would take it out.
        if request.url.isLoopback { try easy.set(CURLOPT_NOPROXY, "*") }
        // The answer of a proxy to CONNECT is not part of the response.
        try easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try easy.set(CURLOPT_USERAGENT, userAgent)
        try easy.set(CURLOPT_CONNECTTIMEOUT_MS, connectTimeout.wholeMilliseconds)
        try easy.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try trustAnchors?.apply(to: easy)
        // HTTP/2 is agreed on in the TLS handshake. Without one, a request with PIPEWAIT would wait for the end of
        // another request, just to learn that it cannot share the connection.
        if request.prefersHTTP2, !request.url.isPlain, !request.body.isStream {
            try easy.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
            // Rather share a connection that is being made than make another.
            try easy.set(CURLOPT_PIPEWAIT, 1)
        } else {
            try easy.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        }
        if request.acceptsCompression {
            try easy.set(CURLOPT_ACCEPT_ENCODING, "gzip")
            try easy.set(CURLOPT_BUFFERSIZE, Self.compressedReceiveBuffer)
        } else {
            try easy.set(CURLOPT_BUFFERSIZE, Self.receiveBuffer)
        }
        if request.isSentOnce { try easy.set(CURLOPT_FRESH_CONNECT, 1) }
        try applyMethod(of: request, to: easy)
    }

    private func applyMethod(of request: PreparedRequest, to easy: EasyHandle) throws(CurlFailure) {
        // "Name;" is libcurl's form of a header without a value; "Name:" would remove one.
        var lines = request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        switch request.body {
        case .none:
            if request.method == "HEAD" { try easy.set(CURLOPT_NOBODY, 1) }
        case .bytes(let bytes):
            try easy.set(CURLOPT_UPLOAD, 1)
            try easy.set(CURLOPT_INFILESIZE_LARGE, offset: Int64(bytes.count))
        case .stream(let length, _):
            try easy.set(CURLOPT_UPLOAD, 1)
            try easy.set(CURLOPT_INFILESIZE_LARGE, offset: length ?? -1)
            try easy.set(CURLOPT_UPLOAD_BUFFERSIZE, Self.sendBuffer)
        }
        if request.method != "GET", request.method != "HEAD" { try easy.set(CURLOPT_CUSTOMREQUEST, request.method) }
        // No waiting for "100 Continue" before a body.
        lines.append("Expect:")
        try easy.setHeaderLines(lines)
    }
}

extension Duration {
    /// Rounded up, so that no positive duration becomes zero, which means "none" to libcurl.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
