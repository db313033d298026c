import ConnectorKit
import Testing

struct CivilDateTests {
    /// A whole cycle of the calendar, on both sides of the epoch and of year 0, day by day.
    @Test(arguments: [1800, -200]) func everyDayOfFourHundredYears(start: Int) {
        var date = CivilDate(year: start, month: 1, day: 1)
        let first = date.daysSinceEpoch
        var wrong: [CivilDate] = []
        for days in first..<first + 146_097 {
            if date.daysSinceEpoch != days || CivilDate(daysSinceEpoch: days) != date { wrong.append(date) }
            date.day += 1
            if date.day > CivilDate.daysIn(month: date.month, year: date.year) {
                date.day = 1
                date.month += 1
            }
            if date.month > 12 {
                date.month = 1
                date.year += 1
            }
        }
        #expect(wrong.isEmpty)
        #expect(date == CivilDate(year: start + 400, month: 1, day: 1))
    }

    @Test(arguments: [
        (1970, 1, 1, 0), (1969, 12, 31, -1), (2000, 3, 1, 11_017), (0, 3, 1, -719_468), (1, 1, 1, -719_162),
        (9999, 12, 31, 2_932_896),
    ]) func knownDays(year: Int, month: Int, day: Int, days: Int) {
        #expect(CivilDate(year: year, month: month, day: day).daysSinceEpoch == days)
        #expect(CivilDate(daysSinceEpoch: days) == CivilDate(year: year, month: month, day: day))
    }

    @Test func monthLengths() {
        func lengths(_ year: Int) -> [Int] { (1...12).map { CivilDate.daysIn(month: $0, year: year) } }
        #expect(lengths(2023) == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
        #expect([2024, 2000, 1900, 2100, 1600].map { lengths($0)[1] } == [29, 29, 28, 28, 29])
    }

    @Test func orders() {
        let order = [(1999, 12, 31), (2000, 1, 1), (2000, 1, 2), (2000, 2, 1), (2001, 1, 1)].map {
            CivilDate(year: $0.0, month: $0.1, day: $0.2)
        }
        #expect(order.shuffled().sorted() == order)
    }
}
