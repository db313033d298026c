import ConnectorKit

/// When a request is sent again, and after how long.
///
/// Google's advice: exponential back-off from one second for 5xx, at least 30 seconds after a 429; nothing else is
/// repeated. <https://developers.google.com/photos/overview/best-practices#retrying-failed-requests>
public struct RetryPolicy: Sendable {
    /// How often one request is sent at most.
    public var attempts: Int
    /// The first wait, doubled each time.
    public var firstDelay: Duration
    public var longestDelay: Duration
    /// The wait after a 429 that names none.
    public var rateLimitDelay: Duration
    /// A service that asks for more patience than this is told of as an error; nobody watches a program that sleeps.
    public var longestRetryAfter: Duration = .seconds(300)
    /// How long the attempts at one request may take together; nil for as long as they take.
    public var patience: Duration?

    public init(
        attempts: Int = 6, firstDelay: Duration = .seconds(1), longestDelay: Duration = .seconds(32),
        rateLimitDelay: Duration = .seconds(30)
    ) {
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.rateLimitDelay = rateLimitDelay
    }

    /// The wait before the attempt after attempt number `attempt` (from 1), for what failed with `error`; nil to give
    /// up.
    ///
    /// For the defaults and a `random` of 0.5: 1 s, 2 s, 4 s, 8 s, 16 s, then nil. `random` in 0..<1 spreads the wait
    /// between half of it and one and a half, so that parallel transfers do not come back together.
    /// - Parameter elapsed: since the first attempt began.
    func delay(
        after attempt: Int, error: ConnectorError, random: Double, elapsed: Duration = .zero
    ) -> Duration? {
        guard let delay = delay(after: attempt, error: error, random: random) else { return nil }
        if let patience, elapsed + delay > patience { return nil }
        return delay
    }

    private func delay(after attempt: Int, error: ConnectorError, random: Double) -> Duration? {
        guard error.isRetryable, attempt < attempts else { return nil }
        // Capped before it is scaled: 2^62 seconds do not fit a Duration.
        let doubled = attempt > 10 ? longestDelay : min(longestDelay, firstDelay * (1 << (attempt - 1)))
        let backoff = doubled * (0.5 + random)
        if let seconds = error.retryAfter {
            return .seconds(seconds) > longestRetryAfter ? nil : max(.seconds(seconds), backoff)
        }
        return error.code == .rateLimited ? max(rateLimitDelay, backoff) : backoff
    }
}

extension PhotosClient {
    /// The wait before another attempt at what failed after all its own retries; nil to give up.
    public func retryDelay(after attempt: Int, error: ConnectorError) -> Duration? {
        configuration.retry.delay(after: attempt, error: error, random: runtime.random())
    }
}
