import ConnectorKit
import FakePhotos
import Foundation
import StrictJSON
import Testing
import Vault

@testable import Commands

/// Each command's ways to fail: the status, words that a person understands, and no secret.
struct FailureTableTests {
    struct Case: Sendable, CustomStringConvertible {
        var line: String
        var status: Int32
        var saying: String

        init(_ line: String, _ status: Int32, _ saying: String = "") {
            (self.line, self.status, self.saying) = (line, status, saying)
        }

        var description: String { line }
    }

    /// What a dump of an error of Swift, of Foundation or of SQLite looks like, and the secrets of the stage.
    private static let unwanted = [
        "Error Domain", "VaultError", "ConnectorError", "Optional(", "SQLite", "NSCocoa", "Swift.", "fatal",
        "CancellationError", "ya29.", "1//", FakeLibrary.clientSecret,
    ]

    private func check(_ cases: [Case], on stage: Stage) async throws {
        for row in cases {
            let outcome = await stage.sandbox.run(row.line)
            #expect(outcome.status == row.status, "\(row): \(outcome.err)")
            #expect(row.saying.isEmpty || outcome.err.contains(row.saying), "\(row): \(outcome.err)")
            #expect(outcome.err.hasPrefix("gphotos: ") || outcome.err.hasPrefix("Error: "), "\(row): \(outcome.err)")
            for word in Self.unwanted { #expect(!outcome.err.contains(word), "\(row): \(outcome.err)") }
            let json = await stage.sandbox.run(row.line + " --json")
            #expect(json.status == row.status)
            let last = try JSON(parsing: String(try #require(json.err.split(separator: "\n").last)))
            #expect(last["type"]?.stringValue == "error")
            #expect(last["exit_status"]?.integerValue == Int64(row.status))
            let message = try #require(last["message"]?.stringValue)
            #expect(!message.isEmpty)
        }
    }

    @Test func whatIsNotThereOrNotSaid() async throws {
        try await Stage.run(5) { stage in
            _ = try await stage.backup()
            _ = try stage.sandbox.write("text", to: "file")
            try await check(
                [
                    Case("backup", 64, "<source>"), Case("backup nonsense", 64, "no source"),
                    Case("backup @none", 66, "there is: demo"),
                    Case("backup @demo:/album/Nowhere", 66, "/album/Nowhere"),
                    Case("backup @demo --album Nowhere", 66, "no album"), Case("backup @demo --since x", 64, "since"),
                    Case("backup @demo --vault file", 73, "not a directory"),
                    Case("mirror @demo", 64, "<directory>"), Case("mirror @none M", 66),
                    Case("mirror @demo file", 73, "file"),
                    Case("compare @demo", 64), Case("compare @demo nowhere", 66, "no folder"),
                    Case("compare @demo file", 66, "no folder"), Case("push nowhere --to @demo2", 66, "no folder"),
                    Case("push file --to @demo2", 66, "no folder"), Case("push . --to demo2", 64, "@NAME"),
                    Case("push . --to @none", 66), Case("restore latest", 64, "--to"),
                    Case("restore latest --to @none", 66), Case("restore latest:/nowhere --to out", 66, "/nowhere"),
                    Case("restore latest --to file", 73, "file"), Case("ls latest:/nowhere", 66, "/nowhere"),
                    Case("ls 0000", 66), Case("ls abc", 66), Case("cat latest:/album", 66, "no content"),
                    Case("cat latest:/nowhere", 66), Case("diff latest", 64), Case("diff latest 0000", 66),
                    Case("forget", 64), Case("forget 0000", 66), Case("check 0000", 66),
                    Case("takeout inspect nowhere", 66), Case("source show none", 66), Case("source ping none", 66),
                    Case("source ls none", 66), Case("source rm none", 66), Case("login none", 66),
                    Case("source import --config nowhere", 66), Case("source add demo", 64),
                    Case("source add demo googlephotos://", 1, "already there"), Case("snapshots --nonsense", 64),
                    Case("snapshots --valt x", 64, "--vault"),
                ], on: stage)
        }
    }

    @Test func vaultsThatCannotBeUsed() async throws {
        try await Stage.run(5) { stage in
            _ = try await stage.backup()
            let home = stage.sandbox.home
            let vault = home + "/.local/share/gphotos/vault"
            func copy(_ name: String) throws {
                try FileManager.default.copyItem(atPath: vault, toPath: home + "/" + name)
            }
            for name in ["newer", "damaged", "headless"] { try copy(name) }
            let marker = try String(contentsOfFile: vault + "/vault.json", encoding: .utf8)
            _ = try stage.sandbox.write(
                marker.replacing(#""version": 1"#, with: #""version": 9"#), to: "newer/vault.json")
            let noise = Data(repeating: 0x5A, count: 1 << 16)
            try noise.write(to: URL(fileURLWithPath: home + "/damaged/catalog.sqlite"))
            try FileManager.default.removeItem(atPath: home + "/headless/catalog.sqlite")
            try FileManager.default.createDirectory(atPath: home + "/other/sub", withIntermediateDirectories: true)
            let readers = [
                "snapshots", "ls latest", "cat latest:/x", "diff latest latest", "check", "forget latest", "prune",
                "restore latest --to out", "compare @demo .",
            ]
            for (name, status, saying) in [
                ("nowhere", 66, "no vault"), ("other", 66, "not a vault"), ("newer", 78, "newer version"),
                ("damaged", 65, "damaged"), ("headless", 65, "missing"),
            ] as [(String, Int32, String)] {
                try await check(readers.map { Case("\($0) --vault \(name)", status, saying) }, on: stage)
            }
            try await check(
                [
                    Case("backup @demo --vault other", 73, "not a vault"),
                    Case("backup @demo --vault newer", 78, "newer version"),
                    Case("backup @demo --vault damaged", 65, "damaged"), Case("backup @demo --vault headless", 65),
                ], on: stage)
            let writer = try Vault.open(at: vault, runtime: .live).lockForWriting(holder: "a test")
            try await check(
                ["backup @demo", "forget latest", "prune"].map { Case($0, 75, "a test") }, on: stage)
            writer.close()
        }
    }

    @Test func whoIsNotSignedInOrNotReached() async throws {
        try await Stage.run(5) { stage in
            _ = try await stage.backup()
            for kind in ["source", "destination"] {
                let added = await stage.sandbox.run("\(kind) add unsigned googlephotos:// client_id=x")
                try #require(added.status == 0)
            }
            try await check(
                [
                    "backup @unsigned", "mirror @unsigned M", "compare @unsigned .", "source ping unsigned",
                    "source ls unsigned", "destination ping unsigned", "restore latest --to @unsigned",
                    "push . --to @unsigned",
                ].map { Case($0, 77, "gphotos login unsigned") }, on: stage)
            #expect(!FileManager.default.fileExists(atPath: stage.folder))
            for kind in ["source set demo", "destination set demo2"] {
                let set = await stage.sandbox.run("\(kind) patience=1 api_url=http://127.0.0.1:9")
                try #require(set.status == 0, "\(set.err)")
            }
            try await check(
                [
                    "backup @demo", "mirror @demo M", "compare @demo .", "source ping demo", "source ls demo",
                    "destination ping demo2", "backup @demo --dry-run",
                ].map { Case($0, 69, "check the connection") }, on: stage)
            for kind in ["source unset demo", "destination unset demo2"] {
                let unset = await stage.sandbox.run("\(kind) patience api_url")
                try #require(unset.status == 0)
            }
            for kind in ["source set demo", "destination set demo2"] {
                let set = await stage.sandbox.run("\(kind) api_url=\(stage.service.baseURL)")
                try #require(set.status == 0)
            }
            for account in ["demo", "demo2"] { try stage.service.library.revokeTokens(account: account) }
            try await check(
                [
                    "backup @demo", "backup @demo --dry-run", "mirror @demo M", "compare @demo .", "source ping demo",
                    "source ls demo", "destination ping demo2", "restore latest --to @demo2",
                ].map { Case($0, 77, "gphotos login") }, on: stage)
        }
    }
}
