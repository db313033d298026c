import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP/1.1 server on a port of the loopback that behaves, or misbehaves, as its routes say.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        let method: String
        let path: String
        let headers: [(name: String, value: String)]

        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
    }

    /// What the server has seen so far.
    struct Seen: Sendable {
        var connectionsOpened = 0
        var connectionsClosed = 0
        var requests: [Request] = []
        /// What the handlers noted.
        var notes: [String] = []
        /// Bytes of response bodies that the socket took.
        var bodyBytesWritten = 0
    }

    private struct Waiter {
        let condition: @Sendable (Seen) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    private let listener: NIOAsyncChannel<any Channel, Never>
    private let routes: [String: Route]
    private let state = Mutex((seen: Seen(), waiters: [Waiter]()))
    let port: Int

    /// Runs a server while `body` runs.
    static func run<Output: Sendable>(
        _ routes: [String: Route], _ body: @Sendable (LoopbackServer) async throws -> Output
    ) async throws -> Output {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 256)
            // Small, so that back-pressure shows early.
            .childChannelOption(.socketOption(.so_sndbuf), value: 64 << 10)
            .serverChannelOption(.socketOption(.so_rcvbuf), value: 64 << 10)
            // Nothing is read before `serve` has made a NIOAsyncChannel of it. NIO traps when one of these is dropped
            // unserved, as would happen to a connection that comes while the listener closes.
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    return channel
                }
            }
        let server = LoopbackServer(listener, routes)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.serve() }
            do {
                let output = try await body(server)
                await server.close()
                return output
            } catch {
                await server.close()
                throw error
            }
        }
    }

    private init(_ listener: NIOAsyncChannel<any Channel, Never>, _ routes: [String: Route]) {
        self.listener = listener
        self.routes = routes
        port = listener.channel.localAddress?.port ?? 0
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    var seen: Seen { state.withLock { $0.seen } }

    func note(_ change: (inout Seen) -> Void) {
        let ready = state.withLock { state in
            change(&state.seen)
            let seen = state.seen
            let ready = state.waiters.filter { $0.condition(seen) }
            state.waiters.removeAll { $0.condition(seen) }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    func wait(until condition: @escaping @Sendable (Seen) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state in
                guard !condition(state.seen) else { return true }
                state.waiters.append(Waiter(condition: condition, continuation: continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
    }

    private func serve() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            try await listener.executeThenClose { connections in
                for try await connection in connections {
                    note { $0.connectionsOpened += 1 }
                    connection.closeFuture.whenComplete { _ in self.note { $0.connectionsClosed += 1 } }
                    group.addTask { await self.serve(connection) }
                }
            }
            group.cancelAll()
        }
    }

    /// Lets `serve` end.
    private func close() async { try? await listener.channel.close() }

    /// A connection that breaks, because a route or the client wants it so, ends here and harms no other.
    private func serve(_ channel: any Channel) async {
        let wrapped = channel.eventLoop.submit { try Connection(wrappingChannelSynchronously: channel) }
        guard let connection = try? await wrapped.get() else { return }
        try? await connection.executeThenClose { inbound, _ in
            try await channel.setOption(.autoRead, value: true).get()
            var parts = inbound.makeAsyncIterator()
            while let part = try await parts.next() {
                guard case .head(let head) = part else { continue }
                let path = String(head.uri.prefix { $0 != "?" })
                note {
                    $0.requests.append(
                        Request(
                            method: head.method.rawValue, path: head.uri,
                            headers: head.headers.map { ($0.name, $0.value) }))
                }
                var exchange = ServerExchange(
                    server: self, head: head, channel: channel, parts: parts)
                let route = routes[path] ?? .status(404)
                try await route.answer(&exchange)
                try await exchange.finish()
                parts = exchange.parts
            }
        }
    }
}
