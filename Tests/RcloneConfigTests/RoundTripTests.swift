import SeededRandom
import Testing

@testable import RcloneConfig

/// What is written is read back as it was.
struct RoundTripTests {
    private static let pieces = [
        "a", "Key", "0", "_", "-", ".", " ", "  ", "\t", "=", ":", "#", ";", "[", "]", "\"", "\"\"\"", "'", "`", "%",
        "%(",
        "(x)", ")s", "\\", "\\n", "{", "}", "é", "e\u{301}", "日本", "😀", "\u{A0}", "\u{3000}", "\u{85}", "\r",
        "google photos",
    ]

    private static func text(_ lengths: ClosedRange<Int>, _ generator: inout SeededRandom) -> String {
        (0..<Int.random(in: lengths, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
            .joined()
    }

    static func section(_ generator: inout SeededRandom) -> RcloneConfig.Section {
        var keys: Set<String> = []
        var values: [RcloneConfig.Entry] = []
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
            let key = text(1...5, &generator)
            guard keys.insert(key).inserted else { continue }
            values.append(RcloneConfig.Entry(key: key, value: text(0...8, &generator)))
        }
        return RcloneConfig.Section(name: text(1...3, &generator), values: values)
    }

    @Test func whateverCanBeWrittenIsReadBack() throws {
        var written = 0
        let rounds = 3000
        for seed in 0..<UInt64(rounds) {
            var generator = SeededRandom(seed: seed)
            let section = Self.section(&generator)
            guard let text = try? RcloneConfig.serialize(section) else { continue }
            written += 1
            #expect(text.hasPrefix("[\(section.name)]\n"), "seed \(seed)")
            #expect(text.hasSuffix("\n\n"), "seed \(seed)")
            let config = try RcloneConfig.read(text)
            #expect(config.sections == [section], "seed \(seed)")
        }
        // Most of it can be: the refusal is for the few texts that the format has no way to say.
        #expect(written > rounds / 2, "only \(written) of \(rounds) were written")
    }

    @Test func sectionsAfterEachOtherAreReadBack() throws {
        for seed in UInt64(0)..<200 {
            var generator = SeededRandom(seed: seed)
            var sections: [RcloneConfig.Section] = []
            var text = ""
            for number in 0..<5 {
                var section = Self.section(&generator)
                section.name = "remote \(number)"
                guard let written = try? RcloneConfig.serialize(section) else { continue }
                sections.append(section)
                text += written
            }
            if sections.isEmpty { continue }
            #expect(try RcloneConfig.read(text).sections == sections, "seed \(seed)")
        }
    }

    @Test func ordinarySectionsLookAsRcloneWritesThem() throws {
        let section = RcloneConfig.Section(
            name: "my photos",
            values: [
                .init(key: "type", value: "google photos"), .init(key: "client_secret", value: "a=b:c#d;\"e\"`f"),
                .init(key: "token", value: RemoteTests.token), .init(key: "description", value: ""),
            ])
        #expect(
            try RcloneConfig.serialize(section)
                == "[my photos]\ntype = google photos\nclient_secret = a=b:c#d;\"e\"`f\ntoken = \(RemoteTests.token)\ndescription = \n\n"
        )
    }

    @Test(arguments: [
        ("`v", "\"\"\"`v\"\"\""), (" v", "\"\"\" v\"\"\""), ("v\t", "\"\"\"v\t\"\"\""),
        ("\"\"\"v", "\"\"\"\"\"\"v\"\"\""),
    ]) func whatRcloneWouldNotReadBackIsQuoted(value: String, written: String) throws {
        let section = RcloneConfig.Section(name: "a", values: [.init(key: "k", value: value)])
        #expect(try RcloneConfig.serialize(section) == "[a]\nk = \(written)\n\n")
    }

    @Test(arguments: [
        ("a", "k", "v\nw"), ("a", "k\nl", "v"), ("a\nb", "k", "v"), ("a", "-", "v"), ("a", "", "v"), ("a", " ", "v"),
        ("a", "k", "%(x)s"), (" a", "k", "v"), ("", "k", "v"), ("a", "k", "v\u{0}"), ("a", "`\"", "v"),
    ]) func whatCannotBeSaidIsRefused(name: String, key: String, value: String) throws {
        let section = RcloneConfig.Section(name: name, values: [.init(key: key, value: value)])
        let error = try #require(throws: RcloneConfigError.self) { try RcloneConfig.serialize(section) }
        #expect(error.reason == .unsuitable)
    }
}
