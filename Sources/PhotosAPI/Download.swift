import ConnectorKit
import HTTP

/// The bytes of one media item, from its base URL.
///
/// A break is resumed with `Range` (RFC 9110, section 14) where the server can; bytes that were read cannot be taken
/// back, so where it cannot, the bytes that were read are skipped where they are known to be the same, and else the read
/// fails and the content has to be opened anew. The length is always checked.
///
/// The download host of the Library API never gets the sign-in: the URL itself is the capability. That of the Picker
/// wants it, and gets it where it is one of Google's hosts.
public actor Download: ContentReader {
    /// Gives the URL of the bytes; a new one where the last was refused as too old.
    public typealias URLSource = @Sendable (_ refused: String?) async throws -> String

    private let client: PhotosClient
    private let urls: URLSource
    private let kind: RequestKind
    private var refusedToken: Secret?
    private var url: String?
    private var body: HTTPBody?
    private var offset: Int64 = 0
    /// Bytes of the body that were read before.
    private var surplus: Int64 = 0
    private var total: Int64?
    private var validator: String?
    private var failures = 0
    private var renewals = 0
    private var isClosed = false

    init(client: PhotosClient, kind: RequestKind, urls: @escaping URLSource) {
        self.client = client
        self.kind = kind
        self.urls = urls
    }

    public func read() async throws -> [UInt8]? {
        while true {
            if isClosed { throw CancellationError() }
            do {
                if body == nil, total == nil || offset < total ?? 0 { try await open() }
                if let chunk = try await next() {
                    offset += Int64(chunk.count)
                    // A budget for each break, not for the whole of a long video.
                    failures = 0
                    renewals = 0
                    client.count { $0.bytesDownloaded += Int64(chunk.count) }
                    try await client.pacer.passed(bytes: chunk.count)
                    return chunk
                }
                body = nil
                if let total, offset != total { throw brokenOff }
                return nil
            } catch {
                body = nil
                let failure = GoogleError.transport(error, operation: "download an item")
                guard let failure = failure as? ConnectorError else { throw failure }
                failures += 1
                try await client.waitToRepeat(kind, after: failures, failure)
            }
        }
    }

    /// The next bytes that were not read before; nil at the end.
    private func next() async throws -> [UInt8]? {
        while let chunk = try await body?.read() {
            if surplus == 0 { return chunk }
            let skipped = min(surplus, Int64(chunk.count))
            surplus -= skipped
            if skipped < chunk.count { return Array(chunk.dropFirst(Int(skipped))) }
        }
        return nil
    }

    public func close() {
        isClosed = true
        body?.close()
        body = nil
    }

    private var brokenOff: ConnectorError {
        ConnectorError(.network, "a download ended before its end", isRetryable: true, hint: "run it again")
    }

    /// - Parameter waits: false right after a URL or a token was renewed: it may not live long.
    private func open(waits: Bool = true) async throws {
        try await client.admit(kind, waits: waits)
        // Not before: the wait for a turn can be longer than a URL or a token lives.
        let url = try await currentURL(refused: nil)
        var headers: [HTTPHeader] = []
        if offset > 0 {
            headers.append(HTTPHeader("Range", "bytes=\(offset)-"))
            if let validator { headers.append(HTTPHeader("If-Range", validator)) }
        }
        let token = try await signIn(for: url)
        if let token { headers.append(HTTPHeader("Authorization", "Bearer \(token.reveal())")) }
        var request = HTTPRequest(url: url, headers: headers)
        // Paused HTTP/2 streams go on filling libcurl's window, some 10 MB each; bytes come over HTTP/1.1.
        request.prefersHTTP2 = false
        request.followsRedirects = true
        if token != nil { request.credentialScope = client.configuration.credentialScope }
        let start = client.runtime.now()
        client.countRequest(kind)
        let response = try await client.http.send(request)
        client.note(
            kind == .download ? "download" : "picker.download", start: start, status: response.status,
            bytes: response.header("Content-Length").flatMap { Int64($0) } ?? 0)
        switch response.status {
        case 200 where offset == 0:
            try begin(response)
        case 206 where offset > 0:
            try resume(response)
        case 200:
            try beginAgain(response)
        case 206, 416:
            throw changed
        case 401 where token != nil && refusedToken == nil:
            // A token can be revoked before its time: once, a new one may do.
            refusedToken = token
            try await open(waits: false)
        case 401, 403:
            try await renewURL(refused: url)
        case 429:
            throw await tooMany(response)
        default:
            throw failure(response)
        }
    }

    /// The host has no JSON for it; the day's quota is told by its words, where there are any.
    private func tooMany(_ response: HTTPResponse) async -> ConnectorError {
        let text = (try? await response.body.collect(limit: 64 << 10)).map { String(decoding: $0, as: UTF8.self) }
        if text?.contains("per day") == true { return GoogleError.dailyQuota }
        return ConnectorError(
            .rateLimited, "Google asks for slower downloads", isRetryable: true, retryAfter: response.retryAfter,
            hint: "75,000 downloads a day are allowed; run it again later")
    }

    /// The access token, where the bytes are not to be had without.
    private func signIn(for url: String) async throws -> Secret? {
        guard kind == .pickerDownload else { return nil }
        try client.configuration.checkMayHaveSignIn(url)
        return try await client.tokens.token(insteadOf: refusedToken)
    }

    private func currentURL(refused: String?) async throws -> String {
        if refused == nil, let url { return url }
        let fresh = try await urls(refused)
        url = fresh
        return fresh
    }

    private func begin(_ response: HTTPResponse) throws {
        if response.header("Content-Type")?.hasPrefix("text/html") == true {
            throw GoogleError.nonsense(operation: "download an item", isHTML: true)
        }
        total = response.header("Content-Length").flatMap { Int64($0) }
        validator = response.strongETag
        surplus = 0
        body = response.body
    }

    /// The server gives everything although only the rest was asked for: it knows no ranges, or has other bytes by now.
    private func beginAgain(_ response: HTTPResponse) throws {
        let length = response.header("Content-Length").flatMap { Int64($0) }
        guard let validator, let total else {
            throw ConnectorError(
                .network, "a download broke and could not be resumed", hint: "run it again: it is read from its start")
        }
        guard response.strongETag == validator, length == total else { throw changed }
        surplus = offset
        body = response.body
    }

    private var changed: ConnectorError {
        ConnectorError(
            .corrupt, "the content changed while it was read", hint: "run it again: it is read from its start")
    }

    private func resume(_ response: HTTPResponse) throws {
        // Content-Range: bytes 100-199/200
        let range = response.header("Content-Range") ?? ""
        let numbers = range.split { !$0.isNumber }.compactMap { Int64($0) }
        guard numbers.count == 3, numbers[0] == offset, numbers[1] == numbers[2] - 1,
            total == nil || total == numbers[2], validator == nil || validator == response.strongETag ?? validator
        else { throw changed }
        total = numbers[2]
        surplus = 0
        body = response.body
    }

    /// Base URLs live for about an hour; then the host answers 403 with a web page.
    private func renewURL(refused: String) async throws {
        renewals += 1
        guard renewals <= 3 else {
            throw ConnectorError(
                .permission, "Google does not hand out the bytes of this item", hint: "run it again later")
        }
        _ = try await currentURL(refused: refused)
        try await open(waits: false)
    }

    /// The host's errors are web pages and images, never JSON; only the status says something.
    private func failure(_ response: HTTPResponse) -> ConnectorError {
        switch response.status {
        case 404, 410:
            ConnectorError(
                .notFound, "the bytes of this item are not there", hint: "a new video may still be processed")
        case 500...599:
            ConnectorError(
                .unavailable, "the download host failed with HTTP status \(response.status)", isRetryable: true,
                hint: "run it again later")
        default:
            ConnectorError(.unavailable, "the download host answered with HTTP status \(response.status)")
        }
    }
}

extension PhotosClient {
    /// The content behind a download URL of the Library API. Nothing is sent before the first read.
    public func download(urls: @escaping Download.URLSource) -> Download {
        Download(client: self, kind: .download, urls: urls)
    }

    /// The content behind a download URL of the Picker, which wants the sign-in.
    ///
    /// - Parameter urls: a new URL comes from listing the session again, as long as that lasts.
    public func pickerDownload(urls: @escaping Download.URLSource) -> Download {
        Download(client: self, kind: .pickerDownload, urls: urls)
    }
}

extension HTTPResponse {
    /// A weak validator says nothing of the bytes (RFC 9110, section 13.1.5).
    fileprivate var strongETag: String? { header("ETag").flatMap { $0.hasPrefix("W/") ? nil : $0 } }
}
