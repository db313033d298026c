import ConnectorKit

extension GoogleError {
    /// The answer 429 that means the whole day, before it is said when that ends.
    static let dailyQuota = ConnectorError(.quota, "the daily quota of this Google Cloud project is used up")

    /// Google itself has said so.
    static func used(_ quota: DailyQuota, on day: QuotaDay, now: Timestamp) -> ConnectorError {
        ConnectorError(
            .quota, "the daily quota of \(quota.rawValue) of this Google Cloud project is used up",
            hint: "\(refilled(day, now)); run it again then, and it goes on where it stopped")
    }

    /// By our own count, which keeps what others who use the project may need.
    static func spent(_ quota: DailyQuota, on day: QuotaDay, now: Timestamp) -> ConnectorError {
        ConnectorError(
            .quota, "today's \(quota.rawValue) are used up, as many as the setting daily_\(quota.rawValue) allows",
            hint: "\(refilled(day, now)); run it again then, and it goes on where it stopped")
    }

    private static func refilled(_ day: QuotaDay, _ now: Timestamp) -> String {
        let minutes = max(1, (day.end.seconds - now.seconds + 59) / 60)
        let time = day.end.description.replacing("T", with: " ").replacing(":00Z", with: " UTC")
        return "it is refilled at midnight Pacific time: \(time), in \(minutes / 60) h \(minutes % 60) min"
    }
}
