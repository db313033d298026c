import StrictJSON
import Testing

struct ParserAcceptanceTests {
    @Test(
        arguments: [
            ("null", .null), ("true", true), ("false", false), (" \t\r\n1 \t\r\n", 1), ("\"\"", ""), ("[]", []),
            ("{}", [:]),
            ("[ ]", []), ("{ }", [:]), ("[1,2]", [1, 2]), ("[ 1 , [ ] , { } ]", [1, [], [:]]),
            (#"{"a":1,"b":{"a":[null]}}"#, ["a": 1, "b": ["a": [nil]]]), (#" { "a" : 1 , "" : 2 } "#, ["a": 1, "": 2]),
        ] as [(String, JSON)]) func structure(text: String, value: JSON) throws
    {
        #expect(try JSON(parsing: text) == value)
        #expect(try JSON(parsing: Array(text.utf8)) == value)
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u00E9\u20aC""#, "A\u{E9}\u{E9}\u{20AC}"),
        (#""\u0000""#, "\u{0}"),
        (#""\ud83d\ude00""#, "\u{1F600}"), (#""\uD83D\uDE00x""#, "\u{1F600}x"),
        (#""\ud800\udc00""#, "\u{10000}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
        (#""\ud7ff\ue000""#, "\u{D7FF}\u{E000}"), (#""\ufeff\uffff""#, "\u{FEFF}\u{FFFF}"),
        ("\"\u{7F}\u{80}\u{2028}\u{10FFFF}\"", "\u{7F}\u{80}\u{2028}\u{10FFFF}"),
        (#""é\n漢\t😀""#, "é\n漢\t😀"),
        // Half an escape and half a character: the two must not run together.
        (#""e\u0301""#, "e\u{301}"), ("\"\u{301}\"", "\u{301}"),
    ]) func strings(text: String, value: String) throws {
        let parsed = try #require(try JSON(parsing: text).stringValue)
        // By scalars: Swift's equality takes é and e with an accent for the same.
        #expect(Array(parsed.unicodeScalars) == Array(value.unicodeScalars))
    }

    @Test func membersKeepTheirOrder() throws {
        let object = try #require(try JSON(parsing: #"{"z":1,"a":2,"m":3}"#).objectValue)
        #expect(object.members.map(\.key) == ["z", "a", "m"])
    }

    @Test(arguments: [16, 17, 18, 1000]) func manyMembers(count: Int) throws {
        let text = "{" + (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let object = try #require(try JSON(parsing: text).objectValue)
        #expect(object.members.count == count)
        #expect(object["k\(count - 1)"] == .integer(Int64(count - 1)))
    }

    @Test func sameKeyInDifferentObjects() throws {
        #expect(try JSON(parsing: #"[{"a":{"a":1}},{"a":1}]"#) == [["a": ["a": 1]], ["a": 1]])
    }

    @Test func depthIsTheNestingAndNotTheCount() throws {
        let pair = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        #expect(throws: Never.self) { try JSON(parsing: "[\(pair),\(pair),{},{\"a\":[]},\(pair)]") }
        #expect(throws: Never.self) {
            try JSON(parsing: "[" + Array(repeating: "{}", count: 500).joined(separator: ",") + "]")
        }
    }

    @Test func bytesWithoutContiguousStorage() throws {
        let parts = [Array("[1".utf8), Array(",\"é\"]".utf8)]
        #expect(try JSON(parsing: Array(parts.joined()).lazy.map { $0 }) == [1, "é"])
        #expect(try JSON(parsing: Array(" [1] ".utf8)[1..<4]) == [1])
    }
}
