import ConnectorKit
import HTTP
import StrictJSON
import Synchronization

/// A client of the Google Photos Library API for one account.
///
/// <https://developers.google.com/photos/library/reference/rest>. It retries, renews the sign-in and counts; it knows
/// nothing of backups. Every failure is a ``ConnectorError``, or `CancellationError`.
public final class PhotosClient: Sendable {
    public struct Configuration: Sendable {
        /// Base of the API, without `/v1` and without a slash at the end.
        public var apiURL: String
        /// Base of the Picker API, in the same way.
        public var pickerURL = Self.googlePicker
        public var tokenURL: String
        public var clientID: String
        public var clientSecret: Secret?
        public var token: OAuthToken
        public var retry: RetryPolicy

        public static let googleAPI = "https://photoslibrary.googleapis.com"
        public static let googlePicker = "https://photospicker.googleapis.com"
        public static let googleToken = "https://oauth2.googleapis.com/token"

        public init(
            apiURL: String = Self.googleAPI, tokenURL: String = Self.googleToken, clientID: String,
            clientSecret: Secret?, token: OAuthToken, retry: RetryPolicy = RetryPolicy()
        ) {
            self.apiURL = apiURL
            self.tokenURL = tokenURL
            self.clientID = clientID
            self.clientSecret = clientSecret
            self.token = token
            self.retry = retry
        }
    }

    /// What was asked of Google so far.
    public struct Statistics: Sendable, Hashable {
        /// Requests that count against the daily quota: all but downloads and renewals of the sign-in.
        public var apiRequests = 0
        /// Requests for bytes, which have a daily quota of their own.
        public var downloads = 0
        public var bytesDownloaded: Int64 = 0
        public var bytesUploaded: Int64 = 0
    }

    let http: HTTPClient
    let configuration: Configuration
    let runtime: Runtime
    private let tokens: TokenProvider
    private let counters = Mutex(Statistics())

    /// - Parameters:
    ///   - reload: asked before a sign-in is renewed, since another process may have done that.
    ///   - onRenewal: called with each renewed sign-in, which somebody must keep.
    public init(
        configuration: Configuration, http: HTTPClient, runtime: Runtime, reload: @escaping TokenReload = { nil },
        onRenewal: @escaping @Sendable (OAuthToken) -> Void
    ) {
        self.configuration = configuration
        self.http = http
        self.runtime = runtime
        tokens = TokenProvider(
            http: http, configuration: configuration, runtime: runtime, reload: reload, onRenewal: onRenewal)
    }

    /// Ends what is under way. Nothing can be asked afterwards.
    public func shutdown() { http.shutdown() }

    public var statistics: Statistics { counters.withLock { $0 } }

    func count(_ change: (inout Statistics) -> Void) { counters.withLock { change(&$0) } }

    /// One call of the API.
    struct Call {
        /// Which of Google's services is asked; each has its own address.
        enum Service: Sendable { case library, picker }

        var method = "GET"
        var service = Service.library
        /// From `/v1` on, with its query; or a whole URL that the service itself gave.
        var path: String
        var headers: [HTTPHeader] = []
        var body: HTTPRequestBody = .none
        /// What it does, as in "could not …".
        var operation: String
        var kind = RequestKind.read
        /// Whether sending it twice does no more than sending it once. One that is not is repeated only where it
        /// cannot have arrived.
        var isIdempotent = true

        /// A body that was read is gone.
        var isStream: Bool { if case .stream = body { true } else { false } }

        static func post(
            _ path: String, _ json: JSON, operation: String, kind: RequestKind = .read, isIdempotent: Bool = true
        ) -> Call {
            Call(
                method: "POST", path: path, headers: [HTTPHeader("Content-Type", "application/json")],
                body: .bytes(json.bytes), operation: operation, kind: kind, isIdempotent: isIdempotent)
        }
    }

    /// What came back from a call that went well.
    struct Answer: Sendable {
        var head: HTTPResponse
        var body: [UInt8]
    }

    /// The body of the answer, parsed.
    func json(_ call: Call) async throws -> JSON {
        let body = try await answer(call).body
        guard let json = try? JSON(parsing: body), json.objectValue != nil else {
            throw GoogleError.nonsense(operation: call.operation, isHTML: GoogleError.looksLikeHTML(body))
        }
        return json
    }

    /// The answer. The one place that retries calls.
    func answer(_ call: Call) async throws -> Answer {
        var attempt = 0
        var refused: Secret?
        while true {
            attempt += 1
            do {
                let token = try await tokens.token(insteadOf: refused)
                let answer = try await send(call, token: token)
                let status = answer.head.status
                if status == 200 || status == 207 { return answer }
                // A token can be revoked before its time: once, a new one may do.
                if status == 401, refused == nil {
                    refused = token
                    if !call.isStream { continue }
                    // What was streamed cannot be streamed again; whoever has it sends it again, with the new token.
                    _ = try await tokens.token(insteadOf: token)
                    throw ConnectorError(.unavailable, "the sign-in ended during an upload", isRetryable: true)
                }
                throw GoogleError.api(
                    operation: call.operation, status: status, body: answer.body, retryAfter: answer.head.retryAfter)
            } catch let error as ConnectorError {
                let mayRepeat = !call.isStream && (call.isIdempotent || error.code == .rateLimited)
                guard mayRepeat,
                    let delay = configuration.retry.delay(after: attempt, error: error, random: runtime.random())
                else { throw error }
                try await runtime.sleep(delay)
            }
        }
    }

    private func send(_ call: Call, token: Secret) async throws -> Answer {
        try await admit(call.kind)
        do {
            var request = HTTPRequest(
                method: call.method, url: url(of: call),
                headers: call.headers + [HTTPHeader("Authorization", "Bearer \(token.reveal())")], body: call.body)
            request.acceptsCompression = true
            // What streams cannot be repeated in any case, and is worth the connection that it finds.
            if !call.isIdempotent, case .bytes = call.body { request.isSentOnce = true }
            let response = try await http.send(request)
            return Answer(head: response, body: try await response.body.collect(limit: Self.largestAnswer))
        } catch {
            throw GoogleError.transport(error, operation: call.operation)
        }
    }

    private func url(of call: Call) -> String {
        if !call.path.hasPrefix("/") { return call.path }
        return switch call.service {
        case .library: configuration.apiURL + call.path
        case .picker: configuration.pickerURL + call.path
        }
    }

    /// A page of 100 items is some 100 kB.
    private static let largestAnswer = 16 << 20
}

extension HTTPResponse {
    /// Seconds (RFC 9110, section 10.2.3).
    var retryAfter: Int? { header("Retry-After").flatMap { Int($0) } }
}
