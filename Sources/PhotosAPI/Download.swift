import ConnectorKit
import HTTP

/// The bytes of one media item, from its base URL.
///
/// A break is resumed with `Range` (RFC 9110, section 14) where the server can; bytes that were read cannot be taken
/// back, so where it cannot, the read fails and the content has to be opened anew. The length is always checked. The
/// sign-in is never sent to the download host: the URL itself is the capability.
public actor Download: ContentReader {
    /// Gives the URL of the bytes; a new one where the last was refused as too old.
    public typealias URLSource = @Sendable (_ refused: String?) async throws -> String

    private let client: PhotosClient
    private let urls: URLSource
    private var url: String?
    private var body: HTTPBody?
    private var offset: Int64 = 0
    private var total: Int64?
    private var validator: String?
    private var failures = 0
    private var renewals = 0
    private var isClosed = false

    init(client: PhotosClient, urls: @escaping URLSource) {
        self.client = client
        self.urls = urls
    }

    public func read() async throws -> [UInt8]? {
        while true {
            if isClosed { throw CancellationError() }
            do {
                if body == nil, total == nil || offset < total ?? 0 { try await open() }
                if let chunk = try await body?.read() {
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
                try await client.waitToRepeat(.download, after: failures, failure)
            }
        }
    }

    public func close() {
        isClosed = true
        body?.close()
        body = nil
    }

    private var brokenOff: ConnectorError {
        ConnectorError(.network, "a download ended before its end", isRetryable: true, hint: "run it again")
    }

    private func open() async throws {
        let url = try await currentURL(refused: nil)
        var headers: [HTTPHeader] = []
        if offset > 0 {
            headers.append(HTTPHeader("Range", "bytes=\(offset)-"))
            if let validator { headers.append(HTTPHeader("If-Range", validator)) }
        }
        try await client.admit(.download)
        var request = HTTPRequest(url: url, headers: headers)
        // Paused HTTP/2 streams go on filling libcurl's window, some 10 MB each; bytes come over HTTP/1.1.
        request.prefersHTTP2 = false
        request.followsRedirects = true
        let start = client.runtime.now()
        let response = try await client.http.send(request)
        client.note(
            "download", start: start, status: response.status,
            bytes: response.header("Content-Length").flatMap { Int64($0) } ?? 0)
        switch response.status {
        case 200 where offset == 0:
            try begin(response)
        case 206 where offset > 0:
            try resume(response)
        case 200, 206, 416:
            // The server cannot resume, or has other bytes by now.
            throw ConnectorError(
                .network, "a download broke and could not be resumed", isRetryable: false,
                hint: "run it again: it is read from its start")
        case 401, 403:
            try await renewURL(refused: url)
        default:
            throw failure(response)
        }
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
        // A weak validator says nothing of the bytes (RFC 9110, section 13.1.5).
        validator = response.header("ETag").flatMap { $0.hasPrefix("W/") ? nil : $0 }
        body = response.body
    }

    private func resume(_ response: HTTPResponse) throws {
        // Content-Range: bytes 100-199/200
        let range = response.header("Content-Range") ?? ""
        let numbers = range.split { !$0.isNumber }.compactMap { Int64($0) }
        guard numbers.count == 3, numbers[0] == offset, numbers[1] == numbers[2] - 1,
            total == nil || total == numbers[2]
        else {
            throw ConnectorError(
                .corrupt, "the content changed while it was read", hint: "run it again: it is read from its start")
        }
        total = numbers[2]
        body = response.body
    }

    /// Base URLs live for about an hour; then the host answers 403 with a web page.
    private func renewURL(refused: String) async throws {
        renewals += 1
        guard renewals <= 2 else {
            throw ConnectorError(
                .permission, "Google does not hand out the bytes of this item", hint: "run it again later")
        }
        _ = try await currentURL(refused: refused)
        try await open()
    }

    /// The host's errors are web pages and images, never JSON; only the status says something.
    private func failure(_ response: HTTPResponse) -> ConnectorError {
        switch response.status {
        case 404, 410:
            ConnectorError(
                .notFound, "the bytes of this item are not there", hint: "a new video may still be processed")
        case 429:
            ConnectorError(
                .rateLimited, "Google asks for slower downloads", isRetryable: true,
                retryAfter: response.retryAfter,
                hint: "75,000 downloads a day are allowed; run it again later")
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
    /// The content behind a download URL. Nothing is sent before the first read.
    public func download(urls: @escaping Download.URLSource) -> Download { Download(client: self, urls: urls) }
}
