import ConnectorKit
import PluginJSONL

/// A running connector that is set up: a subprocess, and the session with it.
public final class ConnectorLink: Sendable {
    public let identity: ConnectorIdentity
    let session: HostSession
    /// Nil where the connector is a part of this process, as in tests.
    let process: ConnectorProcess?
    private let runtime: Runtime

    init(
        identity: ConnectorIdentity, session: HostSession, process: ConnectorProcess?, runtime: Runtime
    ) {
        self.identity = identity
        self.session = session
        self.process = process
        self.runtime = runtime
    }

    /// Starts a connector and hands it its settings.
    /// - Parameters:
    ///   - version: of this host, as the connector is told.
    ///   - onEvent: log lines, progress and settings that changed, as they come.
    public static func open(
        _ command: ConnectorCommand, config: [String: String], options: ConnectorOptions, version: String,
        runtime: Runtime, onEvent: @escaping @Sendable (HostEvent) -> Void
    ) async throws -> ConnectorLink {
        let process = try ConnectorProcess(command)
        let session = HostSession(
            input: process.input, output: process.output, name: "gphotos", version: version, runtime: runtime,
            onEvent: onEvent)
        do {
            _ = try await session.start()
            let identity = try await session.initialize(config: config, options: options)
            return ConnectorLink(identity: identity, session: session, process: process, runtime: runtime)
        } catch {
            await session.close()
            _ = await process.finish(runtime: runtime)
            throw error
        }
    }

    /// Checks that the account can be reached.
    public func ping() async throws { try await session.ping() }

    /// What is there, without any content.
    public func records(_ visit: @escaping @Sendable (Record) async throws -> Void) async throws -> ImportSummary {
        try await session.importRecords(state: nil, window: 1024) { [session] batch in
            for imported in batch { try await visit(imported.record) }
            session.finish(batch.map { ($0, .skipped) })
        }
    }

    /// Ends the session in order, and the process with it.
    public func close() async {
        await session.close()
        _ = await process?.finish(runtime: runtime)
    }

    /// Ends the session after a run that failed: the connector must not take what it sent for kept.
    public func abandon() async {
        await session.close(isInOrder: false)
        _ = await process?.finish(runtime: runtime)
    }
}
