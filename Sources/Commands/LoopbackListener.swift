import NIOCore
import NIOHTTP1
import NIOPosix

/// Takes the answer of a sign-in from a browser on this machine (RFC 8252, section 7.3).
struct LoopbackListener: Sendable {
    /// What a browser asks for.
    struct Request: Sendable {
        /// Path and query.
        var target: String
        /// Answers it with a page, once.
        var reply: @Sendable (Page) -> Void
    }

    struct Page: Sendable {
        var status: HTTPResponseStatus
        var text: String
    }

    /// Such as `http://127.0.0.1:40431/`.
    let address: String
    /// In the order in which they come.
    let requests: AsyncStream<Request>
    private let channel: any Channel

    /// Browsers open a few connections and ask for an icon; what comes beyond that is not waited for.
    private static let waitingLimit = 64

    /// Listens on a free port of 127.0.0.1.
    /// - Throws: ``Failure``, 69.
    static func start() async throws(Failure) -> LoopbackListener {
        let (requests, continuation) = AsyncStream.makeStream(
            of: Request.self, bufferingPolicy: .bufferingOldest(waitingLimit))
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(RequestHandler { continuation.yield($0) })
                }
            }
        do {
            let channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            guard let port = channel.localAddress?.port else {
                throw Failure(.unreachable, "the browser has no port to answer to")
            }
            return LoopbackListener(address: "http://127.0.0.1:\(port)/", requests: requests, channel: channel)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                .unreachable, "cannot listen on 127.0.0.1 for the answer of the browser",
                hint: "--no-browser takes the answer by copy and paste")
        }
    }

    /// Frees the port. Answers that are on their way still arrive.
    func stop() async { try? await channel.close() }
}

/// Hands the requests of one connection on; each connection is good for one.
private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let receive: (LoopbackListener.Request) -> AsyncStream<LoopbackListener.Request>.Continuation.YieldResult
    private var head: HTTPRequestHead?

    init(
        _ receive:
            @escaping (LoopbackListener.Request)
            -> AsyncStream<LoopbackListener.Request>.Continuation.YieldResult
    ) {
        self.receive = receive
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            let channel = context.channel
            let reply: @Sendable (LoopbackListener.Page) -> Void = { Self.send($0, to: channel) }
            if head.method != .GET { return reply(.init(status: .methodNotAllowed, text: "")) }
            if case .enqueued = receive(.init(target: head.uri, reply: reply)) { return }
            reply(.init(status: .serviceUnavailable, text: ""))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private static func send(_ page: LoopbackListener.Page, to channel: any Channel) {
        let body = ByteBuffer(string: page.text)
        let headers: HTTPHeaders = [
            "Content-Type": "text/plain; charset=utf-8", "Content-Length": "\(body.readableBytes)",
            "Connection": "close", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: page.status, headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
    }
}
