import ConnectorKit
import FakePhotos
import Foundation
import SeededRandom
import StrictJSON
import Testing

@testable import Commands
@testable import HostEngine

/// The program keeping a folder as the service is, as a person uses it.
@Suite(.timeLimit(.minutes(2)))
struct MirrorTests {
    @Test func aFolderBecomesWhatTheServiceHoldsAndASecondRunAsksForListsAlone() async throws {
        try await Stage.run(120) { stage in
            let first = try await stage.mirror()
            #expect(first["files_new"] == first["files"])
            #expect(first["errors"]?.integerValue == 0)
            #expect(stage.service.library.requestCount(.download) == 120)
            let held = Set(try stage.service.library.items(of: "demo").map(\.sha256))
            #expect(Set(try stage.mirrored().values) == held)
            #expect(try stage.mirrored().count == first["files"]?.integerValue.map(Int.init))

            let second = try await stage.mirror()
            #expect(second["files_unchanged"] == first["files"])
            #expect(second["files_new"]?.integerValue == 0)
            #expect(second["bytes_downloaded"]?.integerValue == 0)
            #expect(stage.service.library.requestCount(.download) == 120)
            // The twelve albums look the same, and are not listed again.
            let requests = try #require(first["api_requests"]?.integerValue)
            #expect(second["api_requests"]?.integerValue == requests - 12)
            #expect(try stage.leftovers().isEmpty)
        }
    }

    @Test func aFileHasTheTimeOfItsPhotoAndTheModeOfTheUmask() async throws {
        try await Stage.run(10) { stage in
            _ = try await stage.mirror()
            let times = Dictionary(
                try stage.service.library.items(of: "demo").map { ($0.sha256, $0.creationTime.seconds) },
                uniquingKeysWith: { first, _ in first })
            for (path, hash) in try stage.mirrored() {
                let attributes = try FileManager.default.attributesOfItem(atPath: stage.folder + path)
                let time = try #require(attributes[.modificationDate] as? Date)
                #expect(Int64(time.timeIntervalSince1970) == times[hash], "\(path)")
                #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o600 } == 0o600)
            }
            let listed = await stage.sandbox.run("source ls demo -r --json")
            for entry in try #require(try JSON(parsing: listed.out).arrayValue)
            where entry["kind"]?.stringValue == "directory" {
                let path = try #require(entry["path"]?.stringValue)
                if path == "/" { continue }
                let attributes = try FileManager.default.attributesOfItem(atPath: stage.folder + path)
                let time = try #require(attributes[.modificationDate] as? Date)
                let expected = try #require(entry["mtime"]?.stringValue).prefix(19)
                #expect(ISO8601DateFormatter().string(from: time).prefix(19) == expected, "\(path)")
            }
        }
    }

    @Test func whatIsInAPartGoesIntoTheFolderItself() async throws {
        try await Stage.run(300) { stage in
            let summary = try await stage.mirror(source: "@demo:/album/Lisbon")
            let files = try stage.mirrored()
            #expect(files.count == summary["files"]?.integerValue.map(Int.init))
            #expect(files.keys.allSatisfy { $0.dropFirst().contains("/") == false })
            let other = await stage.sandbox.run(["mirror", "@demo", stage.folder])
            #expect(other.status == 73)
            #expect(other.err.contains("is a mirror of"))
        }
    }

    @Test func aFilteredMirrorHoldsThatPartAndNoOtherIsMixedIntoIt() async throws {
        try await Stage.run(100) { stage in
            let outcome = await stage.sandbox.run(
                ["mirror", "@demo", stage.folder, "--album", "Lisbon", "--include", "/album/**"])
            #expect(outcome.status == 0)
            let files = try stage.mirrored().keys
            #expect(!files.isEmpty)
            #expect(files.allSatisfy { $0.hasPrefix("/album/Lisbon/") })
            let whole = await stage.sandbox.run(["mirror", "@demo", stage.folder, "--delete", "--force"])
            #expect(whole.status == 73)
            #expect(Set(try stage.mirrored().keys) == Set(files))
        }
    }

    @Test func whatAPersonChangedStaysAndIsListed() async throws {
        try await Stage.run(20) { stage in
            _ = try await stage.mirror()
            let victim = stage.folder + (try #require(try stage.mirrored().keys.sorted().first))
            try FileManager.default.removeItem(atPath: victim)
            try Data("mine".utf8).write(to: URL(fileURLWithPath: victim))
            let outcome = await stage.sandbox.run("mirror @demo Photos --delete --force")
            #expect(outcome.status == 3)
            #expect(outcome.err.contains("it was changed here"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == Data("mine".utf8))
            // Out of the way, the library's comes back.
            try FileManager.default.removeItem(atPath: victim)
            #expect(try await stage.mirror()["files_new"]?.integerValue == 1)
        }
    }

    @Test func aFileThatWasOnlyTouchedIsReadHereAndNotDownloaded() async throws {
        try await Stage.run(10) { stage in
            let first = try await stage.mirror()
            let victim = stage.folder + (try #require(try stage.mirrored().keys.sorted().first))
            let before = try FileManager.default.attributesOfItem(atPath: victim)[.modificationDate] as? Date
            try FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: victim)
            let second = try await stage.mirror()
            #expect(second["files_unchanged"] == first["files"])
            #expect(second["bytes_downloaded"]?.integerValue == 0)
            #expect(try FileManager.default.attributesOfItem(atPath: victim)[.modificationDate] as? Date == before)
        }
    }

    @Test func aFolderWithoutItsIndexIsRecognisedAndNothingOfItIsRemoved() async throws {
        try await Stage.run(30) { stage in
            let first = try await stage.mirror()
            try FileManager.default.removeItem(atPath: stage.folder + "/.gphotos-mirror.sqlite")
            let second = try await stage.mirror()
            #expect(second["files_unchanged"] == first["files"])
            for item in try stage.service.library.items(of: "demo") {
                try stage.service.library.updateItem(item.id, isTrashed: true)
            }
            let before = try stage.mirrored()
            #expect(try await stage.mirror("--delete --force")["removed"]?.integerValue == 0)
            #expect(try stage.mirrored() == before)
        }
    }

    @Test func anotherFileOfTheSameNameIsLeftAndReadOnce() async throws {
        try await Stage.run(10) { stage in
            // In the mirror's place, a file of the same size and another content and time.
            let item = try #require(try stage.service.library.items(of: "demo").first)
            _ = try await stage.mirror()
            let path = try #require(try stage.mirrored().first { $0.value == item.sha256 }).key
            try FileManager.default.removeItem(atPath: stage.folder + "/.gphotos-mirror.sqlite")
            let bytes = Data(repeating: 7, count: Int(item.size))
            try bytes.write(to: URL(fileURLWithPath: stage.folder + path))
            #expect(await stage.sandbox.run("mirror @demo Photos").status == 3)
            let downloads = stage.service.library.requestCount(.download)
            let outcome = await stage.sandbox.run("mirror @demo Photos")
            #expect(outcome.status == 3)
            #expect(outcome.err.contains("another file has its name"))
            #expect(stage.service.library.requestCount(.download) == downloads)
            #expect(try Data(contentsOf: URL(fileURLWithPath: stage.folder + path)) == bytes)
        }
    }

    // MARK: - Removal

    @Test func whatLeftTheLibraryStaysUntilItIsAskedForAndTooMuchNeedsForce() async throws {
        try await Stage.run(60) { stage in
            let library = stage.service.library
            let first = try await stage.mirror()
            let total = try #require(first["files"]?.integerValue)
            let items = try library.items(of: "demo")
            try library.updateItem(items[3].id, isTrashed: true)
            let stayed = try await stage.mirror()
            let gone = try #require(stayed["gone"]?.integerValue)
            #expect(gone >= 1)
            #expect(try stage.mirrored().count == Int(total))
            let removed = await stage.sandbox.run("mirror @demo Photos --delete --json")
            #expect(removed.out.contains(#"{"type":"remove","path":"/"#))
            #expect(try removed.summary()["removed"]?.integerValue == gone)
            #expect(try stage.mirrored().values.contains(items[3].sha256) == false)

            for item in items[10..<40] { try library.updateItem(item.id, isTrashed: true) }
            let before = try stage.mirrored()
            let refused = await stage.sandbox.run("mirror @demo Photos --delete")
            #expect(refused.status == 1)
            #expect(refused.err.contains("more than a tenth"))
            #expect(refused.out.contains("remove  /"))
            #expect(try stage.mirrored() == before)
            #expect(await stage.sandbox.run("mirror @demo Photos --delete --force").status == 0)
            let held = Set(try library.items(of: "demo").filter { !$0.isTrashed }.map(\.sha256))
            #expect(Set(try stage.mirrored().values) == held)
        }
    }

    @Test func onlyWhatTheMirrorWroteIsRemovedAndEmptyDirectoriesGoWithIt() async throws {
        try await Stage.run(40) { stage in
            let library = stage.service.library
            let ids = try library.addGeneratedItems(2)
            let one = try library.addAlbum("Goes/One", items: [ids[0]])
            let two = try library.addAlbum("Stays", items: [ids[1]])
            _ = try await stage.mirror()
            let album = stage.folder + "/album"
            try Data("mine".utf8).write(to: URL(fileURLWithPath: album + "/Stays/notes.txt"))
            try library.deleteAlbum(one)
            try library.deleteAlbum(two)
            #expect(try await stage.mirror("--delete --force")["removed"]?.integerValue == 2)
            #expect(!FileManager.default.fileExists(atPath: album + "/Goes"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: album + "/Stays") == ["notes.txt"])
        }
    }

    @Test func anAlbumThatCannotBeListedAndAListThatBreaksRemoveNothing() async throws {
        try await Stage.run(300) { stage in
            await stage.recheckAlbums()
            _ = try await stage.mirror()
            let before = try stage.mirrored()
            var fault = FakeFault(.status, on: .itemsSearch)
            fault.match = "Lisbon"
            fault.status = 403
            fault.count = 10
            stage.service.library.inject(fault)
            let outcome = await stage.sandbox.run("mirror @demo Photos --delete --force --json")
            let summary = try outcome.summary(status: 3)
            #expect(summary["removed"]?.integerValue == 0)
            #expect(summary["gone"]?.integerValue == 0)
            stage.service.library.clearFaults()
            fault.match = nil
            stage.service.library.inject(fault)
            #expect(await stage.sandbox.run("mirror @demo Photos --delete --force").status == 77)
            #expect(try stage.mirrored() == before)
        }
    }

    // MARK: - Trouble

    @Test func anItemThatCannotBeReadIsListedAndTheNextRunReadsIt() async throws {
        try await Stage.run { stage in
            let item = try #require(try stage.service.library.items(of: "demo").first { $0.filename.hasPrefix("IMG_") })
            var fault = FakeFault(.status, on: .download)
            fault.match = item.id
            fault.status = 404
            fault.count = 100
            stage.service.library.inject(fault)
            let outcome = await stage.sandbox.run("mirror @demo Photos")
            #expect(outcome.status == 3)
            #expect(outcome.err.contains("could not be mirrored"))
            #expect(try stage.mirrored().values.contains(item.sha256) == false)
            stage.service.library.clearFaults()
            _ = try await stage.mirror()
            #expect(try stage.mirrored().values.contains(item.sha256))
        }
    }

    @Test func aChangedItemReplacesTheFileThatTheMirrorWrote() async throws {
        try await Stage.run(10) { stage in
            let library = stage.service.library
            let album = try library.addAlbum("One", items: try library.addGeneratedItems(1))
            _ = try await stage.mirror()
            let before = try stage.mirrored().count
            // The same place, another item: an album of the same title with a photo of the same name.
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: stage.folder + "/album/One").first)
            try library.deleteAlbum(album)
            let old = try #require(try library.items(of: "demo").first { $0.filename == name })
            try library.updateItem(old.id, isTrashed: true)
            let time = old.creationTime
            var new = NewFakeItem(name, content: Array("\u{FF}\u{D8} another picture".utf8))
            new.creationTime = time
            try library.addAlbum("One", items: [try library.addItem(new)])
            // Nothing is known of the old names any more, so that the new item may have the plain name.
            try FileManager.default.removeItem(atPath: stage.sandbox.home + "/.local/state/gphotos")
            let mirror = try MirrorIndex(
                in: LocalFolder(making: stage.folder), now: Timestamp(seconds: 0), warn: { _ in })
            try mirror.setProperty("state", nil)
            mirror.close()
            _ = try await stage.mirror()
            #expect(try stage.mirrored().count == before)
            #expect(
                FileManager.default.contents(atPath: stage.folder + "/album/One/" + name).map(Array.init)
                    == new.content)
        }
    }

    @Test func aLinkInTheFolderIsNotFollowed() async throws {
        try await Stage.run(5) { stage in
            let outside = stage.sandbox.home + "/outside"
            for path in [outside, stage.folder] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            try FileManager.default.createSymbolicLink(atPath: stage.folder + "/media", withDestinationPath: outside)
            let outcome = await stage.sandbox.run("mirror @demo Photos")
            #expect(outcome.status == 3)
            #expect(outcome.err.contains("is no directory"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: outside).isEmpty)
        }
    }

    @Test func theSecondMirrorOfAFolderComesBackLater() async throws {
        try await Stage.run { stage in
            var fault = FakeFault(.stall, on: .itemsSearch)
            fault.bytes = 10
            stage.service.library.inject(fault)
            async let first = stage.sandbox.run("mirror @demo Photos")
            while stage.service.library.requestCount(.itemsSearch) == 0 { await Task.yield() }
            let second = await stage.sandbox.run("mirror @demo Photos")
            #expect(second.status == 75)
            stage.service.library.clearFaults()
            #expect(await first.status == 0)
        }
    }

    @Test func aDryRunOpensNothingAndWritesNothing() async throws {
        try await Stage.run(10) { stage in
            let outcome = await stage.sandbox.run("mirror @demo Photos --dry-run")
            #expect(outcome.status == 0)
            #expect(outcome.out.contains("new  /media/by-month/"))
            #expect(!FileManager.default.fileExists(atPath: stage.folder))
            _ = try await stage.mirror()
            let item = try #require(try stage.service.library.items(of: "demo").first)
            try stage.service.library.updateItem(item.id, isTrashed: true)
            let second = await stage.sandbox.run("mirror @demo Photos --dry-run --delete")
            #expect(second.out.contains("remove  /"))
            #expect(second.out.contains("would mirror @demo to Photos\n"))
            #expect(second.out.contains(" to be removed") && !second.out.contains("removed  /"))
            let kept = await stage.sandbox.run("mirror @demo Photos --dry-run")
            #expect(kept.out.contains("gone  /") && kept.out.contains("nothing is to be done"))
            let summary = try await stage.mirror("--dry-run --delete")
            #expect(summary["dry_run"]?.boolValue == true)
            #expect(try #require(summary["to_remove"]?.integerValue) > 0)
            #expect(summary["files"] == summary["files_unchanged"])
            #expect(try stage.mirrored().values.contains(item.sha256))
            #expect(stage.service.library.requestCount(.download) == 10)
        }
    }

    @Test(arguments: [
        ("mirror @nobody Photos", Int32(66)), ("mirror nonsense Photos", 64), ("mirror @demo /proc/nowhere", 73),
        ("mirror @demo Photos --force", 64), ("mirror @demo:/album/Nowhere Photos", 66),
        ("compare @demo nowhere", 66), ("compare @demo . --vault nowhere", 66),
    ])
    func wrongInputHasItsStatus(line: String, status: Int32) async throws {
        try await Stage.run(5) { stage in
            let outcome = await stage.sandbox.run(line)
            #expect(outcome.status == status, "\(outcome.err)")
        }
    }

    @Test func aMirrorThatIsKilledHasNoHalfFilesAndTheNextRunGoesOn() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        try await Stage.run(200) { stage in
            let library = stage.service.library
            let held = Set(try library.items(of: "demo").map(\.sha256))
            for round in 0..<8 {
                let process = Process()
                process.executableURL = URL(fileURLWithPath: Sandbox.program)
                process.arguments = ["mirror", "@demo", stage.folder, "--quiet"]
                process.environment = stage.sandbox.context(stdin: nil, environment: [:]).environment
                process.standardOutput = FileHandle.nullDevice
                process.standardError = FileHandle.nullDevice
                // Killed after so many downloads, or so much later that it gives the files their names.
                let target = library.requestCount(.download) + Int.random(in: 0..<60, using: &random)
                let spins = Int.random(in: 0..<40_000, using: &random)
                try process.run()
                while process.isRunning, library.requestCount(.download) < target { await Task.yield() }
                for _ in 0..<spins where process.isRunning { await Task.yield() }
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                for (path, hash) in try stage.mirrored() {
                    #expect(held.contains(hash), "seed \(seed), round \(round): \(path) is no whole file")
                }
            }
            let last = try await stage.mirror()
            #expect(last["errors"]?.integerValue == 0, "seed \(seed)")
            #expect(Set(try stage.mirrored().values) == held, "seed \(seed)")
            #expect(try stage.leftovers().isEmpty, "seed \(seed)")
            // All of it is the mirror's own, so that all of it can be removed.
            for item in try library.items(of: "demo") { try library.updateItem(item.id, isTrashed: true) }
            _ = try await stage.mirror("--delete --force")
            #expect(try stage.mirrored().isEmpty, "seed \(seed)")
        }
    }
}
