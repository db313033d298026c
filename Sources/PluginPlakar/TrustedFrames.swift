import NIOCore
import NIOHTTP2

/// Does what HTTP/2 PING and RST_STREAM frames ask for, in front of NIO's own handler, and takes them out of what comes in.
///
/// swift-nio-http2 (1.46) takes more than 200 of either kind in 30 seconds for an attack and ends the connection, and
/// grpc-swift (2.9) does not let one say otherwise. grpc-go sends a PING with nearly every answer it reads, to measure the
/// bandwidth, and a host sends a RST_STREAM for every read that it gives up. The host is our own parent process; it
/// attacks nobody.
///
/// All other bytes pass as they are, in order. No RST_STREAM goes out for one that came in: a host that is made with NIO
/// would count it in its turn. The frames are those of RFC 9113, section 4.1.
final class TrustedFrames: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// A frame that does not pass.
    private enum Taken {
        case ping, reset

        init?(type: UInt8, flags: UInt8, length: Int) {
            switch (type, length) {
            case (3, Taken.reset.payload): self = .reset
            case (6, Taken.ping.payload) where flags & TrustedFrames.acknowledgement == 0: self = .ping
            default: return nil
            }
        }

        /// The bytes after the header.
        var payload: Int { self == .ping ? 8 : 4 }
    }

    private static let headerLength = 9
    private static let acknowledgement: UInt8 = 1

    /// Gives up a call, by the number of its stream.
    private let cancel: (HTTP2StreamID) -> Void
    /// What has to pass before the next frame begins: at first, the client's preface of 24 bytes (section 3.4).
    private var passing = 24
    /// The beginning of a frame whose header has not come whole, or that is to be taken out and has not.
    private var incomplete: ByteBuffer?
    /// The answer to the RST_STREAM that is being carried out, which is not to be sent.
    private var unsent: ByteBuffer?

    init(cancel: @escaping (HTTP2StreamID) -> Void) { self.cancel = cancel }

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
            guard let taken = Taken(type: UInt8(truncatingIfNeeded: word), flags: flags, length: length) else {
                passing = Self.headerLength + length
                continue
            }
            guard left >= Self.headerLength + length,
                let payload = bytes.getSlice(at: position + Self.headerLength, length: length),
                let stream = bytes.getInteger(at: position + 5, as: UInt32.self)
            else { break }
            // What came before it is done before it.
            pass()
            switch taken {
            case .ping:
                answer(payload, context)
                hasAnswered = true
            case .reset: giveUp(stream & 0x7fff_ffff, context)
            }
            position += Self.headerLength + length
            start = position
        }
        pass()
        if position < bytes.writerIndex {
            incomplete = bytes.getSlice(at: position, length: bytes.writerIndex - position)
        }
        if hasAnswered { context.flush() }
    }

    /// NIO writes a RST_STREAM before this returns.
    private func giveUp(_ stream: UInt32, _ context: ChannelHandlerContext) {
        var frame = context.channel.allocator.buffer(capacity: Self.headerLength + Taken.reset.payload)
        frame.writeInteger(UInt32(Taken.reset.payload) << 8 | 3)
        frame.writeInteger(UInt8(0))
        frame.writeInteger(stream)
        frame.writeInteger(UInt32(HTTP2ErrorCode.cancel.networkCode))
        unsent = frame
        cancel(HTTP2StreamID(Int(stream)))
        unsent = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if let unsent, case .byteBuffer(unsent) = unwrapOutboundIn(data) {
            self.unsent = nil
            promise?.succeed()
        } else {
            context.write(data, promise: promise)
        }
    }

    private func answer(_ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        var frame = context.channel.allocator.buffer(capacity: Self.headerLength + payload.readableBytes)
        frame.writeInteger(UInt32(payload.readableBytes) << 8 | 6)
        frame.writeInteger(Self.acknowledgement)
        frame.writeInteger(UInt32(0))
        frame.writeImmutableBuffer(payload)
        context.write(wrapOutboundOut(.byteBuffer(frame)), promise: nil)
    }
}
