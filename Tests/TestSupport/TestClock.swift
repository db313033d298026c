import ConnectorKit
import Foundation
import Synchronization

/// A clock that moves when somebody sleeps, and at once.
public final class TestClock: Sendable {
    private let state: Mutex<(now: Timestamp, sleeps: [Duration])>
    /// What programs on this clock keep their state in; it goes with the clock.
    private let stateDirectory = FileManager.default.temporaryDirectory.path + "/gphotos-test-" + UUID().uuidString

    public init(_ start: Timestamp = Timestamp(seconds: 1_790_000_000)) { state = Mutex((start, [])) }

    deinit { try? FileManager.default.removeItem(atPath: stateDirectory) }

    public var now: Timestamp { state.withLock { $0.now } }

    /// How long was slept, each time.
    public var sleeps: [Duration] { state.withLock { $0.sleeps } }

    public func advance(_ duration: Duration) {
        state.withLock { $0.now = $0.now.adding(duration) }
    }

    /// A runtime on this clock. Chance is always in the middle.
    public func runtime(environment: [String: String] = [:]) -> Runtime {
        let environment = ["XDG_STATE_HOME": stateDirectory].merging(environment) { $1 }
        return Runtime(
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
