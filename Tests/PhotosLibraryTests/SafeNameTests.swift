import ConnectorKit
import Foundation
import PhotosLibrary
import SeededRandom
import Testing

@Suite struct SafeNameTests {
    @Test(arguments: [
        ("IMG_0001.jpg", "IMG_0001.jpg"), ("a/b.jpg", "a／b.jpg"), (".", "．"), ("..", "．．"),
        ("tab\there\n.png", "tab␉here␊.png"), ("nul\0.gif", "nul␀.gif"), ("end ", "end␠"), ("end.", "end．"),
        ("e\u{301}.jpg", "é.jpg"), ("🏖️ Strand.heic", "🏖️ Strand.heic"), (".hidden", ".hidden"),
    ])
    func becomes(raw: String, safe: String) throws {
        let made = try #require(SafeName.make(raw))
        #expect(Array(made.utf8) == Array(safe.utf8))
        #expect(Pathname.fault(of: Substring(made)) == nil)
    }

    @Test(arguments: [
        ("windows_names", "true", "a:b?.jpg", "a：b？.jpg"), ("windows_names", "true", "CON", "CON_"),
        ("windows_names", "true", "nul.tar.gz", "nul_.tar.gz"), ("windows_names", "true", "console.jpg", "console.jpg"),
        ("windows_names", "true", "com¹.txt", "com¹_.txt"), ("encoding", "Colon,Hash", "a:b#*.jpg", "a：b＃*.jpg"),
        ("encoding", "LeftPeriod", ".hidden", "．hidden"), ("encoding", "LeftSpace", " a", "␠a"),
        ("encoding", "LeftTilde", "~a", "～a"), ("encoding", "None", "a:b/c", "a:b／c"),
        ("encoding", "Semicolon", "a\u{37E}b", "a；b"),
    ])
    func bySettingsANameBecomes(key: String, value: String, raw: String, safe: String) throws {
        let settings = Settings([key: value, "token": #"{"access_token":"a","refresh_token":"r"}"#])
        let rules = try LibrarySettings(settings).layout.rules
        #expect(SafeName.make(raw, rules) == safe)
    }

    @Test func anEmptyNameIsNone() { #expect(SafeName.make("") == nil) }

    @Test func aLongNameIsCutAtACharacterAndKeepsItsExtension() throws {
        let name = try #require(SafeName.make(String(repeating: "写", count: 120) + ".jpeg"))
        #expect(name.utf8.count <= 255)
        #expect(name.hasSuffix("写.jpeg"))
        let marked = SafeName.marked(name, mark: "0123abcd")
        #expect(marked.utf8.count <= 255)
        #expect(marked.hasSuffix(" {0123abcd}.jpeg"))
    }

    @Test func hostileNamesAreSafeWhateverTheyAre() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let pieces: [String] = [
            "/", "..", ".", " ", "\0", "\n", "a", "é", "e\u{301}", "\u{202E}", "写", "😀", "\u{85}", "\u{7F}", "CON", ":",
            String(repeating: "x", count: 100), "\u{1F468}\u{200D}\u{1F469}", "\u{FFFD}", "{", "}", ".jpg",
        ]
        for _ in 0..<10_000 {
            let count = Int.random(in: 0...6, using: &random)
            let raw = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            guard let name = SafeName.make(raw) else {
                #expect(raw.isEmpty, "seed \(seed)")
                continue
            }
            for candidate in [name, SafeName.marked(name, mark: SafeName.mark(of: raw, digits: 64))] {
                let fault = Pathname.fault(of: Substring(candidate))
                #expect(fault == nil, "seed \(seed): \(raw.debugDescription) became one that \(fault ?? "")")
            }
        }
    }
}
