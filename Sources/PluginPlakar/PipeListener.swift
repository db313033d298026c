import GRPCNIOTransportHTTP2TransportServices
import Glibc
import NIOCore
import NIOHTTP2
import NIOPosix

/// Serves gRPC on one connection that is there already: a pair of pipes.
///
/// gRPC wants a channel that accepts connections. Here that is the reading end of a pipe to which nobody writes; the one
/// connection is put into its pipeline, and with the connection it closes, which ends the server.
struct PipeListener: HTTP2ServerTransport.ListenerFactory {
    typealias ConnectionChannel = HTTP2ServerTransport.ConnectionConfigurator.ConnectionChannel

    let eventLoopGroup: any EventLoopGroup
    /// Both are closed with the connection.
    let input: CInt
    let output: CInt
    /// The calls, so that the host can give them up.
    let streams: OpenStreams
    let onConnect: @Sendable (any Channel) -> Void
    let onFault: @Sendable (any Error) -> Void
    let onClose: @Sendable () -> Void

    func makeListeningChannel(
        listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator,
        connectionConfigurator: HTTP2ServerTransport.ConnectionConfigurator
    ) async throws -> NIOAsyncChannel<ConnectionChannel, Never> {
        let (listener, acceptance) = try await makeListener(listenerConfigurator)
        let (connection, configured): (any Channel, ConnectionChannel)
        do {
            (connection, configured) = try await connect(connectionConfigurator)
        } catch {
            try? await listener.channel.close()
            throw error
        }
        let parent = listener.channel
        try await parent.eventLoop.submit {
            acceptance.value.accepted = configured
            parent.pipeline.fireChannelRead(connection)
            parent.pipeline.fireChannelReadComplete()
            // Not before: also a connection that is over is accepted first, or gRPC would not end it in order.
            connection.closeFuture.whenComplete { _ in
                parent.close(promise: nil)
                onClose()
            }
            onConnect(connection)
        }.get()
        return listener
    }

    private func makeListener(
        _ configurator: HTTP2ServerTransport.ListenerConfigurator
    ) async throws -> (NIOAsyncChannel<ConnectionChannel, Never>, NIOLoopBound<Acceptance>) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw IOError(errnoCode: errno, reason: "pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (reading, writing) = (ends[0], ends[1])
        let made = try await NIOPipeBootstrap(group: eventLoopGroup)
            .takingOwnershipOfDescriptor(input: reading) { channel in
                configurator.configure(channel: channel).flatMapThrowing {
                    let acceptance = Acceptance()
                    try channel.pipeline.syncOperations.addHandler(acceptance)
                    return (
                        try NIOAsyncChannel<ConnectionChannel, Never>(wrappingChannelSynchronously: channel),
                        NIOLoopBound(acceptance, eventLoop: channel.eventLoop)
                    )
                }
            }
        made.0.channel.closeFuture.whenComplete { _ in _ = close(writing) }
        return made
    }

    private func connect(
        _ configurator: HTTP2ServerTransport.ConnectionConfigurator
    ) async throws -> (any Channel, ConnectionChannel) {
        try await NIOPipeBootstrap(group: eventLoopGroup)
            .takingOwnershipOfDescriptors(input: input, output: output) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(TrustedFrames(cancel: streams.cancel))
                }.flatMap {
                    configurator.configure(channel: channel, tls: .none)
                }.flatMapThrowing { configured in
                    let pipeline = channel.pipeline.syncOperations
                    // Further on, gRPC takes errors for the end of the connection and says nothing.
                    let http2 = try pipeline.handler(type: NIOHTTP2Handler.self)
                    try pipeline.addHandler(FaultReporter(onFault: onFault), position: .after(http2))
                    return (channel, configured)
                }
            }
    }

    /// gRPC's own handler on the listener wants the connection's channel, and gRPC wants what it made of it.
    private final class Acceptance: ChannelInboundHandler {
        typealias InboundIn = any Channel
        typealias InboundOut = ConnectionChannel

        var accepted: ConnectionChannel?

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if let connection = accepted { context.fireChannelRead(wrapInboundOut(connection)) }
            accepted = nil
        }
    }

    /// Tells of errors of the connection, which otherwise show nowhere.
    private final class FaultReporter: ChannelInboundHandler, Sendable {
        typealias InboundIn = NIOAny

        private let onFault: @Sendable (any Error) -> Void

        init(onFault: @escaping @Sendable (any Error) -> Void) { self.onFault = onFault }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            onFault(error)
            context.fireErrorCaught(error)
        }
    }
}
