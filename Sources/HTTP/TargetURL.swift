import CCurl
import Glibc

/// A URL that may be asked: `https`, or `http` to this machine's loopback, and without a password in it.
///
/// Parsed by libcurl's own parser, so that what is judged here is what is asked there.
struct TargetURL: Sendable {
    struct Origin: Sendable, Hashable {
        let scheme: String
        let host: String
        let port: String
    }

    /// Normalized, without a fragment.
    let text: String
    let origin: Origin

    var host: String { origin.host }
    var isPlain: Bool { origin.scheme == "http" }
    /// The host names this machine. libcurl (since 7.78) resolves `localhost` itself, to nothing but the loopback.
    var isLoopback: Bool { Self.isLoopback(origin.host) }

    /// - Throws: ``HTTPError/Code/forbiddenURL``.
    init(_ text: String) throws(HTTPError) { try self.init(text, relativeTo: nil) }

    /// The URL that a redirect's `Location` means.
    func resolving(_ location: String) throws(HTTPError) -> TargetURL { try TargetURL(location, relativeTo: self) }

    private init(_ text: String, relativeTo base: TargetURL?) throws(HTTPError) {
        guard let url = curl_url() else { throw HTTPError(.internalFailure, "out of memory") }
        defer { curl_url_cleanup(url) }
        if let base { _ = curl_url_set(url, CURLUPART_URL, base.text, 0) }
        // Servers write spaces and raw UTF-8 into Location; libcurl escapes them there, and so do we.
        let flags = base == nil ? 0 : UInt32(CURLU_URLENCODE)
        // A NUL would cut the C string short: what is judged is what is asked.
        guard !text.utf8.contains(0), curl_url_set(url, CURLUPART_URL, text, flags) == CURLUE_OK else {
            throw HTTPError(.forbiddenURL, "the address is not a valid URL")
        }
        guard curl_url_set(url, CURLUPART_FRAGMENT, nil, 0) == CURLUE_OK,
            let scheme = Self.part(CURLUPART_SCHEME, of: url),
            let host = Self.part(CURLUPART_HOST, of: url),
            let port = Self.part(CURLUPART_PORT, of: url, flags: UInt32(CURLU_DEFAULT_PORT)),
            let whole = Self.part(CURLUPART_URL, of: url)
        else { throw HTTPError(.forbiddenURL, "the address is not a valid URL") }
        guard Self.part(CURLUPART_USER, of: url) == nil, Self.part(CURLUPART_PASSWORD, of: url) == nil else {
            throw HTTPError(.forbiddenURL, "the URL for \(host) holds a user name or a password")
        }
        self.text = whole
        origin = Origin(scheme: scheme.lowercased(), host: host.lowercased(), port: port)
        guard origin.scheme == "https" || (origin.scheme == "http" && isLoopback) else {
            throw HTTPError(.forbiddenURL, "\(origin.scheme) to \(host) is not allowed, only https")
        }
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer, flags: UInt32 = 0) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &value, flags) == CURLUE_OK, let value else { return nil }
        defer { curl_free(value) }
        return String(cString: value)
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}
