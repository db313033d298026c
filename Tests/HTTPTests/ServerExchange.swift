import NIOCore
import NIOHTTP1

/// One request at the server's side: what came, and the means to answer.
struct ServerExchange {
    let server: LoopbackServer
    let head: HTTPRequestHead
    let channel: any Channel
    var parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    private var isBodyRead = false
    private var isAnswered = false

    init(
        server: LoopbackServer, head: HTTPRequestHead, channel: any Channel,
        parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    ) {
        self.server = server
        self.head = head
        self.channel = channel
        self.parts = parts
    }

    /// The next bytes of the request's body.
    mutating func read() async throws -> [UInt8]? {
        while !isBodyRead, let part = try await parts.next() {
            switch part {
            case .head: break
            case .body(let buffer): return Array(buffer.readableBytesView)
            case .end: isBodyRead = true
            }
        }
        return nil
    }

    mutating func readAll() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await read() { bytes += chunk }
        return bytes
    }

    func writeHead(_ status: Int, _ headers: [(String, String)] = []) async throws {
        try await write(
            .head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: .init(headers))))
    }

    func write(_ bytes: [UInt8]) async throws {
        try await write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
        server.note { $0.bodyBytesWritten += bytes.count }
    }

    mutating func end(trailers: [(String, String)]? = nil) async throws {
        isAnswered = true
        try await write(.end(trailers.map { HTTPHeaders($0) }))
    }

    /// Returns when the socket has taken it. NIO's async writer would take some more ahead of the socket.
    private func write(_ part: HTTPServerResponsePart) async throws { try await channel.writeAndFlush(part) }

    mutating func respond(_ status: Int, _ headers: [(String, String)] = [], _ body: [UInt8] = []) async throws {
        let mayHaveBody = status != 204 && status != 304
        try await writeHead(status, headers + (mayHaveBody ? [("Content-Length", "\(body.count)")] : []))
        if !body.isEmpty, head.method != .HEAD { try await write(body) }
        try await end()
    }

    /// What is left to do before the next request of the connection.
    mutating func finish() async throws {
        if !isAnswered { try await end() }
        while try await read() != nil {}
    }
}
