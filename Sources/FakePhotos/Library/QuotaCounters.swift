/// How much of the day's quotas each project has used.
struct QuotaCounters: Sendable {
    private var day: Int64 = .min
    private var requests: [Int: Int] = [:]
    private var downloads: [Int: Int] = [:]

    private mutating func turnOver(to day: Int64) {
        if day == self.day { return }
        self.day = day
        requests = [:]
        downloads = [:]
    }

    /// Counts a call; false where the limit was reached before it.
    /// - Parameter day: the day's number, by ``QuotaDay``.
    mutating func takeRequest(client: Int, limit: Int?, day: Int64) -> Bool {
        turnOver(to: day)
        return Self.take(&requests[client, default: 0], limit)
    }

    mutating func takeDownload(client: Int, limit: Int?, day: Int64) -> Bool {
        turnOver(to: day)
        return Self.take(&downloads[client, default: 0], limit)
    }

    /// What a project has used of a day.
    func used(client: Int, day: Int64) -> (requests: Int, downloads: Int) {
        day == self.day ? (requests[client] ?? 0, downloads[client] ?? 0) : (0, 0)
    }

    private static func take(_ counter: inout Int, _ limit: Int?) -> Bool {
        if let limit, counter >= limit { return false }
        counter += 1
        return true
    }
}
