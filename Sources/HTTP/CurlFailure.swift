import CCurl

/// A code of libcurl that is not CURLE_OK, with what it wrote into CURLOPT_ERRORBUFFER.
struct CurlFailure: Error {
    let code: CURLcode
    var detail = ""

    /// In the words of this module.
    ///
    /// libcurl's detail is passed on only where it is about connecting: it names hosts, ports and certificates there,
    /// and never more of the URL.
    func httpError(host: String) -> HTTPError {
        let reason = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        return switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            HTTPError(.couldNotResolve, "the name \(host) could not be resolved: \(reason)", isTransient: true)
        case CURLE_COULDNT_CONNECT, CURLE_PROXY:
            HTTPError(.couldNotConnect, "no connection to \(host): \(reason)", isTransient: true)
        case CURLE_OPERATION_TIMEDOUT:
            HTTPError(.timedOut, "no connection to \(host) in time", isTransient: true)
        case CURLE_SSL_CONNECT_ERROR:
            // Also what a connection that breaks during the handshake gives.
            HTTPError(.tls, "the TLS handshake with \(host) failed: \(reason)", isTransient: true)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
            HTTPError(.tls, "no trusted connection to \(host): \(reason)")
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM,
            CURLE_SEND_FAIL_REWIND:
            HTTPError(.connectionBroken, "the connection to \(host) broke: \(generalReason)", isTransient: true)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL:
            HTTPError(.malformedResponse, "\(host) sent what is not HTTP: \(generalReason)", isTransient: true)
        default:
            HTTPError(.internalFailure, "the transfer from \(host) failed: \(generalReason)")
        }
    }

    private var generalReason: String { String(cString: curl_easy_strerror(code)) }
}
