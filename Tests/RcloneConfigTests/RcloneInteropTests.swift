import Foundation
import SeededRandom
import StrictJSON
import Testing

@testable import RcloneConfig

/// The real rclone and this target read the same files alike.
@Suite(.enabled(if: Rclone.isInstalled, "rclone is not on the PATH"))
struct RcloneInteropTests {
    static let tricky = """
        \u{FEFF}# a comment
        before = any header
        pass = in DEFAULT

        [my photos]
        type = google photos
        client_id = 12-ab.apps.googleusercontent.com
        client_secret = a#b;c=d:e "f" 'g' %h%%i %(nothing)s!
        token = \(RemoteTests.token)
        description: with: colons = and equals   \t
        unicode = é e\u{301} 日本 😀 \u{A0}
        quoted = "in double quotes"
        ticks = ` in backticks `
        triple = \"\"\" in "triple" quotes \"\"\"
        single = `
        a:b = c
        `a=b` = c
        "quoted key" = v
        # another comment
        ; key = commented = out
        own = %(client_id)s/%(unicode)s
        default = %(pass)s
        self = %(self)s
        sss = %(owns)s
        - = first
        - = second
        empty =
        twice = 1
        twice = 2

        [other-1]
        type = alias
        remote = my photos:album/a b
        [my photos]
        late = merged
        [nothing]

        """

    @Test func aFileReadsAsTheDump() throws {
        let rclone = try Rclone(config: Array(Self.tricky.utf8))
        let ours = try RcloneConfig.read(Self.tricky)
        try expectSame(ours, try rclone.run("config", "dump"))
    }

    @Test func theDumpReadsAsTheFile() throws {
        let rclone = try Rclone(config: Array(Self.tricky.utf8))
        let dump = try RcloneConfig.read(try rclone.run("config", "dump"))
        let file = try RcloneConfig.read(Self.tricky)
        #expect(dump.settingsByName == file.settingsByName)
    }

    @Test(arguments: ["my photos", "my photos:", "other-1"]) func whatShowPrintsReadsAsTheFile(name: String) throws {
        // What rclone prints without the quotes that the file has: its own reader would not read these back either.
        let lost: Set = ["ticks", "triple", "single", "a", "a=b"]
        let rclone = try Rclone(config: Array(Self.tricky.utf8))
        let shown = try RcloneConfig.read(try rclone.run("config", "show", name))
        let file = try RcloneConfig.read(Self.tricky)
        let plainName = name.replacing(":", with: "")
        #expect(shown.sections.map(\.name).map { $0.replacing(":", with: "") } == [plainName])
        let expected = try #require(file.settingsByName[plainName]).filter {
            !lost.contains($0.key) && $0.key != "self"
        }
        let found = shown.sections[0].settings.filter { !lost.contains($0.key) && $0.key != "self" }
        #expect(found.filter { !$0.key.hasPrefix("#") } == expected.filter { !$0.key.hasPrefix("#") })
    }

    @Test func theWholeFileThatShowPrintsReadsAsTheFile() throws {
        let text = "[p]\n\(RemoteTests.good)x = a#b;c%d\n\n# c\n[q]\ntype = alias\nremote = p:\n"
        let rclone = try Rclone(config: Array(text.utf8))
        #expect(try RcloneConfig.read(try rclone.run("config", "show")) == RcloneConfig.read(text))
    }

    @Test func bytesThatAreNoUTF8ReadAsTheDump() throws {
        let bytes = Array("[a]\nk = caf".utf8) + [0xE9] + Array(" x\n".utf8)
        let rclone = try Rclone(config: bytes)
        try expectSame(try RcloneConfig.read(bytes), try rclone.run("config", "dump"))
    }

    @Test func emptyConfigurationIsRecognised() throws {
        let rclone = try Rclone(config: [])
        for output in [try rclone.run("config", "show"), try rclone.run("config", "dump")] {
            let error = try #require(throws: RcloneConfigError.self) { try RcloneConfig.read(output) }
            #expect(error.reason == .unsuitable)
            #expect(error.message.contains("is empty"))
        }
    }

    @Test func unknownRemoteIsRecognised() throws {
        let rclone = try Rclone(config: Array("[a]\ntype = alias\n".utf8))
        // Rclone 1.60 exits with 1 here, later ones with 0; both print a header.
        let config = try RcloneConfig.read(try rclone.run("config", "show", "nope", mayFail: true))
        let error = try #require(throws: RcloneConfigError.self) { try config.googlePhotosRemotes() }
        #expect(error.reason == .noSuchSection)
    }

    @Test func encryptedFileReadsAsTheDump() throws {
        let rclone = try Rclone(config: Array(EncryptedConfigTests.file.utf8), password: EncryptedConfigTests.password)
        let ours = try RcloneConfig.read(EncryptedConfigTests.file, password: EncryptedConfigTests.password)
        try expectSame(ours, try rclone.run("config", "dump"))
    }

    /// Rclone encrypts with a new nonce whenever it saves.
    @Test func fileThatRcloneEncryptedIsRead() throws {
        let rclone = try Rclone(config: Array(EncryptedConfigTests.file.utf8), password: EncryptedConfigTests.password)
        for number in 0..<4 {
            let value = String(repeating: "x", count: number * 23)
            _ = try rclone.run(
                "config", "create", "added\(number)", "alias", "remote=/tmp/\(value)", "--non-interactive")
            let bytes = try rclone.configBytes()
            #expect(String(decoding: bytes, as: UTF8.self).contains("RCLONE_ENCRYPT_V0:"))
            #expect(!String(decoding: bytes, as: UTF8.self).contains("alias"))
            let ours = try RcloneConfig.read(bytes, password: .init(EncryptedConfigTests.password))
            #expect(ours.settingsByName["added\(number)"] == ["type": "alias", "remote": "/tmp/\(value)"])
            try expectSame(ours, try rclone.run("config", "dump"))
        }
    }

    @Test func whatIsWrittenHereReadsInRclone() throws {
        var text = ""
        var sections: [RcloneConfig.Section] = []
        for seed in UInt64(0)..<400 {
            var generator = SeededRandom(seed: seed)
            var section = RoundTripTests.section(&generator)
            section.name = "remote-\(seed)"
            guard let written = try? RcloneConfig.serialize(section) else { continue }
            sections.append(section)
            text += written
        }
        let rclone = try Rclone(config: Array(text.utf8))
        try expectSame(RcloneConfig(sections: sections), try rclone.run("config", "dump"))
    }

    /// Random files: rclone and this target agree on what they say, and on whether they can be read.
    @Test func randomFilesReadAsTheDump() throws {
        let pieces = [
            "a", "b", "=", ":", "\"", "`", "\"\"\"", " ", "#", ";", "-", "%(a)s", "%(", ")s", "[", "]", "é", "x y",
        ]
        for seed in UInt64(0)..<40 {
            var generator = SeededRandom(seed: seed)
            var lines = ["[first]"]
            for number in 0..<Int.random(in: 1...12, using: &generator) {
                let line = (0..<Int.random(in: 0...7, using: &generator)).map { _ in
                    pieces.randomElement(using: &generator) ?? ""
                }
                // Most lines have a delimiter, or nearly no file could be read.
                let hasKey = Int.random(in: 0..<10, using: &generator) > 0
                lines.append((hasKey ? "k\(number % 5) = " : "") + line.joined())
            }
            let text = lines.joined(separator: "\n")
            let rclone = try Rclone(config: Array(text.utf8))
            let dump = try rclone.run("config", "dump", mayFail: true)
            if let ours = try? RcloneConfig.read(text) {
                try expectSame(ours, dump, "seed \(seed):\n\(text)")
            } else {
                #expect(!dump.hasPrefix("{"), "seed \(seed):\n\(text)")
            }
        }
    }

    /// Own settings alone: a dump does not show what a section inherits.
    private func expectSame(
        _ config: RcloneConfig, _ dump: String, _ comment: Comment? = nil,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let remotes = try #require(try JSON(parsing: dump).objectValue, comment, sourceLocation: location)
        var expected: [String: [String: String]] = [:]
        for remote in remotes.members {
            let settings = try #require(remote.value.objectValue, comment, sourceLocation: location)
            expected[remote.key] = Dictionary(
                uniqueKeysWithValues: settings.members.map { ($0.key, $0.value.stringValue ?? "") })
        }
        var found: [String: [String: String]] = [:]
        for section in config.sections {
            found[section.name] = Dictionary(uniqueKeysWithValues: section.values.map { ($0.key, $0.value) })
        }
        #expect(found == expected, comment, sourceLocation: location)
    }
}
