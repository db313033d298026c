import ConnectorKit
import Synchronization

/// A clock that moves when somebody sleeps, and at once.
public final class TestClock: Sendable {
    private let state: Mutex<(now: Timestamp, sleeps: [Duration])>

    public init(_ start: Timestamp = Timestamp(seconds: 1_790_000_000)) { state = Mutex((start, [])) }

    public var now: Timestamp { state.withLock { $0.now } }

    /// How long was slept, each time.
    public var sleeps: [Duration] { state.withLock { $0.sleeps } }

    public func advance(_ duration: Duration) {
        state.withLock { $0.now = $0.now.adding(seconds: duration.components.seconds) }
    }

    /// A runtime on this clock. Chance is always in the middle.
    public func runtime(environment: [String: String] = [:]) -> Runtime {
        Runtime(
            now: { self.now },
            sleep: { duration in
                try Task.checkCancellation()
                self.state.withLock { $0.sleeps.append(duration) }
                self.advance(duration)
                await Task.yield()
            },
            random: { 0.5 }, environment: environment)
    }
}
