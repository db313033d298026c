import ConnectorKit
import NIOCore
import NIOHTTP1
import NIOPosix

/// One connection: requests in, one at a time; answers out, as fast as the client takes them.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The largest body that is no upload.
    private static let bodyLimit = 16 << 20

    private let library: FakeLibrary
    private var head: HTTPRequestHead?
    private var plan = BodyPlan.collect
    private var body = ByteBuffer()
    private var writing: ResponseWriting?
    private var route = Route(method: "", path: "")
    private var keepsAlive = true
    private var hasSentHead = false
    /// Whether a timer or a stall will call `pump`.
    private var isPaused = false
    /// What befalls the body that is coming in.
    private var interruption: UploadInterruption?
    /// Whether parts of the request wait in `held` until a timer or a stall is over.
    private var isHolding = false
    private var held: [HTTPServerRequestPart] = []
    /// Whether the connection is ending: nothing that still comes counts.
    private var isBroken = false

    init(library: FakeLibrary) { self.library = library }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isHolding { held.append(part) } else { receive(part, context) }
    }

    private func receive(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        if isBroken { return }
        switch part {
        case .head(let head): begin(head, context)
        case .body(let bytes):
            if interruption == nil { take(bytes, context) } else { takeInterrupted(bytes, context) }
        case .end: answer(context)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        self.head = head
        keepsAlive = head.isKeepAlive
        body.clear()
        plan = .collect
        if head.method == .POST, head.uri.hasPrefix("/v1/uploads") {
            let request = FakeRequest(head.method.rawValue, head.uri, headers: head.headers, buffer: ByteBuffer())
            plan = library.bodyPlan(for: request)
            interruption = library.uploadFault(for: request).map { UploadInterruption($0) }
        }
        if head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) {
            let answer = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(answer)), promise: nil)
        }
    }

    private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        switch plan {
        case .discard: break
        case .collect:
            if body.readableBytes + bytes.readableBytes > Self.bodyLimit {
                context.close(promise: nil)
                return
            }
            var bytes = bytes
            body.writeBuffer(&bytes)
        case .upload(var sink, let session):
            // The sink is taken out of the plan while it is written to: a second reference would copy its buffer.
            plan = .discard
            do throws(ConnectorError) { try sink.append(bytes) } catch {
                context.close(promise: nil)
                return
            }
            plan = .upload(sink, session: session)
        }
    }

    /// Takes the bytes of a body that a fault befalls.
    private func takeInterrupted(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        var rest = bytes
        while rest.readableBytes > 0, let (part, step) = interruption?.take(&rest) {
            take(part, context)
            switch step {
            case .goOn: continue
            case .pause(let seconds):
                hold(rest, context)
                context.eventLoop.assumeIsolated().scheduleTask(in: .microseconds(Int64(seconds * 1_000_000))) {
                    self.release(context)
                }
            case .stall:
                hold(rest, context)
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                let loop = context.eventLoop
                library.gate.wait(since: interruption?.fault.clearings ?? 0) {
                    loop.execute {
                        let (handler, context) = bound.value
                        handler.release(context)
                    }
                }
            case .end: breakOff(context)
            }
            return
        }
    }

    /// Reads no more from the socket, and keeps what was read.
    private func hold(_ rest: ByteBuffer, _ context: ChannelHandlerContext) {
        isHolding = true
        if rest.readableBytes > 0 { held.append(.body(rest)) }
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
    }

    private func release(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        isHolding = false
        let parts = held
        held = []
        for (index, part) in parts.enumerated() {
            receive(part, context)
            if isHolding {
                held += parts[(index + 1)...]
                return
            }
        }
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
    }

    /// The connection ends in the middle of an upload.
    private func breakOff(_ context: ChannelHandlerContext) {
        guard let head, let fault = interruption?.fault else { return }
        let request = FakeRequest(head.method.rawValue, head.uri, headers: head.headers, buffer: ByteBuffer())
        library.breakOff(plan, of: request, by: fault)
        plan = .collect
        interruption = nil
        isBroken = true
        if fault.kind == .truncate { context.close(promise: nil) } else { reset(context) }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        interruption = nil
        var request = FakeRequest(head.method.rawValue, head.uri, headers: head.headers, buffer: body)
        request.isReceived = true
        if case .upload(let sink, _) = plan { request.body = .upload(sink) }
        plan = .collect
        route = Route(method: request.method, path: request.path)
        if route.endpoint == .control {
            answerControl(request, context)
        } else {
            start(library.answer(request), context)
        }
    }

    /// Controls may hash a whole library: not on the event loop.
    private func answerControl(_ request: FakeRequest, _ context: ChannelHandlerContext) {
        let library = library
        let promise = context.eventLoop.makePromise(of: FakeResponse.self)
        promise.completeWithTask { library.answer(request) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenSuccess { response in
            let (handler, context) = bound.value
            handler.start(response, context)
        }
    }

    private func start(_ response: FakeResponse, _ context: ChannelHandlerContext) {
        writing = ResponseWriting(response)
        hasSentHead = false
        if response.delivery.delay > 0 {
            pause(seconds: response.delivery.delay, context) { $0.sendHead($1) }
        } else {
            sendHead(context)
        }
    }

    private func sendHead(_ context: ChannelHandlerContext) {
        guard let writing, context.channel.isActive else { return }
        let response = writing.response
        if response.delivery.isReset, response.delivery.closesAfter == nil {
            reset(context)
            return
        }
        if response.delivery.stallsAfter == 0, !writing.hasStalled {
            stall(context) { $0.sendHead($1) }
            return
        }
        var headers = response.headers
        headers.add(name: "Content-Length", value: "\(response.contentLength)")
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        let status = HTTPResponseStatus(statusCode: response.status)
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        hasSentHead = true
        pump(context)
    }

    /// Sends pieces while the socket takes them.
    private func pump(_ context: ChannelHandlerContext) {
        while !isPaused, context.channel.isWritable, var writing {
            let step = writing.next()
            self.writing = writing
            switch step {
            case .piece(let bytes):
                context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
                if writing.response.delivery.pieceDelay > 0 {
                    context.flush()
                    pause(seconds: writing.response.delivery.pieceDelay, context) { $0.pump($1) }
                }
            case .stall:
                context.flush()
                stall(context) { $0.pump($1) }
            case .cut:
                finish()
                let end = context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))))
                let isReset = writing.response.delivery.isReset
                end.assumeIsolated().whenComplete { _ in
                    if isReset { self.reset(context) } else { context.close(promise: nil) }
                }
                return
            case .end:
                finish()
                let end = context.writeAndFlush(wrapOutboundOut(.end(nil)))
                if !keepsAlive { end.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
                return
            }
        }
        context.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if hasSentHead { pump(context) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        library.abandon(plan)
        plan = .collect
        finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// The answer is over.
    private func finish() {
        guard let writing else { return }
        self.writing = nil
        library.finish(writing.response, route, bytes: writing.sent)
    }

    /// Ends the connection with RST: the client sees "connection reset by peer".
    private func reset(_ context: ChannelHandlerContext) {
        finish()
        let linger = linger(l_onoff: 1, l_linger: 0)
        guard let provider = context.channel as? any SocketOptionProvider else {
            context.close(promise: nil)
            return
        }
        provider.setSoLinger(linger).assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    private func pause(
        seconds: Double, _ context: ChannelHandlerContext,
        then resume: @escaping (ConnectionHandler, ChannelHandlerContext) -> Void
    ) {
        isPaused = true
        context.eventLoop.assumeIsolated().scheduleTask(in: .microseconds(Int64(seconds * 1_000_000))) {
            self.isPaused = false
            if context.channel.isActive { resume(self, context) }
        }
    }

    private func stall(
        _ context: ChannelHandlerContext,
        then resume: @escaping @Sendable (ConnectionHandler, ChannelHandlerContext) -> Void
    ) {
        isPaused = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        library.gate.wait(since: writing?.response.delivery.clearings ?? 0) {
            loop.execute {
                let (handler, context) = bound.value
                handler.isPaused = false
                handler.writing?.hasStalled = true
                if context.channel.isActive { resume(handler, context) }
            }
        }
    }
}
