import ConnectorKit
import NIOCore
import NIOHTTP1
import NIOPosix

/// The service on a port of 127.0.0.1, over plain HTTP/1.1.
public final class FakePhotosServer: Sendable {
    public let library: FakeLibrary
    /// Such as `http://127.0.0.1:8080`: what goes before `/v1`, `/token` and `/_fake`.
    public let baseURL: String
    public let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel

    private init(library: FakeLibrary, port: Int, group: MultiThreadedEventLoopGroup, channel: any Channel) {
        self.library = library
        self.port = port
        self.group = group
        self.channel = channel
        baseURL = "http://127.0.0.1:\(port)"
    }

    /// Starts a service with a new library.
    /// - Parameter port: 0 for any that is free.
    /// - Throws: ``ConnectorError``: `config` for a plan that cannot be carried out, `network` for a port that is taken.
    public static func start(
        options: FakeOptions = FakeOptions(), port: Int = 0
    ) async throws(ConnectorError) -> FakePhotosServer {
        try await start(library: try FakeLibrary(options: options), port: port)
    }

    /// Starts a service for a library that is there already.
    public static func start(library: FakeLibrary, port: Int = 0) async throws(ConnectorError) -> FakePhotosServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Uploads come in large reads.
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 8192, maximum: 256 << 10)
            )
            // A piece at a time is on its way; the next is made when the socket has taken most of it.
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: 128 << 10, high: ResponseWriting.pieceSize)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(library: library))
                }
            }
        do {
            let channel = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
            let port = channel.localAddress?.port ?? port
            let server = FakePhotosServer(library: library, port: port, group: group, channel: channel)
            library.withState { $0.origin = server.baseURL }
            return server
        } catch {
            try? await group.shutdownGracefully()
            throw ConnectorError(.network, "the service cannot listen on port \(port): \(error)")
        }
    }

    /// Closes all connections and frees the port.
    public func stop() async throws {
        library.clearFaults()
        try await channel.close()
        try await group.shutdownGracefully()
    }
}
