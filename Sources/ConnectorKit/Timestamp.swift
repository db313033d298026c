/// A moment in UTC with nanoseconds, as records carry it: RFC 3339, always ending in `Z`.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z.
    public var seconds: Int64
    /// 0...999,999,999.
    public var nanoseconds: Int32

    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The years 0000 to 9999: all that four digits can write.
    private static let writableSeconds: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    public static let epoch = Timestamp(seconds: 0)

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The moment so many seconds later.
    public func adding(seconds more: Int64) -> Timestamp {
        Timestamp(seconds: seconds + more, nanoseconds: nanoseconds)
    }

    /// The moment so much later, or earlier.
    public func adding(nanoseconds more: Int64) -> Timestamp {
        let sum = Int64(nanoseconds) + more
        let carry = sum.flooredQuotient(1_000_000_000)
        return Timestamp(seconds: seconds + carry, nanoseconds: Int32(sum - carry * 1_000_000_000))
    }

    /// The moment so much later, or earlier; to the nanosecond.
    public func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return adding(seconds: seconds).adding(nanoseconds: attoseconds / 1_000_000_000)
    }

    /// How long after another moment this one is.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .seconds(left.seconds - right.seconds) + .nanoseconds(Int64(left.nanoseconds) - Int64(right.nanoseconds))
    }

    /// Reads RFC 3339: a fraction of any length (cut at nanoseconds), `Z` or an offset.
    public init?(_ text: String) {
        var text = text
        guard let value = text.withUTF8({ Timestamp(bytes: $0) }) else { return nil }
        self = value
    }

    private init?(bytes: UnsafeBufferPointer<UInt8>) {
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for index in range {
                guard index < bytes.count, bytes[index] &- 48 < 10 else { return nil }
                value = value * 10 + Int64(bytes[index] - 48)
            }
            return value
        }
        func has(_ scalar: Unicode.Scalar, at index: Int) -> Bool {
            index < bytes.count && bytes[index] == scalar.value
        }
        guard let year = number(0..<4), has("-", at: 4), let month = number(5..<7), has("-", at: 7),
            let day = number(8..<10), has("T", at: 10) || has("t", at: 10) || has(" ", at: 10),
            let hour = number(11..<13), has(":", at: 13), let minute = number(14..<16), has(":", at: 16),
            let second = number(17..<19), (1...12).contains(month),
            (1...CivilDate.daysIn(month: Int(month), year: Int(year))).contains(Int(day)),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        var fraction: Int32 = 0
        if has(".", at: index) {
            index += 1
            var scale: Int32 = 100_000_000
            let start = index
            while index < bytes.count, bytes[index] &- 48 < 10 {
                fraction += Int32(bytes[index] - 48) * scale
                scale /= 10
                index += 1
            }
            if index == start { return nil }
        }
        var offset: Int64 = 0
        if has("Z", at: index) || has("z", at: index) {
            index += 1
        } else if has("+", at: index) || has("-", at: index) {
            guard let hours = number(index + 1..<index + 3), has(":", at: index + 3),
                let minutes = number(index + 4..<index + 6), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (has("-", at: index) ? -1 : 1)
            index += 6
        } else {
            return nil
        }
        if index != bytes.count { return nil }
        let days = CivilDate(year: Int(year), month: Int(month), day: Int(day)).daysSinceEpoch
        let moment = Int64(days) * 86400 + hour * 3600 + minute * 60 + second - offset
        guard Self.writableSeconds.contains(moment) else { return nil }
        self.init(seconds: moment, nanoseconds: fraction)
    }

    /// The day, in UTC.
    public var date: CivilDate { CivilDate(daysSinceEpoch: Int(seconds.flooredQuotient(86400))) }

    /// RFC 3339 with no more digits in the fraction than it needs.
    public var description: String {
        let date = date
        let second = Int(seconds - seconds.flooredQuotient(86400) * 86400)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(30)
        func pad(_ value: Int, _ width: Int) {
            var scale = 1
            for _ in 1..<width { scale *= 10 }
            while scale > 0 {
                bytes.append(UInt8(48 + value / scale % 10))
                scale /= 10
            }
        }
        func mark(_ scalar: Unicode.Scalar) { bytes.append(UInt8(scalar.value)) }
        pad(date.year, 4)
        mark("-")
        pad(date.month, 2)
        mark("-")
        pad(date.day, 2)
        mark("T")
        pad(second / 3600, 2)
        mark(":")
        pad(second / 60 % 60, 2)
        mark(":")
        pad(second % 60, 2)
        if nanoseconds > 0 {
            mark(".")
            pad(Int(nanoseconds), 9)
            while bytes.last == 48 { bytes.removeLast() }
        }
        mark("Z")
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A day of the proleptic Gregorian calendar.
public struct CivilDate: Sendable, Hashable, Comparable {
    public var year: Int
    public var month: Int
    public var day: Int

    public init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    public static func < (left: CivilDate, right: CivilDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    public static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01. After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
    public var daysSinceEpoch: Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146097 + dayOfEra - 719468
    }

    /// The inverse: `civil_from_days` of the same paper.
    public init(daysSinceEpoch days: Int) {
        let shifted = days + 719468
        let era = (shifted >= 0 ? shifted : shifted - 146096) / 146097
        let dayOfEra = shifted - era * 146097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        self.init(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
