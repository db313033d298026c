import Synchronization

/// Where stalled answers wait for the faults to be cleared.
///
/// Each fault knows how often they had been cleared when it struck: one that is cleared before its answer gets here does
/// not wait for the next time.
final class StallGate: Sendable {
    private struct State {
        var clearings = 0
        var waiting: [(clearings: Int, resume: @Sendable () -> Void)] = []
    }

    private let state = Mutex(State())

    /// - Parameter clearings: how often the faults had been cleared when this one struck.
    func wait(since clearings: Int, _ resume: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            if clearings < state.clearings { return true }
            state.waiting.append((clearings, resume))
            return false
        }
        if isOver { resume() }
    }

    /// - Parameter clearings: how often they have been cleared now.
    func open(_ clearings: Int) {
        let over = state.withLock { state in
            state.clearings = max(state.clearings, clearings)
            let over = state.waiting.filter { $0.clearings < clearings }
            state.waiting.removeAll { $0.clearings < clearings }
            return over
        }
        for waiter in over { waiter.resume() }
    }
}
