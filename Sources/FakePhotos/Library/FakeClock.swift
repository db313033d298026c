import Glibc
import Synchronization

/// The service's clock: the real one, moved on by tests.
final class FakeClock: Sendable {
    private let base: @Sendable () -> Int64
    private let offset = Mutex<Int64>(0)

    /// - Parameter base: seconds since 1970.
    init(_ base: @escaping @Sendable () -> Int64) { self.base = base }

    static let system: @Sendable () -> Int64 = { Int64(time(nil)) }

    var now: Int64 { base() + offset.withLock { $0 } }

    func advance(seconds: Int64) { offset.withLock { $0 += seconds } }
}
