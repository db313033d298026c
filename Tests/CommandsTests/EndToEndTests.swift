import ConnectorKit
import Crypto
import FakePhotos
import Foundation
import SeededRandom
import StrictJSON
import Testing

@testable import Commands

/// The program against the service, as a person uses it: settings, backup, check, restore.
@Suite(.timeLimit(.minutes(2)))
struct EndToEndTests {
    private func onStage(_ items: Int = 40, _ body: (Stage) async throws -> Void) async throws {
        try await Stage.run(items, body)
    }

    @Test func aLibraryBecomesASnapshotAndItsAlbumIsRestoredInItsOrder() async throws {
        try await onStage(300) { stage in
            #expect(await stage.sandbox.run("source ping demo").status == 0)
            let first = try await stage.backup()
            #expect(first["errors"]?.integerValue == 0)
            #expect(first["files_new"]?.integerValue == first["files"]?.integerValue)
            #expect(stage.service.library.requestCount(.download) == 300)

            let second = try await stage.backup()
            #expect(second["files_new"]?.integerValue == 0)
            #expect(second["files_unchanged"] == first["files"])
            #expect(first["items_new"] == nil)
            #expect(second["items_new"]?.integerValue == 0)
            #expect(second["bytes_downloaded"]?.integerValue == 0)
            #expect(stage.service.library.requestCount(.download) == 300)
            let third = await stage.sandbox.run("backup @demo")
            #expect(!third.out.contains("last listed it"))
            try stage.service.library.addGeneratedItems(2)
            let fourth = await stage.sandbox.run("backup @demo")
            #expect(fourth.out.contains("in the library since a command last listed it: 2 new\n"))
            #expect(await stage.sandbox.run("check --read-data").status == 0)

            let restore = "restore latest:/album/Lisbon --to @demo2:/album/Lisbon --json"
            let restored = try await stage.sandbox.run(restore).summary()
            #expect(restored["stored"] == restored["files"])
            let original = try #require(try stage.hashes(ofAlbum: "Lisbon", account: "demo"))
            #expect(original.count > 20)
            #expect(try stage.hashes(ofAlbum: "Lisbon", account: "demo2") == original)

            let again = try await stage.sandbox.run(restore).summary()
            #expect(again["unchanged"] == restored["files"])
            #expect(try stage.service.library.items(of: "demo2", hashing: false).count == original.count)
        }
    }

    @Test func anAlbumIsRestoredUnderAnotherTitleAlthoughSomeUploadsFailAtFirst() async throws {
        try await onStage(300) { stage in
            _ = try await stage.backup("--quiet")
            var fault = FakeFault(.status, on: .uploads)
            fault.status = 429
            fault.count = 3
            stage.service.library.inject(fault)
            let outcome = await stage.sandbox.run("restore latest:/album/Lisbon --to @demo2:/album/Other --json")
            let summary = try outcome.summary()
            #expect(summary["stored"] == summary["files"])
            let original = try #require(try stage.hashes(ofAlbum: "Lisbon", account: "demo"))
            let restored = try #require(try stage.hashes(ofAlbum: "Other", account: "demo2"))
            #expect(Set(restored) == Set(original))
            #expect(restored.count == original.count)
        }
    }

    @Test func everyFileOfARestoredFolderIsWhatTheServiceHolds() async throws {
        try await onStage { stage in
            _ = try await stage.backup()
            #expect(await stage.sandbox.run("restore latest --to out").status == 0)
            let folder = stage.sandbox.home + "/out"
            let listed = await stage.sandbox.run("ls latest -r --json")
            let entries = try #require(try JSON(parsing: listed.out).arrayValue)
            let held = Set(try stage.service.library.items(of: "demo").map(\.sha256))
            var seen: Set<String> = []
            for entry in entries where entry["kind"]?.stringValue == "file" {
                let path = try #require(entry["path"]?.stringValue)
                let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + path))
                let hash = SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
                #expect(entry["sha256"]?.stringValue == hash)
                seen.insert(hash)
            }
            #expect(seen == held)
            let again = try await stage.sandbox.run("restore latest --to out --json").summary()
            #expect(again["stored"]?.integerValue == 0)
            #expect(again["failed"]?.integerValue == 0)
        }
    }

    @Test func aRestoreNeverReplacesWhatDiffers() async throws {
        try await onStage(5) { stage in
            _ = try await stage.backup()
            #expect(await stage.sandbox.run("restore latest --to out").status == 0)
            let files = try FileManager.default.subpathsOfDirectory(atPath: stage.sandbox.home + "/out")
            let victim = stage.sandbox.home + "/out/" + (try #require(files.first { $0.hasSuffix(".jpg") }))
            try FileManager.default.removeItem(atPath: victim)
            try Data("mine".utf8).write(to: URL(fileURLWithPath: victim))
            #expect(await stage.sandbox.run("restore latest --to out").status == 3)
            #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == Data("mine".utf8))
            #expect(!files.contains { $0.contains(".gphotos-") })
        }
    }

    @Test func anItemThatCannotBeReadIsListedAndTheStatusIsThree() async throws {
        try await onStage { stage in
            let item = try #require(try stage.service.library.items(of: "demo").first { $0.filename.hasPrefix("IMG_") })
            var fault = FakeFault(.status, on: .download)
            fault.match = item.id
            fault.status = 404
            fault.count = 100
            stage.service.library.inject(fault)
            let outcome = await stage.sandbox.run("backup @demo")
            #expect(outcome.status == 3)
            #expect(outcome.err.contains(item.filename))
            stage.service.library.clearFaults()
            let second = try await stage.backup()
            #expect(second["errors"]?.integerValue == 0)
            #expect(stage.service.library.requestCount(.download) < 50)
        }
    }

    @Test func anAlbumThatCannotBeListedIsCarriedForward() async throws {
        try await onStage(300) { stage in
            await stage.recheckAlbums()
            let first = try await stage.backup("--quiet")
            var fault = FakeFault(.status, on: .itemsSearch)
            fault.match = "Lisbon"
            fault.status = 403
            fault.count = 10
            stage.service.library.inject(fault)
            let outcome = await stage.sandbox.run("backup @demo --json")
            #expect(outcome.status == 3)
            let second = try outcome.summary(status: 3)
            #expect(second["files"] == first["files"])
            #expect(await stage.sandbox.run("ls latest:/album/Lisbon -r").out.contains("IMG_"))
        }
    }

    @Test func aRefusedSignInEndsWith77AndLeavesNoSnapshot() async throws {
        try await onStage { stage in
            try stage.service.library.revokeTokens(account: "demo")
            let outcome = await stage.sandbox.run("backup @demo")
            #expect(outcome.status == 77)
            #expect(outcome.err.contains("hint:"))
            #expect(await stage.sandbox.run("snapshots --json").out == "[]\n")
        }
    }

    @Test func theDailyQuotaEndsWith75AndTheNextRunGoesOn() async throws {
        try await onStage { stage in
            stage.service.library.updateRules { $0.requestsPerDay = 3 }
            #expect(await stage.sandbox.run("backup @demo").status == 75)
            stage.service.library.updateRules { $0.requestsPerDay = nil }
            let second = try await stage.backup()
            #expect(second["errors"]?.integerValue == 0)
        }
    }

    @Test func aServerThatAnswersWebPagesIsUnreachable() async throws {
        try await onStage { stage in
            var fault = FakeFault(.html)
            fault.count = 100
            fault.endpoint = .itemsSearch
            stage.service.library.inject(fault)
            let outcome = await stage.sandbox.run("backup @demo")
            #expect(outcome.status == 69)
            #expect(outcome.err.contains("web page"))
        }
    }

    @Test func aRenewedTokenIsKept() async throws {
        try await onStage { stage in
            #expect(await stage.sandbox.run("source ping demo").status == 0)
            #expect(await stage.sandbox.run("source ping demo").status == 0)
            #expect(stage.service.library.tokenRefreshes == 1)
        }
    }

    @Test(arguments: [
        ("ls latest:/nowhere", Int32(66)), ("ls deadbeef", 66), ("cat latest:/album", 66), ("backup @nobody", 66),
        ("backup nonsense", 64), ("restore latest --to /proc/nowhere", 73), ("restore latest:/nowhere --to out", 66),
        ("backup @demo:/album/Nowhere", 66), ("backup @demo:/nowhere", 66), ("backup @demo --vault /proc/x", 73),
        ("snapshots --vault home-of-nothing", 66),
    ])
    func wrongInputHasItsStatusAndOneSentence(line: String, status: Int32) async throws {
        try await onStage(5) { stage in
            _ = try await stage.backup("--quiet")
            let outcome = await stage.sandbox.run(line)
            #expect(outcome.status == status, "\(outcome.err)")
            if status != 64 {
                #expect(outcome.err.split(separator: "\n").filter { $0.hasPrefix("gphotos: ") }.count == 1)
            }
        }
    }

    @Test func aDirectoryThatIsNoVaultIsLeftAlone() async throws {
        try await onStage(5) { stage in
            _ = try stage.sandbox.write("precious", to: "notes.txt")
            let outcome = await stage.sandbox.run("backup @demo --vault .")
            #expect(outcome.status == 73)
            #expect(!FileManager.default.fileExists(atPath: stage.sandbox.home + "/vault.json"))
        }
    }

    @Test func theSecondWriterComesBackLater() async throws {
        try await onStage { stage in
            var fault = FakeFault(.stall, on: .itemsSearch)
            fault.bytes = 10
            stage.service.library.inject(fault)
            async let first = stage.sandbox.run("backup @demo")
            while stage.service.library.requestCount(.itemsSearch) == 0 { await Task.yield() }
            let second = await stage.sandbox.run("backup @demo")
            #expect(second.status == 75)
            #expect(second.err.contains("gphotos backup @demo"))
            stage.service.library.clearFaults()
            #expect(await first.status == 0)
        }
    }

    @Test func aBackupThatIsKilledLeavesACleanVaultAndItsWorkIsUsed() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        try await onStage(200) { stage in
            for round in 0..<6 {
                let process = Process()
                process.executableURL = URL(fileURLWithPath: Sandbox.program)
                process.arguments = ["backup", "@demo", "--quiet"]
                process.environment = stage.sandbox.context(stdin: nil, environment: [:]).environment
                process.standardOutput = FileHandle.nullDevice
                process.standardError = FileHandle.nullDevice
                // Killed after so many downloads, wherever it is then.
                let before = stage.service.library.requestCount(.download)
                let target = before + Int.random(in: 0..<30, using: &random)
                try process.run()
                while process.isRunning, stage.service.library.requestCount(.download) < target { await Task.yield() }
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                let checked = await stage.sandbox.run("check --read-data")
                #expect(checked.status == 0 || checked.status == 66, "seed \(seed), round \(round): \(checked.err)")
            }
            let last = try await stage.backup()
            #expect(last["errors"]?.integerValue == 0)
            #expect(await stage.sandbox.run("check --read-data").status == 0)
            let snapshots = try JSON(parsing: await stage.sandbox.run("snapshots --json").out)
            #expect(snapshots.arrayValue?.last?["errors"]?.integerValue == 0, "seed \(seed)")
        }
    }
}
