import ConnectorKit

/// How many requests of one kind may go in a second: as many as want to, until Google objects.
///
/// Google documents daily quotas alone; what it enforces by the minute is not known beforehand. So the limit is learnt: it
/// is half of what went when a 429 came, and grows by one percent for each second that it is used without another.
struct RateLimit: Sendable {
    /// Requests a second; nil while nobody objects.
    private(set) var rate: Double?
    private var nextSlot = Timestamp.epoch
    private var pauseEnd = Timestamp.epoch
    private var windowStart = Timestamp.epoch
    private var windowCount = 0.0

    /// Even a service that objects to everything is asked this often.
    private static let lowest = 1.0
    /// Above this a limit is none.
    private static let highest = 1000.0
    /// Seconds over which the true rate is taken.
    private static let window = 10.0

    enum Turn: Hashable {
        /// Now, or after that long: the slot is taken.
        case go(after: Duration)
        /// Ask again after that long.
        case paused(Duration)
    }

    mutating func turn(at now: Timestamp) -> Turn {
        if now < pauseEnd { return .paused(pauseEnd - now) }
        if windowCount == 0 || (now - windowStart) > .seconds(Self.window) {
            windowStart = now
            windowCount = 0
        }
        windowCount += 1
        guard let rate else { return .go(after: .zero) }
        let slot = max(now, nextSlot)
        nextSlot = slot.adding(nanoseconds: Int64(1e9 / rate))
        self.rate = rate > Self.highest ? nil : rate + 0.01
        return .go(after: slot - now)
    }

    func pause(at now: Timestamp) -> Duration? { now < pauseEnd ? pauseEnd - now : nil }

    /// Google objected. Those that were under way together object together, and count once.
    /// - Returns: whether this was the first of them.
    mutating func slowDown(at now: Timestamp, pause: Duration) -> Bool {
        let isFirst = now >= pauseEnd
        if isFirst {
            let observed = windowCount / max(1, (now - windowStart) / .seconds(1))
            rate = max(Self.lowest, min(rate ?? .infinity, observed) / 2)
            windowCount = 0
        }
        pauseEnd = max(pauseEnd, now.adding(pause))
        nextSlot = pauseEnd
        return isFirst
    }
}
