import Testing

@testable import StrictJSON

struct NumberTests {
    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("10", 10), ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ] as [(String, Int64)]) func integers(text: String, value: Int64) throws
    {
        #expect(try JSON(parsing: text) == .integer(value))
        #expect(try JSON(parsing: "[\(text)]") == [.integer(value)])
        #expect(try JSON(parsing: text).int64Value == value)
    }

    @Test(
        arguments: [
            ("0.0", 0), ("1.0", 1), ("0.1", 0.1), ("-1.5", -1.5), ("1e0", 1), ("1E+2", 100), ("1e-2", 0.01), ("0e9", 0),
            ("1.25e3", 1250), ("1e01", 10), ("9223372036854775808", 0x1p63), ("-9223372036854775809", -0x1p63),
            ("123456789012345678901234567890", 123_456_789_012_345_677_877_719_597_056),
            ("1.7976931348623157e308", .greatestFiniteMagnitude), ("5e-324", .leastNonzeroMagnitude),
        ] as [(String, Double)]) func numbers(text: String, value: Double) throws
    {
        #expect(try JSON(parsing: text) == .number(value))
    }

    @Test func negativeZeroKeepsItsSignAsANumber() throws {
        let number = try #require(try JSON(parsing: "-0.0").doubleValue)
        #expect(number == 0)
        #expect(number.sign == .minus)
    }

    @Test(arguments: [
        ("+1", "an unexpected character", 0), (".5", "an unexpected character", 0),
        ("-", "a number without digits", 1), ("-a", "a number without digits", 1),
        ("-.5", "a number without digits", 1),
        ("--1", "a number without digits", 1), ("01", "a number with a leading zero", 2),
        ("-01", "a number with a leading zero", 3), ("00", "a number with a leading zero", 2),
        ("00.5", "a number with a leading zero", 2), ("1.", "a fraction without digits", 2),
        ("1.e5", "a fraction without digits", 2), ("[1.]", "a fraction without digits", 3),
        ("1e", "an exponent without digits", 2), ("1e+", "an exponent without digits", 3),
        ("1E-", "an exponent without digits", 3), ("1e.5", "an exponent without digits", 2),
        ("1.5.5", "more text after the value", 3), ("0x10", "more text after the value", 1),
        ("1_000", "more text after the value", 1), ("1f", "more text after the value", 1),
        ("1e400", "a number out of range", 5), ("-1e400", "a number out of range", 6),
        ("\u{661}", "an unexpected character", 0),
    ]) func refused(text: String, reason: String, offset: Int) throws {
        #expect(try JSONError.of(text) == JSONError(reason: reason, offset: offset))
    }

    @Test func manyDigits() throws {
        #expect(try JSONError.of("1" + String(repeating: "0", count: 400)).reason == "a number out of range")
        let small = try JSON(parsing: "0." + String(repeating: "0", count: 100_000) + "1")
        #expect(small == .number(0))
        let third = try JSON(parsing: "0." + String(repeating: "3", count: 100_000))
        #expect(third == .number(1.0 / 3.0))
    }
}
