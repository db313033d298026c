import ConnectorKit
import Synchronization

/// The connector of a session, from Init to Close.
final class PlakarSession: Sendable {
    private enum Phase {
        case new, settingUp
        case ready(any Connector)
        case closed
    }
    private struct State {
        var phase = Phase.new
        var underWay = 0
        var wasCut = false
        var wasClosed = false
    }

    private let state = Mutex(State())

    /// Init.
    /// - Throws: what `make` throws; the host may try again after that.
    func setUp(_ make: () async throws -> any Connector) async throws -> ConnectorIdentity {
        try state.withLock { state in
            guard case .new = state.phase else {
                throw ConnectorError(.protocolViolation, "the connector is set up already")
            }
            state.phase = .settingUp
        }
        do {
            let made = try await make()
            state.withLock { $0.phase = .ready(made) }
            return made.identity
        } catch {
            state.withLock { $0.phase = .new }
            throw error
        }
    }

    /// The connector as what the service needs it to be.
    func connector<Kind>(as kind: Kind.Type = Kind.self) throws -> Kind {
        guard case .ready(let connector) = state.withLock({ $0.phase }), let connector = connector as? Kind else {
            throw ConnectorError(.protocolViolation, "the connector is not set up")
        }
        return connector
    }

    /// An import or an export, which the session should not end amid.
    func operation(_ work: () async throws -> Void) async throws {
        state.withLock { $0.underWay += 1 }
        do {
            try await work()
            state.withLock { $0.underWay -= 1 }
        } catch {
            state.withLock { state in
                state.underWay -= 1
                if Task.isCancelled { state.wasCut = true }
            }
            throw error
        }
    }

    /// Close, or the end without one. What the connector knows is saved when this returns.
    func close() async throws {
        let connector: (any Connector)? = state.withLock { state in
            defer { state.phase = .closed }
            if case .ready(let connector) = state.phase { return connector }
            return nil
        }
        try await connector?.close()
    }

    /// Close, asked for by the host.
    func closeInOrder() async throws {
        let connector = state.withLock { state -> (any Connector)? in
            if case .ready(let connector) = state.phase { return connector }
            return nil
        }
        await connector?.acknowledged()
        try await close()
        state.withLock { $0.wasClosed = true }
    }

    /// Whether anything was asked for.
    var isUntouched: Bool {
        state.withLock { state in
            if case .new = state.phase { return true }
            return false
        }
    }

    /// Whether the end came where it should: after Close, or at least amid nothing.
    var isInOrder: Bool { state.withLock { $0.wasClosed || (!$0.wasCut && $0.underWay == 0) } }
}
