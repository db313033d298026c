import Testing

@testable import RcloneConfig

/// The dialect of unknwon/goconfig, one rule a case.
struct GrammarTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: String
        let text: String
        let sections: [String: [String: String]]

        var testDescription: String { rule }

        init(_ rule: String, _ text: String, _ sections: [String: [String: String]]) {
            self.rule = rule
            self.text = text
            self.sections = sections
        }
    }

    static let cases: [Case] = [
        Case("a setting", "[a]\ntype = drive\n", ["a": ["type": "drive"]]),
        Case("no line feed at the end", "[a]\ntype = drive", ["a": ["type": "drive"]]),
        Case("no blanks around the delimiter", "[a]\nk=v\n", ["a": ["k": "v"]]),
        Case("white space around everything", "  [ a b ]\t\n\t k \t=  v w \u{A0}\n", ["a b": ["k": "v w"]]),
        Case("CRLF", "[a]\r\nk = v\r\n\r\n[b]\r\nk = w\r\n", ["a": ["k": "v"], "b": ["k": "w"]]),
        Case("whole-line comments", "# one\n[a]\n  ; two = 2\nk = v\n#k = w", ["a": ["k": "v"]]),
        Case("no comments within lines", "[a]\nk = v # c\nl = v ; c\n", ["a": ["k": "v # c", "l": "v ; c"]]),
        Case("a colon delimits", "[a]\nk: v = w\n", ["a": ["k": "v = w"]]),
        Case("the first delimiter counts", "[a]\nk = v:w=x\n", ["a": ["k": "v:w=x"]]),
        Case("a colon in a key ends it", "[a]\na:b = c\n", ["a": ["a": "b = c"]]),
        Case("an empty value", "[a]\nk =\nl:\n", ["a": ["k": "", "l": ""]]),
        Case("double quotes stay", "[a]\nk = \"v\"\n", ["a": ["k": "\"v\""]]),
        Case("single quotes stay", "[a]\nk = 'v'\n", ["a": ["k": "'v'"]]),
        Case("backticks go", "[a]\nk = ` v `\n", ["a": ["k": " v "]]),
        Case("up to the last backtick", "[a]\nk = `v`w` x\n", ["a": ["k": "v`w"]]),
        Case("empty backticks", "[a]\nk = ``\n", ["a": ["k": ""]]),
        Case("a single backtick stays", "[a]\nk = `\n", ["a": ["k": "`"]]),
        Case("a backtick within stays", "[a]\nk = v`w`\n", ["a": ["k": "v`w`"]]),
        Case("triple quotes go", "[a]\nk = \"\"\" v\" \"\"\"\n", ["a": ["k": " v\" "]]),
        Case("five quotes are no triple quotes", "[a]\nk = \"\"\"\"\"\n", ["a": ["k": "\"\"\"\"\""]]),
        Case("a key in double quotes", "[a]\n\" a=b \" = c\n", ["a": [" a=b ": "c"]]),
        Case("a key in backticks", "[a]\n`a:b` = c\n", ["a": ["a:b": "c"]]),
        Case("a key in triple quotes", "[a]\n\"\"\"a\"b\"\"\" = c\n", ["a": ["a\"b": "c"]]),
        Case("text behind a quoted key goes", "[a]\n\"a\" b = c\n", ["a": ["a": "c"]]),
        Case("an empty key goes", "[a]\n\"\" = c\nk = v\n", ["a": ["k": "v"]]),
        Case("the key that goconfig uses itself goes", "[a]\n\" \" = c\nk = v\n", ["a": ["k": "v"]]),
        Case("the last of two keys wins", "[a]\nk = v\nk = w\n", ["a": ["k": "w"]]),
        Case("an empty last one wins too", "[a]\nk = v\nk =\n", ["a": ["k": ""]]),
        Case("keys have case", "[a]\nk = v\nK = w\n", ["a": ["k": "v", "K": "w"]]),
        Case("sections have case", "[a]\nk = v\n[A]\nk = w\n", ["a": ["k": "v"], "A": ["k": "w"]]),
        Case("sections merge", "[a]\nk = v\n[b]\n[a]\nl = w\n", ["a": ["k": "v", "l": "w"], "b": [:]]),
        Case("an empty section", "[a]\n", ["a": [:]]),
        Case("brackets in a name", "[a[b]c]\nk = v\n", ["a[b]c": ["k": "v"]]),
        Case("a bracket alone is no header", "[a]\n[b = c\n", ["a": ["[b": "c"]]),
        Case("a value may end in a bracket", "[a]\nk = [v]\n", ["a": ["k": "[v]"]]),
        Case("keys before any header", "k = v\n[a]\nl = w\n", ["DEFAULT": ["k": "v"], "a": ["l": "w"]]),
        Case("a header without a name", "[]\n[a]\nk = v\n", ["DEFAULT": [:], "a": ["k": "v"]]),
        Case("automatic numbers", "[a]\n- = x\n- = y\n[b]\n- = z\n", ["a": ["#1": "x", "#2": "y"], "b": ["#1": "z"]]),
        Case("numbers start again below a header", "[a]\n- = x\n[a]\n- = y\n", ["a": ["#1": "y"]]),
        Case("byte order mark", "\u{FEFF}[a]\nk = v\n", ["a": ["k": "v"]]),
        Case("accents that combine", "[a]\nk =\u{301}x\n", ["a": ["k": "\u{301}x"]]),
    ]

    @Test(arguments: cases) func rule(_ testCase: Case) throws {
        #expect(try RcloneConfig.read(testCase.text).settingsByName == testCase.sections)
    }

    static let references: [Case] = [
        Case("of the same section", "[a]\nk = 1%(l)s3\nl = 2\n", ["a": ["k": "123", "l": "2"]]),
        Case("of DEFAULT", "l = 2\n[a]\nk = %(l)s\n", ["DEFAULT": ["l": "2"], "a": ["k": "2"]]),
        Case(
            "DEFAULT before the own section", "l = 2\n[a]\nl = 3\nk = %(l)s\n",
            ["DEFAULT": ["l": "2"], "a": ["l": "3", "k": "2"]]),
        Case("to nothing", "[a]\nk = 1%(l)s3\n", ["a": ["k": "13"]]),
        Case("to references", "[a]\nk = %(l)s\nl = %(m)s!\nm = 1\n", ["a": ["k": "1!", "l": "1!", "m": "1"]]),
        Case("several times", "[a]\nk = %(l)s%(l)s %(m)s\nl = 1\nm = 2\n", ["a": ["k": "11 2", "l": "1", "m": "2"]]),
        Case("to itself stays after 200 rounds", "[a]\nk = %(k)s\n", ["a": ["k": "%(k)s"]]),
        Case(
            "whose key ends in s, as goconfig cuts it", "[a]\nk = %(names)s\nname = 1\nnames = 2\n",
            ["a": ["k": "1", "name": "1", "names": "2"]]),
        Case(
            "look-alikes stay", "[a]\nk = 100% %() %()s %(x)d %(x %x) s\n",
            ["a": ["k": "100% %() %()s %(x)d %(x %x) s"]]),
        Case("behind look-alikes", "[a]\nk = %(x)d%()s%%(l)s\nl = 1\n", ["a": ["k": "%(x)d%()s%1", "l": "1"]]),
    ]

    @Test(arguments: references) func reference(_ testCase: Case) throws {
        #expect(try RcloneConfig.read(testCase.text).settingsByName == testCase.sections)
    }

    static let families: [Case] = [
        Case("a parent", "[a]\nk = v\n[a.b]\nl = w\n", ["a": ["k": "v"], "a.b": ["k": "v", "l": "w"]]),
        Case(
            "the nearest wins", "[a.b]\nk = 2\n[a]\nk = 1\nl = 1\n[a.b.c]\n",
            ["a.b": ["k": "2", "l": "1"], "a": ["k": "1", "l": "1"], "a.b.c": ["k": "2", "l": "1"]]),
        Case("an own empty value is a value", "[a]\nk = v\n[a.b]\nk =\n", ["a": ["k": "v"], "a.b": ["k": ""]]),
        Case("no further than a gap", "[a]\nk = v\n[a.b.c]\nl = w\n", ["a": ["k": "v"], "a.b.c": ["l": "w"]]),
        Case("a name with a dot and no parent", "[a.b]\nk = v\n", ["a.b": ["k": "v"]]),
        Case(
            "a leading dot is below DEFAULT", "k = v\n[.b]\nl = w\n",
            ["DEFAULT": ["k": "v"], ".b": ["k": "v", "l": "w"]]),
    ]

    @Test(arguments: families) func inheritance(_ testCase: Case) throws {
        #expect(try RcloneConfig.read(testCase.text).settingsByName == testCase.sections)
    }

    @Test func orderIsThatOfTheFile() throws {
        let config = try RcloneConfig.read("[b]\nz = 1\na = 2\nz = 3\n[a]\n[b]\nm = 4\n")
        #expect(config.sections.map(\.name) == ["b", "a"])
        #expect(config.sections[0].values.map(\.key) == ["z", "a", "m"])
        #expect(config.sections[0].values.map(\.value) == ["3", "2", "4"])
    }

    @Test(arguments: [
        ("[a]\nk = v\nSECRET\n", 3), ("SECRET", 1), ("\u{FEFF}\r\n\r\n# c\r\nSECRET\r\n", 4), ("[a]\n= SECRET\n", 2),
        ("[a]\n: SECRET\n", 2), ("[a]\n\"SECRET = v\n", 2), ("[a]\n`SECRET = v\n", 2), ("[a]\n\"k\" SECRET\n", 2),
        ("[a]\nk = `SECRET\n", 2), ("[a]\nk = \"\"\"SECRET\n", 2), ("[]\nk = SECRET\n", 2), ("[a\nk = SECRET\n", 1),
    ]) func aLineThatCannotBeReadIsNamedByItsNumber(text: String, line: Int) throws {
        let error = try refusal(text)
        #expect(error.reason == .unreadable)
        #expect(error.message.contains("line \(line) "))
        #expect(!"\(error) \(error.hint)".contains("SECRET"))
    }

    @Test(arguments: [
        "k = %(k)s\n",
        "k = %(l)s\nl = %(k)s\n[a]\nm = %(k)s\n",
        "[a]\nk = %(k)s%(k)s\n",
        "[a]\nk = %(l)s%(l)s\nl = %(k)s%(k)s\n",
        (0..<60).map { "k\($0) = %(k\($0 + 1))s%(l\($0 + 1))s\nl\($0) = %(k\($0 + 1))s%(l\($0 + 1))s\n" }.joined(),
    ]) func referencesWithoutEndAreRefused(text: String) throws {
        let error = try refusal(text)
        #expect(error.reason == .unreadable)
        #expect(error.message.contains("have no end"))
    }

    @Test func nestedNamesCannotTakeEndlessMemory() throws {
        var text = ""
        for depth in 1...700 {
            text += "[" + Array(repeating: "a", count: depth).joined(separator: ".") + "]\n"
            for key in 0..<2 { text += "k\(depth)-\(key) = \(String(repeating: "v", count: 20))\n" }
        }
        #expect(try refusal(text).message.contains("inherit too much"))
    }
}
