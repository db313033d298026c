import StrictJSON
import Testing

struct JSONValueTests {
    @Test(
        arguments: [
            ("0", 0), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("", nil), (" 1", nil), ("1 ", nil),
            ("1.0", nil),
            ("1e3", nil), ("0x1", nil), ("abc", nil), ("\u{661}", nil),
        ] as [(String, Int64?)]) func int64FromText(text: String, value: Int64?)
    {
        #expect(JSON.string(text).int64Value == value)
        #expect(JSON.string(text).integerValue == nil)
    }

    @Test func int64FromNumbers() {
        #expect(JSON.integer(.max).int64Value == .max)
        #expect(JSON.number(1e3).int64Value == 1000)
        #expect(JSON.number(-0.0).int64Value == 0)
        #expect(JSON.number(1.5).int64Value == nil)
        #expect(JSON.number(0x1p63).int64Value == nil)
        #expect(JSON.number(-0x1p63).int64Value == .min)
        for other in [JSON.null, true, ["1"], ["a": 1]] { #expect(other.int64Value == nil) }
    }

    @Test func eachViewFitsItsKindAlone() {
        let values: [JSON] = [nil, true, 1, 1.5, "a", [1], ["a": 1]]
        #expect(values.map(\.isNull) == [true, false, false, false, false, false, false])
        #expect(values.map(\.boolValue) == [nil, true, nil, nil, nil, nil, nil])
        #expect(values.map(\.integerValue) == [nil, nil, 1, nil, nil, nil, nil])
        #expect(values.map(\.doubleValue) == [nil, nil, 1, 1.5, nil, nil, nil])
        #expect(values.map(\.stringValue) == [nil, nil, nil, nil, "a", nil, nil])
        #expect(values.map(\.arrayValue) == [nil, nil, nil, nil, nil, [1], nil])
        #expect(values.map(\.objectValue) == [nil, nil, nil, nil, nil, nil, ["a": 1]])
        #expect(values.map { $0["a"] } == [nil, nil, nil, nil, nil, nil, 1])
    }

    @Test func settingMembers() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 3
        object["c"] = nil
        object["d"] = .null
        #expect(object == ["a": 3, "b": 2, "d": .null])
        object["b"] = nil
        #expect(object.members.map(\.key) == ["a", "d"])
        #expect(object["b"] == nil)
    }
}
