import ConnectorKit
import Foundation
import SeededRandom
import Testing

struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1), ("2000-02-29T12:00:00Z", 951_825_600),
            ("2001-09-09T01:46:40Z", 1_000_000_000), ("2038-01-19T03:14:08Z", 2_147_483_648),
            ("1901-12-13T20:45:52Z", -2_147_483_648), ("0001-01-01T00:00:00Z", -62_135_596_800),
            ("9999-12-31T23:59:59Z", 253_402_300_799), ("1582-10-15T00:00:00Z", -12_219_292_800),
        ] as [(String, Int64)]) func knownMoments(text: String, seconds: Int64)
    {
        #expect(Timestamp(text) == Timestamp(seconds: seconds))
        #expect(Timestamp(seconds: seconds).description == text)
    }

    /// The examples of RFC 3339, 5.8, and other forms of one moment.
    @Test(arguments: [
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.52Z"), ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z"),
        ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z"), ("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.87Z"),
        ("2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00Z"),
        ("2023-12-31T23:30:00-01:00", "2024-01-01T00:30:00Z"), ("2024-01-01t00:00:00z", "2024-01-01T00:00:00Z"),
        ("2024-01-01 00:00:00Z", "2024-01-01T00:00:00Z"), ("2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00+23:59", "2023-12-31T00:01:00Z"),
        ("1970-01-01T00:00:00.5+00:01", "1969-12-31T23:59:00.5Z"),
    ]) func otherForms(text: String, written: String) {
        #expect(Timestamp(text)?.description == written)
    }

    @Test(
        arguments: [
            (".1", 100_000_000, ".1"), (".000000001", 1, ".000000001"), (".999999999", 999_999_999, ".999999999"),
            (".120", 120_000_000, ".12"), (".0", 0, ""), (".000000000", 0, ""),
            (".1234567891", 123_456_789, ".123456789"),
            (".9999999999", 999_999_999, ".999999999"), (".0000000009", 0, ""),
            ("." + String(repeating: "3", count: 300), 333_333_333, ".333333333"),
        ] as [(String, Int32, String)]) func fractions(fraction: String, nanoseconds: Int32, written: String) throws
    {
        // Before 1970 the fraction counts forward as well.
        for start in ["2024-01-02T03:04:05", "1969-12-31T23:59:59", "0001-01-01T00:00:00"] {
            let moment = try #require(Timestamp(start + fraction + "Z"))
            #expect(moment.nanoseconds == nanoseconds)
            #expect(moment.seconds == Timestamp(start + "Z")?.seconds)
            #expect(moment.description == start + written + "Z")
        }
    }

    @Test func writtenAndRead() {
        var generator = SeededRandom(seed: 7)
        for round in 0..<20_000 {
            let moment = Timestamp(
                seconds: Int64.random(in: -62_135_596_800...253_402_300_799, using: &generator),
                nanoseconds: [0, 1, 500_000_000, 999_999_999, Int32.random(in: 0...999_999_999, using: &generator)]
                    .randomElement(using: &generator) ?? 0)
            #expect(Timestamp(moment.description) == moment, "seed 7, round \(round)")
        }
    }

    /// Order of text is order of time where there is no fraction.
    @Test func orders() {
        var generator = SeededRandom(seed: 8)
        for round in 0..<5000 {
            func moment() -> Timestamp {
                Timestamp(seconds: Int64.random(in: -62_135_596_800...253_402_300_799, using: &generator))
            }
            let (left, right) = (moment(), moment())
            #expect((left < right) == (left.description < right.description), "seed 8, round \(round)")
        }
        #expect(Timestamp(seconds: -1, nanoseconds: 999_999_999) < .epoch)
        #expect(Timestamp(seconds: 1, nanoseconds: 1) < Timestamp(seconds: 1, nanoseconds: 2))
        #expect(!(Timestamp.epoch < .epoch))
    }

    /// From 1600 on, before which Foundation's calendar may be the Julian one.
    @Test func asFoundationWritesIt() {
        let formatter = ISO8601DateFormatter()
        var generator = SeededRandom(seed: 9)
        for round in 0..<500 {
            let seconds = Int64.random(in: -11_676_096_000...253_402_300_799, using: &generator)
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(Timestamp(seconds: seconds).description == text, "seed 9, round \(round)")
            #expect(Timestamp(text)?.seconds == seconds, "seed 9, round \(round)")
        }
    }

    @Test(arguments: [
        "", "2024", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00Z", "24-01-01T00:00:00Z",
        "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z",
        "2024-04-31T00:00:00Z", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00.5", "2024-01-01T00:00:00.5.5Z",
        "2024-01-01T00:00:00+0100", "2024-01-01T00:00:00+01", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+00:60",
        "2024-01-01T00:00:00+1:00", "2024-01-01T00:00:00 +01:00", "2024-01-01T00:00:00ZZ", "2024-01-01T00:00:00Z ",
        " 2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z\u{0}", "2024/01/01T00:00:00Z", "2024-01-01_00:00:00Z",
        "2024-1-01T00:00:00Z", "+2024-01-01T00:00:00Z", "-024-01-01T00:00:00Z", "12024-01-01T00:00:00Z",
        "2024-01-01T00:00:0\u{661}Z", "2024-01-01T00-00-00Z", "2024-01-01T00:00:00\u{2212}01:00", "now",
    ]) func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func cutTexts() {
        let text = "2024-01-01T00:00:00.25+01:00"
        for count in 0..<text.count { #expect(Timestamp(String(text.prefix(count))) == nil, "\(count)") }
    }

    @Test func leapDays() {
        #expect(Timestamp("2000-02-29T00:00:00Z") != nil)
        #expect(Timestamp("2024-02-29T23:59:60Z")?.description == "2024-03-01T00:00:00Z")
    }

    @Test func laterAndDate() {
        let moment = Timestamp(seconds: -1, nanoseconds: 5)
        #expect(moment.adding(seconds: 2) == Timestamp(seconds: 1, nanoseconds: 5))
        #expect(moment.date == CivilDate(year: 1969, month: 12, day: 31))
        #expect(Timestamp.epoch.date == CivilDate(year: 1970, month: 1, day: 1))
        #expect(Timestamp(seconds: -86400).date == CivilDate(year: 1969, month: 12, day: 31))
        #expect(Timestamp(seconds: -86401).date == CivilDate(year: 1969, month: 12, day: 30))
        #expect(Timestamp(seconds: 86399).date == CivilDate(year: 1970, month: 1, day: 1))
    }

    /// An offset or a leap second can move a year out of the four digits that it is written with.
    @Test(arguments: ["9999-12-31T23:59:59-01:00", "9999-12-31T23:59:60Z", "0000-01-01T00:00:00+01:00"])
    func yearsThatCannotBeWritten(text: String) {
        #expect(Timestamp(text) == nil)
    }
}
