import NIOCore
import NIOHTTP1
import StrictJSON

/// A request, as it comes from a socket or from a test.
public struct FakeRequest: Sendable {
    enum Body: Sendable {
        case bytes(ByteBuffer)
        /// An upload, already in the spool.
        case upload(UploadSink)
    }

    public let method: String
    /// The path without the query, percent-decoded.
    public let path: String
    /// The query's names and values in their order, decoded.
    public let query: [(name: String, value: String)]
    public let headers: HTTPHeaders
    var body: Body
    /// Whether the faults of its body had their turn, while it came in from a socket.
    var isReceived = false

    /// - Parameter target: path and query as in a request line.
    public init(_ method: String, _ target: String, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.init(method, target, headers: headers, buffer: ByteBuffer(bytes: body))
    }

    init(_ method: String, _ target: String, headers: HTTPHeaders, buffer: ByteBuffer) {
        self.method = method
        let parts = target.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map { Self.decode($0, plusIsBlank: false) } ?? ""
        query = parts.count > 1 ? Self.fields(String(Substring(parts[1]))) : []
        self.headers = headers
        body = .bytes(buffer)
    }

    /// The first value of that name in the query.
    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// Bytes of the body that are promised; nil where they are not counted beforehand.
    var promisedCount: Int64? {
        if headers.contains(name: "Transfer-Encoding") { return nil }
        return headers.first(name: "Content-Length").flatMap { Int64($0) } ?? Int64(bytes.readableBytes)
    }

    /// The bytes of the body; of an upload none.
    var bytes: ByteBuffer {
        if case .bytes(let buffer) = body { buffer } else { ByteBuffer() }
    }

    /// The body as a JSON object; an empty body is an empty object.
    func object() throws(APIError) -> JSONObject {
        let bytes = bytes
        if bytes.readableBytes == 0 { return JSONObject() }
        guard let json = try? JSON(parsing: Array(bytes.readableBytesView)), let object = json.objectValue else {
            throw .invalidArgument("Invalid JSON payload received. Parsing terminated before end of input.")
        }
        return object
    }

    /// The names and values of a query or form.
    static func fields(_ text: String) -> [(name: String, value: String)] {
        text.utf8.split(separator: UInt8(ascii: "&")).map { field in
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? decode(parts[1], plusIsBlank: true) : ""
            return (decode(parts[0], plusIsBlank: true), value)
        }
    }

    private static func decode(_ text: Substring.UTF8View, plusIsBlank: Bool) -> String {
        let percent = UInt8(ascii: "%")
        if !text.contains(where: { $0 == percent || $0 == UInt8(ascii: "+") }) { return String(Substring(text)) }
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            if byte == percent, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16), rest.count >= 2 {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") && plusIsBlank ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
