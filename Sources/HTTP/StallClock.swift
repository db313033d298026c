/// Tells a transfer that stands still from one that is made to wait.
///
/// libcurl's own CURLOPT_LOW_SPEED_TIME counts in seconds, and leaves out a paused download but not a paused upload.
struct StallClock {
    /// Set once there is a connection: until then the connect timeout rules, and waiting for one that is free is no
    /// fault of the server.
    var isRunning = false
    private var lastMoved: Int64 = -1
    private var lastChange: SuspendingClock.Instant?

    /// - Parameter moved: bytes so far, in both directions.
    mutating func hasStalled(
        for limit: Duration, moved: Int64, isHeldByUs: Bool, now: SuspendingClock.Instant
    ) -> Bool {
        guard isRunning, !isHeldByUs, moved == lastMoved, let lastChange else {
            lastMoved = moved
            lastChange = now
            return false
        }
        return now - lastChange >= limit
    }
}
