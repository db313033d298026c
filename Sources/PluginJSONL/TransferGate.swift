import ConnectorKit
import Synchronization

/// Bounds how many transfers run at a time, first come first served.
final class TransferGate: Sendable {
    private struct State {
        var free: Int
        var waiters: [(id: Int, signal: Signal)] = []
        var lastID = 0
    }

    private let state: Mutex<State>

    init(limit: Int) { state = Mutex(State(free: limit)) }

    /// Waits for a place. Throws `CancellationError` without one.
    func enter() async throws {
        try Task.checkCancellation()
        let waiter: (id: Int, signal: Signal)? = state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            state.lastID += 1
            state.waiters.append((state.lastID, Signal()))
            return state.waiters.last
        }
        guard let waiter else { return }
        do {
            try await waiter.signal.wait()
        } catch {
            // Whoever left the queue was handed the place in the same moment: pass it on.
            let wasWaiting = state.withLock { state in
                guard let index = state.waiters.firstIndex(where: { $0.id == waiter.id }) else { return false }
                state.waiters.remove(at: index)
                return true
            }
            if !wasWaiting { leave() }
            throw error
        }
    }

    func leave() {
        let next: Signal? = state.withLock { state in
            if state.waiters.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiters.removeFirst().signal
        }
        next?.signal()
    }
}

/// The place of one transfer, which it gives up while it waits for credit.
final class TransferPlace: Sendable {
    private let gate: TransferGate
    private let isHeld = Mutex(false)

    init(in gate: TransferGate) { self.gate = gate }

    func enter() async throws {
        try await gate.enter()
        isHeld.withLock { $0 = true }
    }

    /// May be called without a place.
    func leave() {
        let wasHeld = isHeld.withLock { isHeld in
            defer { isHeld = false }
            return isHeld
        }
        if wasHeld { gate.leave() }
    }
}
