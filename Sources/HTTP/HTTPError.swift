/// Why an exchange did not come to its end.
///
/// The status of a response is no error here: a 404 is a response.
public struct HTTPError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure, for programs. Open: new ones may come.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }

        public static let couldNotResolve = Code(rawValue: "could-not-resolve")
        public static let couldNotConnect = Code(rawValue: "could-not-connect")
        /// The handshake failed, or the certificate was not accepted.
        public static let tls = Code(rawValue: "tls")
        /// No connection within the connect timeout.
        public static let timedOut = Code(rawValue: "timed-out")
        /// Connected, and no byte moved for the stall timeout.
        public static let stalled = Code(rawValue: "stalled")
        /// The connection broke in the middle, or the body was shorter than announced.
        public static let connectionBroken = Code(rawValue: "connection-broken")
        public static let tooManyRedirects = Code(rawValue: "too-many-redirects")
        /// Not a URL, or one that the policy does not allow: plain http to another machine, a password in the URL.
        public static let forbiddenURL = Code(rawValue: "forbidden-url")
        /// The response's body is longer than the caller takes.
        public static let bodyTooLong = Code(rawValue: "body-too-long")
        /// The response's head is longer than this client takes.
        public static let headTooLong = Code(rawValue: "head-too-long")
        /// The answer is not HTTP, or is encoded wrongly.
        public static let malformedResponse = Code(rawValue: "malformed-response")
        /// A method or header that cannot be sent.
        public static let invalidRequest = Code(rawValue: "invalid-request")
        /// A source of a request's body gave more or fewer bytes than announced.
        public static let bodyLengthMismatch = Code(rawValue: "body-length-mismatch")
        /// The file with additional certificates cannot be used.
        public static let unusableCAFile = Code(rawValue: "unusable-ca-file")
        /// The client was shut down.
        public static let shutDown = Code(rawValue: "shut-down")
        /// libcurl failed in a way that no server or network explains.
        public static let internalFailure = Code(rawValue: "internal-failure")
    }

    public let code: Code
    /// One sentence for a person. Names the host at most: never a path, a query or a header.
    public let message: String
    /// Whether the same request may succeed when it is sent again.
    public let isTransient: Bool

    public init(_ code: Code, _ message: String, isTransient: Bool = false) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
    }

    public var description: String { "\(code): \(message)" }
}
