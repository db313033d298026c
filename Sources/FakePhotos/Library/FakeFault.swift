/// Something that shall go wrong: what, on which requests, and how often.
public struct FakeFault: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An error with ``FakeFault/status``; nothing is done, or everything where ``FakeFault/isDone`` is set.
        case status
        /// The quota of the day is used up, in the words and with the body that Google has for it.
        case dailyQuota = "daily-quota"
        /// Two writes at a time, in Google's words.
        case concurrentWrite = "concurrent-write"
        /// The connection is reset after ``FakeFault/bytes`` of the body; without them nothing is done.
        case reset
        /// Everything is done, and the connection is reset instead of the answer.
        case dropAnswer = "drop-answer"
        /// The connection is closed after ``FakeFault/bytes`` of the body, of which more are promised.
        case truncate
        /// ``FakeFault/bytes`` of the answer at a time, ``FakeFault/seconds`` before each.
        case slow
        /// ``FakeFault/bytes`` of the body in a second.
        case throttle
        /// Sixteen bytes of the body are others, from ``FakeFault/bytes`` on; its length is right.
        case corrupt
        /// An answer in JSON ends after ``FakeFault/bytes``, or in its middle; the promised length is that of the rest.
        case invalidJSON = "invalid-json"
        /// A page for people, with ``FakeFault/status``.
        case html
        /// A picture with ``FakeFault/status``, as the download host says that there is nothing.
        case image
        /// A page of a list without anything but a token for the same page.
        case emptyPage = "empty-page"
        /// A page of a list that starts with the last thing of the page before.
        case repeatItem = "repeat-item"
        /// A page of a list without the last thing that belongs on it; no other page has it.
        case skipItem = "skip-item"
        /// A page of a list whose token leads to itself.
        case repeatToken = "repeat-token"
        /// ``FakeFault/seconds`` before the answer.
        case latency
        /// A download: its URL is over its time. A call: its access token is.
        case expire
        /// The body stops after ``FakeFault/bytes``, and goes on when the faults are cleared.
        case stall
        /// One item of a `batchCreate` fails, with ``FakeFault/code``.
        case itemError = "item-error"
        /// A resumable upload ends: with ``FakeFault/status`` 404 it is forgotten, with any other it is cancelled. Where
        /// there are ``FakeFault/bytes``, the connection is reset after so many of the chunk, too.
        case sessionCut = "session-cut"
    }

    public var kind: Kind
    /// The names of the endpoints: one, or a pattern with `*` and `?`, such as `albums.*`.
    public var pattern = "*"
    /// How many requests it befalls; nil for no end.
    public var count: Int? = 1
    /// How many matching requests go well before.
    public var after = 0
    /// Of the matching requests after those, every so many-th.
    public var every: Int?
    /// The probability, 0 to 1, that one of them is befallen; the library's seed decides.
    public var rate: Double?
    /// Part of the path, of an item's id or file name, or of an album's id or title.
    public var match: String?
    public var status = 500
    /// Of the request's body for `uploads`, of the answer's for everything else.
    public var bytes = 0
    public var seconds = 0.0
    /// Seconds, for the header Retry-After.
    public var retryAfter: Int?
    /// A body of its own.
    public var body: String?
    /// The message in the error's envelope, or of the failed item.
    public var message: String?
    /// The gRPC code of a failed item: 3 for a bad picture, 13 for a failure that passes.
    public var code = 3
    /// How often the faults had been cleared when it struck.
    var clearings = 0
    /// Whether a ``Kind/status`` comes after everything was done, as from a gateway that lost the answer.
    public var isDone = false

    public init(_ kind: Kind, on endpoint: Endpoint? = nil) {
        self.kind = kind
        switch kind {
        case .html: status = 200
        case .image, .sessionCut: status = 404
        case .slow: (bytes, seconds) = (1024, 0.01)
        case .throttle: bytes = 65536
        case .latency: seconds = 1
        default: break
        }
        self.endpoint = endpoint
    }

    /// - Parameter pattern: such as `albums.*`.
    public init(_ kind: Kind, onAll pattern: String) {
        self.init(kind)
        self.pattern = pattern
    }

    /// The one endpoint of ``pattern``; nil for any and for several.
    public var endpoint: Endpoint? {
        get { Endpoint(rawValue: pattern) }
        set { pattern = newValue?.rawValue ?? "*" }
    }
}

extension FakeFault {
    /// Whether it can happen at all to requests of that endpoint.
    func fits(_ endpoint: Endpoint) -> Bool {
        switch kind {
        case .emptyPage, .repeatItem, .skipItem, .repeatToken: endpoint.isList
        case .invalidJSON: ![.uploads, .download, .unknown].contains(endpoint)
        case .dailyQuota, .concurrentWrite: ![.token, .revoke, .unknown].contains(endpoint)
        case .sessionCut: endpoint == .uploads
        case .itemError: false
        default: true
        }
    }

    /// Whether it breaks the body of an upload, and not the answer to it.
    var breaksUpload: Bool {
        switch kind {
        case .reset, .truncate, .stall, .sessionCut: bytes > 0
        case .throttle: true
        default: false
        }
    }
}

extension Endpoint {
    /// Whether it answers with pages.
    var isList: Bool { self == .itemsSearch || rawValue.hasSuffix(".list") }
}
