import NIOCore

/// Answers HTTP/2 PING frames in front of NIO's own handler, and takes them out of what comes in.
///
/// grpc-go sends a PING with nearly every answer it reads, to measure the bandwidth. swift-nio-http2 (1.46) takes more
/// than 200 in 30 seconds for an attack and ends the connection, and grpc-swift does not let one say otherwise: without
/// this, a backup by Plakar breaks off after 200 calls. The host is our own parent process; it attacks nobody.
///
/// The same guard counts cancelled calls, and there is no way around it from here: a host that cancels more than 200 reads
/// in 30 seconds loses the connection. Plakar reads to the end, and cancels only what failed.
///
/// All other bytes pass as they are, in order. The frames are those of RFC 9113, section 4.1.
final class PingResponder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let headerLength = 9
    private static let pingType: UInt8 = 6
    private static let acknowledgement: UInt8 = 1
    private static let pingPayload = 8

    /// What has to pass before the next frame begins: at first, the client's preface of 24 bytes (section 3.4).
    private var passing = 24
    /// The beginning of a frame whose header, or whose PING, has not come whole.
    private var incomplete: ByteBuffer?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if var whole = incomplete {
            whole.writeBuffer(&bytes)
            bytes = whole
            incomplete = nil
        }
        var hasAnswered = false
        /// Where the bytes that pass begin, and how far they have been looked at.
        var start = bytes.readerIndex
        var position = start
        func pass() {
            if position > start, let slice = bytes.getSlice(at: start, length: position - start) {
                context.fireChannelRead(wrapInboundOut(slice))
            }
        }
        while position < bytes.writerIndex {
            let left = bytes.writerIndex - position
            if passing > 0 {
                let count = min(passing, left)
                passing -= count
                position += count
                continue
            }
            guard left >= Self.headerLength, let word = bytes.getInteger(at: position, as: UInt32.self),
                let flags = bytes.getInteger(at: position + 4, as: UInt8.self)
            else { break }
            let length = Int(word >> 8)
            let isPing = UInt8(truncatingIfNeeded: word) == Self.pingType && length == Self.pingPayload
            guard isPing, flags & Self.acknowledgement == 0 else {
                passing = Self.headerLength + length
                continue
            }
            guard left >= Self.headerLength + length,
                let payload = bytes.getSlice(at: position + Self.headerLength, length: length)
            else { break }
            pass()
            answer(payload, context)
            hasAnswered = true
            position += Self.headerLength + length
            start = position
        }
        pass()
        if position < bytes.writerIndex {
            incomplete = bytes.getSlice(at: position, length: bytes.writerIndex - position)
        }
        if hasAnswered { context.flush() }
    }

    private func answer(_ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        var frame = context.channel.allocator.buffer(capacity: Self.headerLength + Self.pingPayload)
        frame.writeInteger(UInt32(Self.pingPayload) << 8 | UInt32(Self.pingType))
        frame.writeInteger(Self.acknowledgement)
        frame.writeInteger(UInt32(0))
        frame.writeImmutableBuffer(payload)
        context.write(wrapOutboundOut(frame), promise: nil)
    }
}
