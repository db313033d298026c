import ConnectorKit

/// Where a day of the quotas begins. Google's begin at midnight in California, as far as anyone has seen.
public enum QuotaDay: String, Sendable, Hashable, CaseIterable {
    case pacific, utc

    /// The day that a moment belongs to, counted from 1970-01-01.
    /// - Parameter now: seconds since 1970.
    func number(of now: Int64) -> Int64 {
        let local = now + offset(at: now)
        return local >= 0 ? local / 86400 : (local - 86399) / 86400
    }

    /// When the next day begins, in seconds since 1970.
    func reset(after now: Int64) -> Int64 {
        let midnight = (number(of: now) + 1) * 86400
        // The clock is not changed before two in the morning, so one of its two offsets is right at midnight.
        let guess = midnight - offset(at: midnight)
        return midnight - offset(at: guess)
    }

    /// Seconds that the clock is ahead of UTC.
    private func offset(at now: Int64) -> Int64 {
        switch self {
        case .utc: 0
        case .pacific: Self.isSummer(now) ? -7 * 3600 : -8 * 3600
        }
    }

    /// Daylight saving time in the United States: from the second Sunday of March, 2:00, to the first Sunday of
    /// November, 2:00 of summer (Energy Policy Act of 2005, section 110). By rule, since containers often have no zones.
    private static func isSummer(_ now: Int64) -> Bool {
        let day = now >= 0 ? now / 86400 : (now - 86399) / 86400
        let year = CivilDate(daysSinceEpoch: Int(day)).year
        let start = sunday(number: 2, month: 3, year: year) * 86400 + 10 * 3600
        let end = sunday(number: 1, month: 11, year: year) * 86400 + 9 * 3600
        return now >= start && now < end
    }

    /// The day of a Sunday of a month, counted from 1970-01-01, which was a Thursday.
    private static func sunday(number: Int, month: Int, year: Int) -> Int64 {
        let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
        let weekday = ((first + 4) % 7 + 7) % 7
        return Int64(first + (7 - weekday) % 7 + 7 * (number - 1))
    }
}
