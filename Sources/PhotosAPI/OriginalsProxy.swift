import ConnectorKit
import HTTP

/// Original bytes by way of a program that saves them from the web page, as rclone's setting `proxy` has it:
/// `GET /id/ID`. <https://github.com/rclone/gphotosdl>
///
/// It drives a browser, one page at a time, and answers when the file is there: minutes later for a large video. So one
/// request is under way at a time, and it has patience. It knows no ranges.
public final class OriginalsProxy: Sendable {
    private let url: String
    private let http: HTTPClient
    private let retry: RetryPolicy
    private let runtime: Runtime

    /// How long a page may take before its first byte.
    private static let patience = Duration.seconds(3600)

    /// - Parameter url: of the proxy, without a slash at the end: https, or http to this machine.
    /// - Throws: ``ConnectorError`` with code `config`.
    public init(
        url: String, http configuration: HTTPClient.Configuration, retry: RetryPolicy = RetryPolicy(), runtime: Runtime
    ) throws(ConnectorError) {
        var configuration = configuration
        configuration.stallTimeout = Self.patience
        configuration.maxConnectionsPerHost = 1
        do throws(HTTPError) { http = try HTTPClient(configuration: configuration) } catch {
            throw ConnectorError(.config, error.message)
        }
        self.url = url
        self.retry = retry
        self.runtime = runtime
    }

    /// Ends what is under way.
    public func shutdown() { http.shutdown() }

    /// The original bytes of an item. Nothing is sent before the first read.
    public func original(ofItem id: String) -> any ContentReader { Original(proxy: self, id: id) }

    /// Begins to read an item; repeated as long as no byte has come.
    fileprivate func open(_ id: String) async throws -> HTTPResponse {
        var attempt = 0
        while true {
            attempt += 1
            do {
                return try await send(id)
            } catch let error as ConnectorError {
                guard let delay = retry.delay(after: attempt, error: error, random: runtime.random()) else {
                    throw error
                }
                try await runtime.sleep(delay)
            }
        }
    }

    private func send(_ id: String) async throws -> HTTPResponse {
        var request = HTTPRequest(url: "\(url)/id/\(PercentEncoding.query(id))")
        request.prefersHTTP2 = false
        let response: HTTPResponse
        do { response = try await http.send(request) } catch { throw Self.failure(error) }
        switch response.status {
        case 200: return response
        case 404, 410:
            throw ConnectorError(
                .notFound, "the proxy cannot find this item by its id",
                hint:
                    "see that its browser is signed in to the same account; without the setting proxy the API is asked")
        case 500...599:
            throw ConnectorError(
                .unavailable, "the proxy failed with HTTP status \(response.status)", isRetryable: true,
                retryAfter: response.retryAfter, hint: "look at what the proxy says; run it again")
        default:
            throw ConnectorError(
                .unavailable, "the proxy answered with HTTP status \(response.status)",
                hint: "see that the setting proxy names a proxy of this kind")
        }
    }

    fileprivate static func failure(_ error: any Error) -> any Error {
        guard let error = error as? HTTPError else { return error }
        return ConnectorError(
            .network, "could not read an item from the proxy: \(error.message)", isRetryable: error.isTransient,
            hint: "see that the proxy runs where the setting proxy says")
    }
}

/// One content on its way through the proxy.
private actor Original: ContentReader {
    private let proxy: OriginalsProxy
    private let id: String
    private var body: HTTPBody?
    private var isClosed = false

    init(proxy: OriginalsProxy, id: String) {
        self.proxy = proxy
        self.id = id
    }

    func read() async throws -> [UInt8]? {
        if isClosed { throw CancellationError() }
        if body == nil { body = try await proxy.open(id).body }
        // The length is checked by HTTPBody: a short body is an error of the connection.
        do { return try await body?.read() } catch { throw OriginalsProxy.failure(error) }
    }

    func close() {
        isClosed = true
        body?.close()
        body = nil
    }
}
