import StrictJSON
import Testing

struct ParserRefusalTests {
    /// What is refused, with the reason and the byte it is given for.
    @Test(arguments: [
        ("", "the text ends early", 0), (" \n", "the text ends early", 2), ("[", "the text ends early", 1),
        ("[1", "the text ends early", 2), ("[1,", "the text ends early", 3), ("{", "a missing key", 1),
        ("tru", "the text ends early", 0), ("\"ab", "the text ends within a string", 3),
        (#""\"#, "the text ends within a string", 2), (#""\u12"#, "the text ends within a string", 3),
        ("1 2", "more text after the value", 2), ("{}}", "more text after the value", 2),
        ("nullx", "more text after the value", 4), ("1\u{0}", "more text after the value", 1),
        ("1\u{A0}", "more text after the value", 1), ("[1]//", "more text after the value", 3),
        ("[1,]", "an unexpected character", 3), ("[,1]", "an unexpected character", 1),
        ("[1,,2]", "an unexpected character", 3), (#"{"a":1,}"#, "a missing key", 7),
        (#"{,"a":1}"#, "a missing key", 1), ("{a:1}", "a missing key", 1), ("{'a':1}", "a missing key", 1),
        ("{1:1}", "a missing key", 1), (#"{"a"}"#, "a missing colon", 4), (#"{"a" 1}"#, "a missing colon", 5),
        (#"{"a":}"#, "an unexpected character", 5), (#"{"a":1 "b":2}"#, "a missing comma", 7),
        ("[1 2]", "a missing comma", 3), ("[1}", "a missing comma", 2), (#"{"a":1]"#, "a missing comma", 6),
        ("]", "an unexpected character", 0), ("'a'", "an unexpected character", 0),
        ("/**/1", "an unexpected character", 0),
        ("\u{B}1", "an unexpected character", 0), ("\u{C}1", "an unexpected character", 0),
        ("NaN", "an unexpected character", 0), ("Infinity", "an unexpected character", 0),
        ("-Infinity", "a number without digits", 1), ("inf", "an unexpected character", 0),
        ("nan ", "an unknown word", 0), ("True", "an unexpected character", 0), ("nulL", "an unknown word", 0),
        (#""\x41""#, "an unknown escape", 3), (#""\'""#, "an unknown escape", 3),
        (#""\U0041""#, "an unknown escape", 3),
        (#""\u00g0""#, "a bad hexadecimal digit", 5), (#""\u+041""#, "a bad hexadecimal digit", 3),
    ]) func reasonAndOffset(text: String, reason: String, offset: Int) throws {
        let error = try #require(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error.reason == reason)
        #expect(error.offset == offset)
        #expect(error.description == "\(reason) at byte \(offset)")
    }

    @Test func byteOrderMarks() throws {
        let error = try #require(throws: JSONError.self) { try JSON(parsing: [0xEF, 0xBB, 0xBF, 0x31]) }
        #expect(error == (try JSONError.of("\u{FEFF}1")))
        #expect(error.reason == "a byte order mark")
        #expect(error.offset == 0)
        #expect(throws: JSONError.self) { try JSON(parsing: [0xEF, 0xBB, 0xBF]) }
        #expect(throws: JSONError.self) { try JSON(parsing: [0xFE, 0xFF, 0x00, 0x31]) }
        #expect(throws: JSONError.self) { try JSON(parsing: [0xFF, 0xFE, 0x31, 0x00]) }
        #expect(try JSONError.of(" \u{FEFF}1").reason == "an unexpected character")
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC3], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
            [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC3, 0x28], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]]) func invalidUTF8(bad: [UInt8]) throws
    {
        let quote = UInt8(ascii: "\"")
        let before = Array(#"["ok",""#.utf8)
        // Alone, before an escape, after one, and as a key.
        let around: [([UInt8], [UInt8])] = [
            ([quote], [quote]), ([quote], Array(#"\n""#.utf8)), (Array(#""\n"#.utf8), [quote]),
            (Array(#""\n"#.utf8), Array(#"\n""#.utf8)), (Array(#"{""#.utf8), Array(#"":1}"#.utf8)),
            (before, Array(#""]"#.utf8)),
        ]
        for (prefix, suffix) in around {
            let error = try #require(throws: JSONError.self) { try JSON(parsing: prefix + bad + suffix) }
            #expect(error.reason == "invalid UTF-8")
            #expect((0...prefix.count).contains(error.offset))
        }
        #expect(throws: JSONError.self, "outside of a string") { try JSON(parsing: Array("[1]".utf8) + bad) }
    }

    @Test(arguments: [
        #""\ud800""#, #""\udbff""#, #""\udc00""#, #""\udfff""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\u0041""#,
        #""\ud800\ud800""#, #""\udc00\ud800""#, #""\udc00\udc00""#, #""\ud83d\ude00\ude00""#, #""\ud83d\\ude00""#,
        #""x\ud83d""#,
    ]) func loneSurrogates(text: String) throws {
        #expect(try JSONError.of(text).reason == "a lone surrogate")
        #expect(try JSONError.of("{\(text):1}").reason == "a lone surrogate")
    }

    @Test(arguments: 0..<UInt8(0x20)) func controlCharacters(byte: UInt8) throws {
        for prefix in [#"""#, #""ab"#, #""\n"#, #""\nab"#, #"{""#] {
            let bytes = Array(prefix.utf8) + [byte] + Array("\"".utf8)
            let error = try #require(throws: JSONError.self) { try JSON(parsing: bytes) }
            #expect(error == JSONError.controlCharacter(at: prefix.utf8.count))
        }
    }

    @Test(arguments: [2, 16, 17, 18, 300]) func keyTwice(count: Int) throws {
        // The last key is once more each of: the first one, its predecessor, and one of the middle.
        for repeated in Set([0, count - 2, count / 2]) where repeated < count - 1 {
            let keys = (0..<count - 1).map { "k\($0)" } + ["k\(repeated)"]
            let text = "{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
            #expect(try JSONError.of(text).reason == "a key twice in one object")
        }
    }

    @Test(arguments: [
        #"{"a":1,"\u0061":2}"#, #"{"":1,"":2}"#, #"[[{"x":{"a":null,"a":null}}]]"#, #"{"a":{},"a":{}}"#,
    ]) func keyTwiceHoweverWritten(text: String) throws {
        #expect(try JSONError.of(text).reason == "a key twice in one object")
    }

    @Test func depthLimit() throws {
        func arrays(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        func objects(_ count: Int) -> String {
            String(repeating: #"{"a":"#, count: count) + "1" + String(repeating: "}", count: count)
        }
        #expect(JSON.depthLimit == 64)
        #expect(throws: Never.self) { try JSON(parsing: arrays(64)) }
        #expect(throws: Never.self) { try JSON(parsing: objects(64)) }
        #expect(try JSONError.of(arrays(65)) == JSONError.tooDeep(at: 64))
        #expect(try JSONError.of(objects(65)) == JSONError.tooDeep(at: 64 * 5))
        #expect(try JSONError.of(objects(40).replacing("1", with: arrays(25))).reason == "more than 64 levels")
        // Without an end: it must not cost the stack.
        #expect(try JSONError.of(String(repeating: "[", count: 1_000_000)) == JSONError.tooDeep(at: 64))
    }

    @Test(arguments: [
        #"{"SECRET":"SECRET","SECRET":1}"#, "SECRET", #""SECRET"#, #"{"a":"SECRET" "b"}"#, #"["SECRET\x"]"#,
        #"["SECRET\ud800"]"#, "[SECRET]", "{SECRET:1}", #"{"SECRET"}"#, "nullSECRET", "\"SECRET\u{1}\"", "-SECRET",
        #""\uSECRET""#,
    ]) func errorsHoldNothingOfTheText(text: String) throws {
        let error = try JSONError.of(text)
        #expect(!"\(error)\(String(reflecting: error))".contains("SEC"))
        #expect(JSONError.knownReasons.contains(error.reason))
    }
}
