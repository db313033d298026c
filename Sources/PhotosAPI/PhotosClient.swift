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
        /// Whether every request is told of.
        public var traces = false
        /// Bytes a second that all downloads together may take; nil for as many as there are.
        public var bandwidth: Int?
        /// Whether calls of sharing are sent, although Google refuses them.
        public var triesSharing = false
        /// Whether uploads carry the hash of their bytes, so that Google refuses what changed on the way.
        public var sendsUploadHash = true

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

    let http: HTTPClient
    let configuration: Configuration
    let runtime: Runtime
    let pacer: Pacer
    let onEvent: @Sendable (ClientEvent) -> Void
    let tokens: TokenProvider
    private let writes = WriteTurn()
    private let counters = Mutex(ClientStatistics())
    /// When a person was last told that requests fail, in seconds of Unix time.
    let lastTold = Mutex<Int64>(-30)

    /// - Parameters:
    ///   - ledger: counts the requests of a day.
    ///   - reload: asked before a sign-in is renewed, since another process may have done that.
    ///   - onEvent: told what a person may want to know, on the task that it happens on.
    ///   - onRenewal: called with each renewed sign-in, which somebody must keep.
    public init(
        configuration: Configuration, http: HTTPClient, runtime: Runtime,
        ledger: any RequestLedger = UnlimitedLedger(), reload: @escaping TokenReload = { nil },
        onEvent: @escaping @Sendable (ClientEvent) -> Void = { _ in },
        onRenewal: @escaping @Sendable (OAuthToken) -> Void
    ) {
        self.configuration = configuration
        self.http = http
        self.runtime = runtime
        self.onEvent = onEvent
        pacer = Pacer(ledger: ledger, bandwidth: configuration.bandwidth, runtime: runtime)
        tokens = TokenProvider(
            http: http, configuration: configuration, runtime: runtime, reload: reload, onRenewal: onRenewal)
    }

    /// Ends what is under way. Nothing can be asked afterwards.
    public func shutdown() {
        http.shutdown()
        pacer.close()
    }

    /// What was asked of Google so far.
    public var statistics: ClientStatistics {
        var statistics = counters.withLock { $0 }
        statistics.requestsLeft = pacer.left(.requests)
        statistics.downloadsLeft = pacer.left(.downloads)
        return statistics
    }

    func count(_ change: (inout ClientStatistics) -> Void) { counters.withLock { change(&$0) } }

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
        /// What a status of Google's, such as `FAILED_PRECONDITION`, means for this call and no other.
        var meanings: [String: ConnectorError] = [:]

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

    /// The body of the answer, parsed. One that was cut in its midst is asked for again.
    func json(_ call: Call) async throws -> JSON {
        try await answer(call) { answer in
            guard let json = try? JSON(parsing: answer.body), json.objectValue != nil else {
                throw GoogleError.nonsense(
                    operation: call.operation, isHTML: GoogleError.looksLikeHTML(answer.body))
            }
            return json
        }
    }

    func answer(_ call: Call) async throws -> Answer { try await answer(call) { $0 } }

    /// What an answer says. The one place that retries calls.
    private func answer<Value>(_ call: Call, _ read: (Answer) throws -> Value) async throws -> Value {
        let start = runtime.now()
        var attempt = 0
        var refused: Secret?
        var refusals = 0
        while true {
            attempt += 1
            do {
                let (answer, token) = try await inTurn(call, insteadOf: refused)
                let status = answer.head.status
                if status == 200 || status == 207 { return try read(answer) }
                // A token can end before its time, and the next one on its way: a new one may do, and then another.
                if status == 401, refusals < 3 {
                    refusals += 1
                    refused = token
                    if !call.isStream { continue }
                    // What was streamed cannot be streamed again; whoever has it sends it again, with the new token.
                    _ = try await tokens.token(insteadOf: token)
                    throw ConnectorError(.unavailable, "the sign-in ended during an upload", isRetryable: true)
                }
                throw GoogleError.api(
                    operation: call.operation, status: status, body: answer.body, retryAfter: answer.head.retryAfter,
                    isPicker: call.service == .picker, meanings: call.meanings)
            } catch let error as ConnectorError {
                if error.code != .auth { refusals = 0 }
                // A call that Google was too busy for has done nothing.
                let mayRepeat = !call.isStream && (call.isIdempotent || error.code == .rateLimited)
                try await waitToRepeat(call.kind, after: attempt, since: start, error, mayRepeat: mayRepeat)
            }
        }
    }

    private func inTurn(_ call: Call, insteadOf refused: Secret?) async throws -> (Answer, Secret) {
        guard call.kind == .write else { return try await send(call, insteadOf: refused) }
        return try await writes.hold { try await self.send(call, insteadOf: refused) }
    }

    private func send(_ call: Call, insteadOf refused: Secret?) async throws -> (Answer, Secret) {
        try await admit(call.kind)
        // Not before: the wait for a turn can be longer than a token lives.
        let token = try await tokens.token(insteadOf: refused)
        let start = runtime.now()
        do {
            var request = HTTPRequest(
                method: call.method, url: try url(of: call),
                headers: call.headers + [HTTPHeader("Authorization", "Bearer \(token.reveal())")], body: call.body)
            request.acceptsCompression = true
            // Parallel uploads would share one HTTP/2 connection, and with it one window of what may be on its way.
            if call.kind == .upload { request.prefersHTTP2 = false }
            // What streams cannot be repeated in any case, and is worth the connection that it finds.
            if !call.isIdempotent, case .bytes = call.body { request.isSentOnce = true }
            countRequest(call.kind)
            let response = try await http.send(request)
            let body = try await response.body.collect(limit: Self.largestAnswer)
            note(call.endpoint, start: start, status: response.status, bytes: Int64(body.count))
            return (Answer(head: response, body: body), token)
        } catch {
            note(call.endpoint, start: start, status: nil, bytes: 0)
            throw GoogleError.transport(error, operation: call.operation)
        }
    }

    private func url(of call: Call) throws -> String {
        if !call.path.hasPrefix("/") {
            try configuration.checkMayHaveSignIn(call.path)
            return call.path
        }
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
