/// How much of the daily quotas each project has used. Days change at midnight UTC of the service's clock; Google's
/// change at midnight in California.
struct QuotaCounters: Sendable {
    private var day: Int64 = 0
    private var requests: [Int: Int] = [:]
    private var downloads: [Int: Int] = [:]

    private mutating func turnOver(now: Int64) {
        if now / 86400 != day {
            day = now / 86400
            requests = [:]
            downloads = [:]
        }
    }

    /// Counts a call; false where the limit was reached before it.
    mutating func takeRequest(client: Int, limit: Int?, now: Int64) -> Bool {
        turnOver(now: now)
        return Self.take(&requests[client, default: 0], limit)
    }

    mutating func takeDownload(client: Int, limit: Int?, now: Int64) -> Bool {
        turnOver(now: now)
        return Self.take(&downloads[client, default: 0], limit)
    }

    private static func take(_ counter: inout Int, _ limit: Int?) -> Bool {
        if let limit, counter >= limit { return false }
        counter += 1
        return true
    }
}
