import ConnectorKit

/// A day of Google's quotas: from midnight to midnight in California.
///
/// <https://developers.google.com/photos/overview/api-limits-quotas>; that it ends at midnight Pacific time is what
/// Google's quota pages say of all its APIs. The rule of daylight saving time is the one in force since 2007 (Energy
/// Policy Act of 2005, section 110): computed here, since a small machine may have no time zone database.
public struct QuotaDay: Sendable, Hashable {
    /// The date in California.
    public let date: CivilDate

    /// The day that a moment belongs to.
    public init(at moment: Timestamp) {
        date = moment.adding(seconds: -Self.offset(at: moment)).date
    }

    /// When the next day begins, and everything is refilled.
    public var end: Timestamp {
        let midnight = Timestamp(seconds: (Int64(date.daysSinceEpoch) + 1) * 86400)
        // Midnight is never skipped or repeated: the clocks change at two o'clock.
        let standard = midnight.adding(seconds: Self.standardOffset)
        return Self.offset(at: standard) == Self.standardOffset
            ? standard : midnight.adding(seconds: Self.standardOffset - 3600)
    }

    /// Seconds that California is behind UTC.
    private static let standardOffset: Int64 = 8 * 3600

    private static func offset(at moment: Timestamp) -> Int64 {
        let year = moment.adding(seconds: -standardOffset).date.year
        // Two o'clock standard time, and two o'clock daylight saving time.
        let start = Int64(sunday(2, ofMonth: 3, year)) * 86400 + 10 * 3600
        let end = Int64(sunday(1, ofMonth: 11, year)) * 86400 + 9 * 3600
        return (start..<end).contains(moment.seconds) ? standardOffset - 3600 : standardOffset
    }

    /// Days since the epoch.
    private static func sunday(_ number: Int, ofMonth month: Int, _ year: Int) -> Int {
        let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
        // Day 0 was a Thursday.
        return first + (10 - first % 7) % 7 + (number - 1) * 7
    }
}
