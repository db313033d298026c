import ConnectorKit
import NIOCore
import NIOHTTP1
import StrictJSON

/// An answer, and how it is to be delivered.
public struct FakeResponse: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    /// All of the content that ``range`` is of.
    var content: Content
    /// The part of the content that is sent.
    var range: Range<Int64>
    /// Whether the body is left out and only its length is told: the answer to a HEAD request.
    var isHeadOnly = false
    public var delivery = Delivery()
    /// The account that writes until this is delivered.
    var writer: Int?
    /// What goes wrong with it.
    var fault: FakeFault.Kind?
    /// What the log will hold of it.
    var entry: RequestLog.Entry?

    init(status: Int, headers: HTTPHeaders, content: Content) {
        self.status = status
        self.headers = headers
        self.content = content
        range = 0..<content.count
    }

    init(status: Int = 200, type: String, _ bytes: [UInt8]) {
        let content = Content(ByteBuffer(bytes: bytes))
        self.init(status: status, headers: ["Content-Type": type], content: content)
    }

    init(status: Int = 200, text: String, type: String = "text/plain; charset=utf-8") {
        self.init(status: status, type: type, Array(text.utf8))
    }

    init(status: Int = 200, json: JSON) { self.init(status: status, jsonBytes: json.bytes) }

    init(status: Int = 200, jsonBytes: [UInt8]) {
        self.init(status: status, type: "application/json; charset=UTF-8", jsonBytes)
    }

    /// Bytes of the body that are promised.
    public var contentLength: Int64 { range.upperBound - range.lowerBound }

    /// The bytes of the body, as many as are delivered. For tests: it has all of them in memory.
    public var body: [UInt8] {
        if isHeadOnly { return [] }
        var reader = ContentReader(content, range: range)
        var bytes: [UInt8] = []
        while let next = reader.next(upTo: 1 << 20) { bytes.append(contentsOf: next.readableBytesView) }
        return delivery.closesAfter.map { Array(bytes.prefix($0)) } ?? bytes
    }

    /// The body as JSON.
    /// - Throws: ``ConnectorError`` with code `protocol` where it is none.
    public func json() throws(ConnectorError) -> JSON {
        guard let json = try? JSON(parsing: body) else {
            throw ConnectorError(.protocolViolation, "the answer with status \(status) is no JSON")
        }
        return json
    }
}

/// What happens to an answer on its way.
public struct Delivery: Sendable, Hashable {
    /// Seconds before its first byte.
    public var delay: Double = 0
    /// Whether the connection ends by a reset: before the answer, or after ``closesAfter``.
    public var isReset = false
    /// The connection is closed after so many bytes of the body.
    public var closesAfter: Int?
    /// The answer stops after so many bytes of the body, 0 before its first byte; it goes on when the faults are cleared.
    public var stallsAfter: Int?
    /// How often the faults had been cleared when it was decided that it stops.
    var clearings = 0
    /// Seconds before each piece of the body.
    public var pieceDelay: Double = 0
    /// Bytes of a piece.
    public var pieceSize = 256 << 10
}
