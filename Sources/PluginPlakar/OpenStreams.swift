import NIOCore
import NIOHTTP2
import Synchronization

/// The calls of a connection that are under way, by the numbers of their streams.
final class OpenStreams: Sendable {
    private let channels = Mutex<[HTTP2StreamID: any Channel]>([:])

    /// Notes a stream that the host has opened, until it is closed.
    func add(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.getOption(HTTP2StreamChannelOptions.streamID).map { stream in
            self.channels.withLock { $0[stream] = channel }
            channel.closeFuture.whenComplete { _ in
                self.channels.withLock { _ = $0.removeValue(forKey: stream) }
            }
        }
    }

    /// Gives a call up, as the host has. Of one that is over there is nothing to be done.
    func cancel(_ stream: HTTP2StreamID) {
        channels.withLock { $0[stream] }?.close(promise: nil)
    }
}
