import Foundation

/// Everything that comes from outside a connector and is not the network: the clock, chance, the environment.
///
/// Injected, so that a test of a retry after 30 seconds takes none.
public struct Runtime: Sendable {
    public var now: @Sendable () -> Timestamp
    /// Waits, or throws `CancellationError`.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// A number in 0..<1.
    public var random: @Sendable () -> Double
    public var environment: [String: String]

    public init(
        now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double, environment: [String: String]
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
        self.environment = environment
    }

    public static let live = Runtime(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
        },
        sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0..<1) },
        environment: ProcessInfo.processInfo.environment)
}
