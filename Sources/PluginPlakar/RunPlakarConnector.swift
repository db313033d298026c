import ConnectorKit
import GRPCCore
import GRPCNIOTransportHTTP2TransportServices
import Glibc
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
/// - Returns: the exit status: 0 closed in order or amid nothing, 1 cut short, 2 where the host speaks something else,
///   143 cancelled.
public func runPlakarConnector(
    _ plugin: ConnectorPlugin, role: ConnectorRole, input: Int32, output: Int32,
    tell: (@Sendable (String) -> Void)? = nil
) async -> Int32 {
    _ = signal(SIGPIPE, SIG_IGN)
    var reporter = StandardErrorReporter(name: plugin.name)
    if let tell { reporter.write = tell }
    let session = PlakarSession()
    let service: any RegistrableRPCService =
        switch role {
        case .importer: ImporterService(plugin: plugin, session: session, reporter: reporter)
        case .exporter: ExporterService(plugin: plugin, session: session, reporter: reporter)
        }
    let connection = PlakarConnection(service: service, input: input, output: output)
    let ending = await connection.run()
    let wasUntouched = session.isUntouched
    let isSaved = await saved(session)
    switch ending {
    case .cancelled: return 128 + SIGTERM
    case .failed(let error):
        reporter.write("\(plugin.name): cannot serve on these descriptors: \(error)\n")
        return 1
    case .closed(let fault):
        if let fault, wasUntouched {
            reporter.write("\(plugin.name): the host does not speak Plakar's protocol: \(fault)\n")
            return 2
        }
        return isSaved && session.isInOrder ? 0 : 1
    }
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

    /// How long calls may take to end, once the host is gone.
    private static let grace = Duration.seconds(3)

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let server: GRPCServer<HTTP2ServerTransport.Custom<PipeListener>>
    private let ending: Reply<Ending>

    init(service: any RegistrableRPCService, input: Int32, output: Int32) {
        let ending = Reply<Ending>()
        let fault = Mutex<String?>(nil)
        let listener = PipeListener(
            eventLoopGroup: group, input: input, output: output,
            onFault: { error in fault.withLock { $0 = $0 ?? "\(error)" } },
            onClose: { ending.resolve(.success(.closed(fault: fault.withLock { $0 }))) })
        var config = HTTP2ServerTransport.Custom<PipeListener>.Config.defaults
        // The windows stay as they are: with larger ones, swift-nio-http2 (1.46) ends connections on which many small
        // messages come in, since it gives back more than was taken.
        config.connection.keepalive.clientBehavior = .init(
            minPingIntervalWithoutCalls: .zero, allowWithoutCalls: true)
        self.ending = ending
        server = GRPCServer(
            transport: HTTP2ServerTransport.Custom(listenerFactory: listener, config: config), services: [service])
    }

    func run() async -> Ending {
        let ending = ending
        let server = server
        let served = Reply<Void>()
        let serving = Task {
            do {
                try await server.serve()
                ending.resolve(.success(.closed(fault: nil)))
            } catch {
                ending.resolve(.success(.failed("\(error)")))
            }
            served.resolve(.success(()))
        }
        let reason = await withTaskCancellationHandler {
            (try? await ending.value()) ?? .cancelled
        } onCancel: {
            ending.resolve(.success(.cancelled))
        }
        serving.cancel()
        // What runs on after that is cut off by the end of the process.
        if await served.value(within: Self.grace) != nil { try? await group.shutdownGracefully() }
        return reason
    }
}
