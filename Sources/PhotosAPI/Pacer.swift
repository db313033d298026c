import ConnectorKit
import Synchronization

/// Says when a request may go: not while Google asks for a pause, not faster than it takes them, and not beyond what a day
/// allows.
final class Pacer: Sendable {
    private struct State {
        var limits: [RequestKind: RateLimit] = [:]
        /// Reserved in the ledger, and not used yet.
        var allotments: [DailyQuota: Allotment] = [:]
        /// Google itself said that a day is over.
        var exhausted: [DailyQuota: QuotaDay] = [:]
        /// When the bytes that have passed would have passed at the rate that is allowed.
        var bytesDue = Timestamp.epoch
    }

    private struct Allotment {
        var day: QuotaDay
        var count: Int
    }

    private let ledger: any RequestLedger
    /// Bytes a second, of all transfers together; nil for as many as there are.
    private let bandwidth: Int?
    private let runtime: Runtime
    private let state = Mutex(State())

    init(ledger: any RequestLedger, bandwidth: Int? = nil, runtime: Runtime) {
        self.ledger = ledger
        self.bandwidth = bandwidth
        self.runtime = runtime
    }

    /// Counts a request that goes at once, because one that had its turn came to nothing.
    func count(_ kind: RequestKind) throws {
        guard let quota = kind.quota else { return }
        try state.withLock { try spend(quota, at: runtime.now(), &$0) }
    }

    /// Returns when a request may be sent.
    func turn(_ kind: RequestKind) async throws {
        while true {
            let now = runtime.now()
            let turn = try state.withLock { state in
                if let quota = kind.quota { try spend(quota, at: now, &state) }
                let turn = state.limits[kind, default: RateLimit()].turn(at: now)
                // Not sent yet.
                if case .paused = turn, let quota = kind.quota { state.allotments[quota]?.count += 1 }
                return turn
            }
            switch turn {
            case .paused(let pause): try await runtime.sleep(pause)
            case .go(.zero): return
            case .go(let delay):
                try await runtime.sleep(delay)
                // Google may have asked for a pause since.
                while let pause = state.withLock({ $0.limits[kind]?.pause(at: runtime.now()) }) {
                    try await runtime.sleep(pause)
                }
                return
            }
        }
    }

    private func spend(_ quota: DailyQuota, at now: Timestamp, _ state: inout State) throws {
        let day = QuotaDay(at: now)
        if state.exhausted[quota] == day { throw GoogleError.used(quota, on: day, now: now) }
        if let allotment = state.allotments[quota], allotment.day == day, allotment.count > 0 {
            state.allotments[quota]?.count -= 1
            return
        }
        let count = try ledger.reserve(quota, on: day)
        if count == 0 { throw GoogleError.spent(quota, on: day, now: now) }
        state.allotments[quota] = Allotment(day: day, count: count - 1)
    }

    /// Waits until so many bytes, which have just passed, may have passed.
    func passed(bytes count: Int) async throws {
        guard let bandwidth, count > 0 else { return }
        let wait = state.withLock { state in
            let now = runtime.now()
            state.bytesDue = max(state.bytesDue, now).adding(
                nanoseconds: Int64(Double(count) / Double(bandwidth) * 1e9))
            return state.bytesDue - now
        }
        try await runtime.sleep(wait)
    }

    /// Nothing of this kind is sent for so long, and half as fast afterwards.
    /// - Returns: whether nobody had asked for this pause yet.
    func slowDown(_ kind: RequestKind, pause: Duration) -> Bool {
        state.withLock { $0.limits[kind, default: RateLimit()].slowDown(at: runtime.now(), pause: pause) }
    }

    /// Google said that today has no more. This process asks no more; the next one asks once, since the quota can be
    /// raised at any time and only Google knows.
    func exhaust(_ quota: DailyQuota) {
        let day = QuotaDay(at: runtime.now())
        state.withLock { $0.exhausted[quota] = day }
    }

    /// What today has left, as far as is known; nil where nobody counts.
    func left(_ quota: DailyQuota) -> Int? {
        let day = QuotaDay(at: runtime.now())
        return state.withLock { state in
            if state.exhausted[quota] == day { return 0 }
            guard let rest = try? ledger.left(quota, on: day) else { return nil }
            let allotment = state.allotments[quota]
            return rest + (allotment?.day == day ? allotment?.count ?? 0 : 0)
        }
    }

    /// Gives back what was reserved and not used.
    func close() {
        let allotments = state.withLock { state in
            defer { state.allotments = [:] }
            return state.allotments
        }
        for (quota, allotment) in allotments where allotment.count > 0 {
            try? ledger.giveBack(allotment.count, of: quota, on: allotment.day)
        }
    }
}
