import Synchronization

/// Wakes one waiting task; a signal that comes before the wait is remembered.
///
/// Everything in the wires that waits for the other side (window, credit, room in a queue) waits with one of these and
/// then looks again, so that there is one place where cancellation and crossing events have to be right.
package final class Signal: Sendable {
    private enum State {
        case idle, signalled
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    package init() {}

    package func signal() {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            if case .waiting(let waiter) = state {
                state = .idle
                return waiter
            }
            state = .signalled
            return nil
        }
        waiter?.resume()
    }

    /// Waits for the next signal. One task at a time.
    /// - Throws: `CancellationError`, at once.
    package func wait() async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if case .signalled = state {
                        state = .idle
                        return true
                    }
                    state = .waiting(continuation)
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            signal()
        }
        try Task.checkCancellation()
    }
}

/// A value that comes once, from somewhere else.
package final class Reply<Value: Sendable>: Sendable {
    private enum State {
        case pending([CheckedContinuation<Value, any Error>])
        case done(Result<Value, any Error>)
    }

    private let state = Mutex(State.pending([]))

    package init() {}

    /// The first one counts.
    package func resolve(_ result: Result<Value, any Error>) {
        let waiters: [CheckedContinuation<Value, any Error>] = state.withLock { state in
            guard case .pending(let waiters) = state else { return [] }
            state = .done(result)
            return waiters
        }
        for waiter in waiters { waiter.resume(with: result) }
    }

    /// Waits, whether the task is cancelled or not.
    package func value() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let result: Result<Value, any Error>? = state.withLock { state in
                switch state {
                case .done(let result): return result
                case .pending(var waiters):
                    waiters.append(continuation)
                    state = .pending(waiters)
                    return nil
                }
            }
            if let result { continuation.resume(with: result) }
        }
    }

    /// Waits; the cancellation of the task settles the reply.
    package func cancellableValue() async throws -> Value {
        try await withTaskCancellationHandler {
            try await value()
        } onCancel: {
            resolve(.failure(CancellationError()))
        }
    }

    /// Waits no longer than `limit` of real time; nil after that, and after a failure.
    package func value(within limit: Duration) async -> Value? {
        let timer = Task {
            try? await Task.sleep(for: limit)
            resolve(.failure(CancellationError()))
        }
        defer { timer.cancel() }
        return try? await value()
    }
}
