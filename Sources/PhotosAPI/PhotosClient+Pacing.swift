import ConnectorKit

extension PhotosClient {
    /// Lets a request go when its turn has come.
    /// - Parameter waits: false for what is sent in the place of a request that had its turn.
    /// - Throws: ``ConnectorError`` with code `quota` where today has none left; `CancellationError`.
    func admit(_ kind: RequestKind, waits: Bool = true) async throws {
        if waits { try await pacer.turn(kind) } else { try pacer.count(kind) }
    }

    /// Notes a request that is being sent.
    func countRequest(_ kind: RequestKind) {
        count {
            switch kind {
            case .read, .write, .upload: $0.apiRequests += 1
            case .download: $0.downloads += 1
            case .picker, .pickerDownload: $0.pickerRequests += 1
            }
        }
    }

    /// Waits before what failed is sent again, or throws it where that cannot help.
    ///
    /// After a 429 nothing of its kind is sent for a while, by nobody. The daily quota ends all of its kind for the day.
    /// - Parameters:
    ///   - attempt: how often it was sent, from 1.
    ///   - start: when it was sent first.
    ///   - mayRepeat: false where it must not be sent again, whatever happened to it.
    func waitToRepeat(
        _ kind: RequestKind, after attempt: Int, since start: Timestamp? = nil, _ error: ConnectorError,
        mayRepeat: Bool = true
    ) async throws {
        if error == GoogleError.dailyQuota, let quota = kind.quota {
            pacer.exhaust(quota)
            let now = runtime.now()
            throw GoogleError.used(quota, on: QuotaDay(at: now), now: now)
        }
        let elapsed = start.map { runtime.now() - $0 } ?? .zero
        guard
            let delay = configuration.retry.delay(
                after: attempt, error: error, random: runtime.random(), elapsed: elapsed)
        else { throw error }
        // The wait itself is the next turn's.
        if error.code == .rateLimited, pacer.slowDown(kind, pause: delay) { onEvent(.waits(kind, delay)) }
        guard mayRepeat else { throw error }
        if error.code != .rateLimited, attempt >= Self.toldAttempt, mayTell() { onEvent(.retries(error, delay)) }
        count {
            $0.retries += 1
            $0.waited += delay
        }
        if error.code != .rateLimited { try await runtime.sleep(delay) }
    }

    /// A hiccup or two are nobody's business; a service that stays away for long is.
    private static var toldAttempt: Int { 3 }

    /// Whether half a minute has passed since the person was told the last time: many requests fail together.
    private func mayTell() -> Bool {
        let now = runtime.now().seconds
        return lastTold.withLock { last in
            guard now - last >= 30 else { return false }
            last = now
            return true
        }
    }
}
