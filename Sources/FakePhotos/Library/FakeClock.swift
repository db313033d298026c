import Glibc
import Synchronization

/// The service's clock: the real one, moved on by tests.
final class FakeClock: Sendable {
    /// Milliseconds since 1970.
    private let base: @Sendable () -> Int64
    private let offset = Mutex<Int64>(0)

    /// - Parameter seconds: since 1970; nil for the real time.
    init(_ seconds: (@Sendable () -> Int64)?) {
        if let seconds { base = { seconds() * 1000 } } else { base = Self.system }
    }

    private static let system: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Seconds since 1970.
    var now: Int64 { milliseconds / 1000 }

    /// Milliseconds since 1970.
    var milliseconds: Int64 { base() + offset.withLock { $0 } }

    func advance(seconds: Int64) { offset.withLock { $0 += seconds * 1000 } }
}
