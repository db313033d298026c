import StrictJSON

/// Something that shall go wrong, once or more often.
public struct FakeFault: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An error with ``FakeFault/status``; nothing is done.
        case status
        /// The connection is reset; nothing is done.
        case reset
        /// Everything is done, and the connection is reset instead of the answer.
        case dropAnswer = "drop-answer"
        /// The connection is closed after ``FakeFault/bytes`` of the body, of which more are promised.
        case truncate
        /// ``FakeFault/bytes`` at a time, ``FakeFault/seconds`` before each.
        case slow
        /// A page for people, with ``FakeFault/status``.
        case html
        /// A page of a list without anything but a token for the same page.
        case emptyPage = "empty-page"
        /// A page of a list that starts with the last thing of the page before.
        case repeatItem = "repeat-item"
        /// A page of a list whose token leads to itself.
        case repeatToken = "repeat-token"
        /// ``FakeFault/seconds`` before the answer.
        case latency
        /// A download: its URL is over its time. A call: its access token is.
        case expire
        /// The answer stops after ``FakeFault/bytes`` of its body, and goes on when the faults are cleared.
        case stall
        /// The connection is reset when ``FakeFault/bytes`` of an upload's body have come.
        case cutUpload = "cut-upload"
        /// One item of a `batchCreate` fails, with ``FakeFault/code``.
        case itemError = "item-error"
    }

    public var kind: Kind
    /// Nil for any.
    public var endpoint: Endpoint?
    /// How many requests it befalls.
    public var count = 1
    /// How many matching requests go well before.
    public var after = 0
    /// Part of the path, of an item's id or file name, or of an album's id or title.
    public var match: String?
    public var status = 500
    public var bytes = 0
    public var seconds = 0.0
    /// Seconds, for the header Retry-After.
    public var retryAfter: Int?
    /// A body of its own.
    public var body: String?
    /// The gRPC code of a failed item: 3 for a bad picture, 13 for a failure that passes.
    public var code = 3

    public init(_ kind: Kind, on endpoint: Endpoint? = nil) {
        self.kind = kind
        self.endpoint = endpoint
        switch kind {
        case .html: status = 200
        case .slow: (bytes, seconds) = (1024, 0.01)
        case .latency: seconds = 1
        default: break
        }
    }

    /// Reads a fault as `POST /_fake/faults` takes it.
    init(json: JSONObject) throws(APIError) {
        guard let text = json["kind"]?.stringValue, let kind = Kind(rawValue: text) else {
            throw .invalidArgument("kind must be one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        var endpoint: Endpoint?
        if let name = json["endpoint"]?.stringValue, name != "*" {
            endpoint = Endpoint(rawValue: name)
            if endpoint == nil { throw .invalidArgument("there is no endpoint \(name)") }
        }
        self.init(kind, on: endpoint)
        func number(_ key: String) -> Int? { json[key]?.integerValue.map { Int($0) } }
        count = number("count") ?? count
        after = number("after") ?? after
        match = json["match"]?.stringValue
        status = number("status") ?? status
        bytes = number("bytes") ?? bytes
        seconds = json["seconds"]?.doubleValue ?? seconds
        retryAfter = number("retryAfter")
        body = json["body"]?.stringValue
        code = number("code") ?? code
        guard (200...599).contains(status) else { throw .invalidArgument("status must be 200 to 599") }
        guard bytes >= 0, seconds >= 0 else { throw .invalidArgument("bytes and seconds must not be negative") }
    }
}

/// The faults that are still to come.
struct FaultScript: Sendable {
    private var faults: [FakeFault] = []

    var isEmpty: Bool { faults.isEmpty }

    mutating func add(_ fault: FakeFault) { faults.append(fault) }
    mutating func clear() { faults = [] }

    /// Takes the first fault that befalls a request.
    /// - Parameter subject: what `match` is looked up in; asked for only where a fault has one.
    mutating func take(_ endpoint: Endpoint, subject: () -> String) -> FakeFault? {
        take(
            where: {
                $0.kind != .itemError && $0.kind != .cutUpload && ($0.endpoint == nil || $0.endpoint == endpoint)
            }, subject: subject)
    }

    /// Takes the first fault that befalls an item of a `batchCreate`.
    mutating func takeItemError(filename: String) -> FakeFault? {
        take(where: { $0.kind == .itemError }, subject: { filename })
    }

    /// Takes the first fault that befalls an upload in the midst of its body.
    mutating func takeUploadCut(subject: () -> String) -> FakeFault? {
        take(where: { $0.kind == .cutUpload }, subject: subject)
    }

    private mutating func take(where applies: (FakeFault) -> Bool, subject: () -> String) -> FakeFault? {
        var known: String?
        for index in faults.indices where applies(faults[index]) {
            if let match = faults[index].match {
                let text = known ?? subject()
                known = text
                if !text.contains(match) { continue }
            }
            if faults[index].after > 0 {
                faults[index].after -= 1
                continue
            }
            let fault = faults[index]
            faults[index].count -= 1
            if faults[index].count <= 0 { faults.remove(at: index) }
            return fault
        }
        return nil
    }
}
