import Synchronization

/// Who wants to know that something has happened.
final class Watchers: Sendable {
    private struct State {
        var last = 0
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    /// A value at once, and one whenever something has happened since the last was taken.
    func stream() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.last += 1
            state.watchers[state.last] = continuation
            return state.last
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.watchers.removeValue(forKey: number) }
        }
        continuation.yield()
        return stream
    }

    func tell() {
        for watcher in state.withLock({ Array($0.watchers.values) }) { watcher.yield() }
    }
}

extension FakeLibrary {
    /// Waits until a condition is true, which is looked at whenever a request comes, is befallen by a fault, or is over.
    /// - Returns: false where the task was cancelled before.
    @discardableResult
    public func wait(until isTrue: @Sendable () -> Bool) async -> Bool {
        for await _ in watchers.stream() where isTrue() { return true }
        return false
    }
}
