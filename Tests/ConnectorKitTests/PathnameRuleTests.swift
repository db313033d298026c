import ConnectorKit
import Testing

struct PathnameRuleTests {
    @Test(arguments: [
        "/", "/a", "/a/b", "/album/Lisbon/IMG 1.jpg", "/...", "/.a", "/..a", "/a..", "/a.", "/ ", "/-", "/~", "/\\",
        "/a:b*?",
        "/\u{E9}", "/漢/😀", "/\u{A0}", "/\u{2028}", "/\u{301}a", "/a\u{5D0}", "/\u{FEFF}",
    ]) func allowed(text: String) throws {
        let pathname = try Pathname(text)
        #expect(pathname.string == text)
        #expect(pathname.description == text)
        #expect("/" + pathname.parts.joined(separator: "/") == text)
    }

    @Test(arguments: [
        ("", "is not absolute"), ("a", "is not absolute"), ("a/b", "is not absolute"), ("./a", "is not absolute"),
        ("\\a", "is not absolute"), ("~/a", "is not absolute"), ("//", "has an empty part"),
        ("//a", "has an empty part"),
        ("/a/", "has an empty part"), ("/a//b", "has an empty part"), ("/.", "has the part ."),
        ("/a/.", "has the part ."),
        ("/./a", "has the part ."), ("/..", "has the part .."), ("/a/..", "has the part .."),
        ("/../a", "has the part .."), ("/a/../b", "has the part .."), ("/e\u{301}", "is not in NFC"),
        ("/a/e\u{301}/b", "is not in NFC"), ("/\u{212B}", "is not in NFC"), ("/\u{1112}\u{1161}", "is not in NFC"),
        ("/a\u{323}\u{307}\u{1E63}\u{307}\u{323}", "is not in NFC"), ("/\u{2126}", "is not in NFC"),
    ]) func refused(text: String, reason: String) throws {
        let error = try #require(throws: ConnectorError.self) { try Pathname(text) }
        #expect(error == ConnectorError(.protocolViolation, "a pathname \(reason)"))
    }

    @Test func controlCharacters() throws {
        let codes = Array(UInt32(0)..<0x20) + Array(0x7F...0x9F)
        for scalar in codes.compactMap(Unicode.Scalar.init) {
            for text in ["/\(scalar)", "/a\(scalar)b", "/a/b\(scalar)", "/\(scalar)/漢"] {
                let error = try #require(throws: ConnectorError.self) { try Pathname(text) }
                #expect(error.message == "a pathname has a control character", "U+\(String(scalar.value, radix: 16))")
            }
        }
    }

    @Test(arguments: [("a", 255), ("\u{E9}", 127), ("漢", 85), ("😀", 63)])
    func longestPart(character: String, count: Int) throws {
        let longest = String(repeating: character, count: count)
        #expect(throws: Never.self) { try Pathname("/\(longest)/\(longest)") }
        let padded = longest + String(repeating: "x", count: 255 - longest.utf8.count)
        #expect(throws: Never.self) { try Pathname("/a").appending(padded) }
        for text in ["/\(padded)x", "/a/\(padded)x", "/\(longest)\(character)"] {
            let error = try #require(throws: ConnectorError.self) { try Pathname(text) }
            #expect(error.message == "a pathname has a part of more than 255 bytes")
        }
    }

    @Test func manyParts() throws {
        // The whole has no limit; only a part has one.
        let text = String(repeating: "/part", count: 2000)
        #expect(try Pathname(text).parts.count == 2000)
    }

    @Test func normalFormsOfOneName() throws {
        #expect(throws: Never.self) { try Pathname("/caf\u{E9}") }
        #expect(throws: ConnectorError.self) { try Pathname("/cafe\u{301}") }
        // An accent that has no composed form stays as it is.
        #expect(try Pathname("/x\u{301}").name.unicodeScalars.count == 2)
    }

    @Test(arguments: ["", ".", "..", "a/b", "/", "/a", "a/", "\u{0}", "\u{85}", "e\u{301}"])
    func notOnePart(part: String) throws {
        let error = try #require(throws: ConnectorError.self) { try Pathname("/x").appending(part) }
        #expect(error.code == .protocolViolation)
        #expect(error.message.hasPrefix("a pathname "))
        #expect(Pathname.fault(of: Substring(part)) != nil)
        #expect(throws: ConnectorError.self) { try Pathname.root.appending(part) }
    }

    @Test func slashWithinAPart() {
        #expect(Pathname.fault(of: "a/b") == "has a slash within a part")
        #expect(Pathname.fault(of: "ab") == nil)
    }
}
