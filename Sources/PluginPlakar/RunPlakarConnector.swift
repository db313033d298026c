import ConnectorKit
import GRPCCore
import GRPCNIOTransportHTTP2TransportServices
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Runs a connector for a Plakar host on the other end of two descriptors, until the host closes its end.
///
/// The host does not wait for the process: what must be saved is saved before Close is answered. The cancellation of the
/// task ends the session too. Five seconds after the end it returns, whatever the connector does.
/// - Parameters:
///   - input: where the host's bytes come from; a pipe or a socket, closed at the end.
///   - output: where the connector's go; closed at the end.
///   - tell: writes a line for the person; as a rule to stderr, which is the host's own.
/// - Returns: the exit status: 0 closed in order or amid nothing, 1 cut short, 2 where the host speaks something else, 64
///   where there is none (EX_USAGE of sysexits.h), 143 cancelled.
public func runPlakarConnector(
    _ plugin: ConnectorPlugin, role: ConnectorRole, input: Int32, output: Int32,
    tell: (@Sendable (String) -> Void)? = nil
) async -> Int32 {
    _ = signal(SIGPIPE, SIG_IGN)
    var reporter = StandardErrorReporter(name: plugin.name)
    if let tell { reporter.write = tell }
    guard isStream(input), isStream(output) else {
        for descriptor in [input, output] { _ = close(descriptor) }
        reporter.write("\(plugin.name): a Plakar host starts this and talks to it over pipes\n")
        return 64
    }
    let session = PlakarSession()
    let service: any RegistrableRPCService =
        switch role {
        case .importer: ImporterService(plugin: plugin, session: session, reporter: reporter)
        case .exporter: ExporterService(plugin: plugin, session: session, reporter: reporter)
        }
    let ending = await PlakarConnection().run(service, input: input, output: output)
    let wasUntouched = session.isUntouched
    let isSaved = await saved(session)
    switch ending {
    case .cancelled: return 128 + SIGTERM
    case .failed(let error):
        reporter.write("\(plugin.name): cannot serve on these descriptors: \(error)\n")
        return 1
    case .closed(let fault?) where wasUntouched:
        reporter.write("\(plugin.name): the host does not speak Plakar's protocol: \(fault)\n")
        return 2
    case .closed(let fault):
        if isSaved, session.isInOrder { return 0 }
        if let fault { reporter.write("\(plugin.name): the connection broke: \(fault)\n") }
        return 1
    }
}

/// Whether a descriptor is a pipe or a socket: NIO ends the process over a file or a device.
private func isStream(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
}

/// Closes a connector that the host did not close.
private func saved(_ session: PlakarSession) async -> Bool {
    let outcome = Reply<Bool>()
    Task {
        do {
            try await session.close()
            outcome.resolve(.success(true))
        } catch {
            outcome.resolve(.success(false))
        }
    }
    return await outcome.value(within: .seconds(1)) ?? false
}

/// The one connection of the process, and the server on it.
private final class PlakarConnection: Sendable {
    enum Ending: Sendable {
        /// By the host, or by an error of the connection.
        case closed(fault: String?)
        case cancelled
        case failed(String)
    }
    private struct State {
        var channel: (any Channel)?
        var isCancelled = false
        var fault: String?
    }

    /// How long calls may take to end, once the host is gone.
    private static let grace = Duration.seconds(3)

    private let state = Mutex(State())
    private let ending = Reply<Ending>()

    /// Serves until the connection is over.
    func run(_ service: any RegistrableRPCService, input: Int32, output: Int32) async -> Ending {
        let streams = OpenStreams()
        let server = server(
            of: service, streams,
            PipeListener(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton.next(), input: input, output: output,
                streams: streams, onConnect: { self.connected($0) },
                onFault: { error in self.state.withLock { $0.fault = $0.fault ?? "\(error)" } },
                onClose: { self.closed() }))
        let served = Reply<Void>()
        Task {
            do {
                try await server.serve()
                closed()
            } catch {
                ending.resolve(.success(.failed("\(error)")))
            }
            served.resolve(.success(()))
        }
        let reason = await withTaskCancellationHandler {
            (try? await ending.value()) ?? .cancelled
        } onCancel: {
            cancel()
        }
        // What runs on after that is cut off by the end of the process.
        _ = await served.value(within: Self.grace)
        return reason
    }

    private func server(
        of service: any RegistrableRPCService, _ streams: OpenStreams, _ listener: PipeListener
    ) -> GRPCServer<HTTP2ServerTransport.Custom<PipeListener>> {
        var config = HTTP2ServerTransport.Custom<PipeListener>.Config.defaults
        // The windows stay as they are: with larger ones, swift-nio-http2 (1.46) ends connections on which many small
        // messages come in, since it gives back more than was taken.
        config.connection.keepalive.clientBehavior = .init(
            minPingIntervalWithoutCalls: .zero, allowWithoutCalls: true)
        config.channelDebuggingCallbacks.onAcceptHTTP2Stream = streams.add
        return GRPCServer(
            transport: HTTP2ServerTransport.Custom(listenerFactory: listener, config: config), services: [service])
    }

    private func connected(_ channel: any Channel) {
        let isCancelled = state.withLock { state in
            state.channel = channel
            return state.isCancelled
        }
        if isCancelled { channel.close(promise: nil) }
    }

    private func closed() {
        ending.resolve(.success(.closed(fault: state.withLock { $0.fault })))
    }

    /// Ends the connection, and with it the server. The server's own task is not cancelled: gRPC would drop a connection
    /// that it has not accepted yet, and NIO ends the process for that.
    private func cancel() {
        ending.resolve(.success(.cancelled))
        let channel = state.withLock { state in
            state.isCancelled = true
            return state.channel
        }
        channel?.close(promise: nil)
    }
}
