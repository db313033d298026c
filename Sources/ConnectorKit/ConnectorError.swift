/// What went wrong, in the form that crosses the wire: a code for programs, a sentence and a hint for people.
public struct ConnectorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The codes of docs/protocol.md, "Errors". Open: a receiver keeps one that it does not know.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }

        public static let protocolViolation = Code(rawValue: "protocol")
        public static let version = Code(rawValue: "version")
        public static let unsupported = Code(rawValue: "unsupported")
        /// A setting is missing or wrong.
        public static let config = Code(rawValue: "config")
        /// No valid sign-in: token expired, revoked, refused.
        public static let auth = Code(rawValue: "auth")
        /// Signed in, not allowed.
        public static let permission = Code(rawValue: "permission")
        public static let notFound = Code(rawValue: "not-found")
        /// The daily quota, or the account's storage, is used up.
        public static let quota = Code(rawValue: "quota")
        public static let rateLimited = Code(rawValue: "rate-limited")
        public static let network = Code(rawValue: "network")
        /// The service failed, after all retries.
        public static let unavailable = Code(rawValue: "unavailable")
        /// Length or hash differs from what was promised.
        public static let corrupt = Code(rawValue: "corrupt")
        public static let readOnly = Code(rawValue: "read-only")
        public static let rejected = Code(rawValue: "rejected")
        public static let tooLarge = Code(rawValue: "too-large")
        public static let cancelled = Code(rawValue: "cancelled")
        /// A defect of the connector.
        public static let internalDefect = Code(rawValue: "internal")
    }

    public var code: Code
    /// One sentence for a person. Never a token, a secret, an authorization code or a signed URL.
    public var message: String
    /// Whether the same request may succeed later, as it is.
    public var isRetryable: Bool
    /// Seconds to wait before that, where the service says.
    public var retryAfter: Int?
    /// What the person can do.
    public var hint: String?

    public init(
        _ code: Code, _ message: String, isRetryable: Bool = false, retryAfter: Int? = nil, hint: String? = nil
    ) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
        self.retryAfter = retryAfter
        self.hint = hint
    }

    public var description: String { "\(code): \(message)" }

    /// Any error as a connector error: itself where it is one, `cancelled` for a cancellation, else a defect.
    public init(wrapping error: any Error) {
        switch error {
        case let known as ConnectorError: self = known
        case is CancellationError: self.init(.cancelled, "cancelled", isRetryable: true)
        default: self.init(.internalDefect, "an unexpected failure: \(type(of: error))")
        }
    }
}
