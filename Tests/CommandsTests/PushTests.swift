import FakePhotos
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// A folder becomes an album, as a person does it.
@Suite(.timeLimit(.minutes(2)))
struct PushTests {
    private let push = "push Pictures --to @demo2:/album/Trip --json"

    @Test func aFolderBecomesAnAlbumInTheOrderOfItsNames() async throws {
        try await Stage.run(12) { stage in
            let pictures = try stage.pictures(12)
            // By bytes, IMG_10 would come before IMG_2.
            for (number, picture) in pictures.enumerated() { try stage.put(picture, at: "IMG_\(number + 1).jpg") }
            let summary = try await stage.sandbox.run(push).summary()
            #expect(summary["command"] == "push")
            #expect(summary["stored"] == 12)
            #expect(summary["bytes"]?.integerValue == Int64(pictures.reduce(0) { $0 + $1.count }))
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2") == pictures.map(Stage.hash))
            let items = try stage.service.library.items(of: "demo2")
            #expect(items.map(\.filename).sorted() == (1...12).map { "IMG_\($0).jpg" }.sorted())
        }
    }

    @Test func aSecondPushCreatesNothingAndSaysSo() async throws {
        try await Stage.run(5) { stage in
            for (number, picture) in try stage.pictures(5).enumerated() { try stage.put(picture, at: "\(number).jpg") }
            #expect(await stage.sandbox.run("push Pictures --to @demo2:/album/Trip").status == 0)
            stage.service.library.resetStatistics()
            let again = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip")
            #expect(again.status == 0)
            #expect(again.out.contains("0 stored, 5 unchanged"))
            #expect(again.out.contains("nothing has changed, so that nothing was created"))
            for endpoint in [Endpoint.uploads, .itemsBatchCreate, .albumsCreate, .albumsBatchAdd] {
                #expect(stage.service.library.requestCount(endpoint) == 0, "\(endpoint)")
            }
        }
    }

    @Test func foldersBecomeAlbumsAndWhatIsNoPictureIsSkippedWithItsReason() async throws {
        try await Stage.run(4) { stage in
            let pictures = try stage.pictures(4)
            try stage.put(pictures[0], at: "a.jpg")
            try stage.put(pictures[1], at: "Day 1/b.jpg")
            try stage.put(pictures[2], at: ".hidden.jpg")
            try stage.put(pictures[3], at: ".gphotos/c.jpg")
            try stage.put(Array("{}".utf8), at: "a.jpg.json")
            try stage.put(Array("<x/>".utf8), at: "Day 1/b.xmp")
            let outcome = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip")
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.out.contains("2 stored"))
            #expect(outcome.out.contains("skipped: 2 hidden, 2 sidecars"))
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2") == [Stage.hash(pictures[0])])
            #expect(try stage.hashes(ofAlbum: "Trip/Day 1", account: "demo2") == [Stage.hash(pictures[1])])
            #expect(try stage.service.library.albums(of: "demo2").count == 2)
        }
    }

    @Test func aLinkToAFileInTheFolderIsThatFileAndAnotherIsLeftOut() async throws {
        try await Stage.run(2) { stage in
            let pictures = try stage.pictures(2)
            try stage.put(pictures[0], at: "all/a.jpg")
            try stage.put(pictures[1], at: "../outside.jpg")
            let files = FileManager.default
            let links = [
                "best.jpg": "all/a.jpg", "away.jpg": "../outside.jpg", "circle": "..", "broken.jpg": "nothing.jpg",
            ]
            for (name, target) in links {
                try files.createSymbolicLink(atPath: stage.pushed + "/" + name, withDestinationPath: target)
            }
            let outcome = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip")
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.err.contains("/away.jpg: skipped"))
            #expect(outcome.out.contains("3 links"))
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2") == [Stage.hash(pictures[0])])
            #expect(try stage.hashes(ofAlbum: "Trip/all", account: "demo2") == [Stage.hash(pictures[0])])
            #expect(stage.service.library.requestCount(.uploads) == 1)
        }
    }

    @Test func aFileThatCannotBeReadIsListedAndTheOthersGo() async throws {
        try await Stage.run(2) { stage in
            let pictures = try stage.pictures(2)
            try stage.put(pictures[0], at: "a.jpg")
            // A name that is no UTF-8 cannot be sent under it; permissions would not stop root.
            let name = Array((stage.pushed + "/b").utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
            let descriptor = open(name, O_WRONLY | O_CREAT, 0o600)
            try #require(descriptor >= 0)
            close(descriptor)
            let outcome = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip --delete")
            #expect(outcome.status == 3)
            #expect(outcome.err.contains("its name is no UTF-8"))
            #expect(outcome.out.contains("1 stored"))
            #expect(outcome.out.contains("nothing was removed, since some files are missing"))
        }
    }

    @Test func intoTheLibraryWithoutAnAlbum() async throws {
        try await Stage.run(2) { stage in
            let pictures = try stage.pictures(2)
            try stage.put(pictures[0], at: "a.jpg")
            try stage.put(pictures[1], at: "album/b/c.jpg")
            let summary = try await stage.sandbox.run("push Pictures --to @demo2 --json").summary()
            #expect(summary["stored"] == 2)
            #expect(try stage.service.library.albums(of: "demo2").isEmpty)
            #expect(try stage.service.library.items(of: "demo2").count == 2)
        }
    }

    @Test(arguments: [
        ("push Pictures --to @demo2 --delete", 64), ("push Pictures --to @demo2:/media/all", 64),
        ("push Pictures --to @demo2:/album", 64), ("push Pictures --to Elsewhere", 64),
        ("push Pictures --to googlephotos:///album/Trip", 64), ("push Pictures --to @demo2:/album/Trip --force", 64),
        ("push Nothing --to @demo2:/album/Trip", 66), ("push Pictures --to @nobody:/album/Trip", 66),
    ])
    func whatMakesNoSenseIsSaidBeforeAnythingIsDone(line: String, status: Int32) async throws {
        try await Stage.run(1) { stage in
            try stage.put(try stage.pictures(1)[0], at: "a.jpg")
            let outcome = await stage.sandbox.run(line)
            #expect(outcome.status == status, "\(outcome.err)")
            #expect(stage.service.library.requestCount(.uploads) == 0)
        }
    }

    @Test func aSecondPushToTheAccountComesBackLater() async throws {
        try await Stage.run(2) { stage in
            for (number, picture) in try stage.pictures(2).enumerated() { try stage.put(picture, at: "\(number).jpg") }
            var fault = FakeFault(.stall, on: .uploads)
            fault.bytes = 10
            stage.service.library.inject(fault)
            async let first = stage.sandbox.run("push Pictures --to @demo2:/album/Trip")
            await stage.service.library.wait { stage.service.library.faultCount(.stall) > 0 }
            let second = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip")
            #expect(second.status == 75, "\(second.err)")
            #expect(second.err.contains("another run is writing to this account"))
            #expect(second.err.split(separator: "\n").count <= 2, "\(second.err)")
            stage.service.library.clearFaults()
            #expect(await first.status == 0)
        }
    }

    @Test func whatTheFolderHasNoMoreLeavesTheAlbumAndStaysInTheLibrary() async throws {
        try await Stage.run(20) { stage in
            let pictures = try stage.pictures(20)
            for (number, picture) in pictures.enumerated() { try stage.put(picture, at: "\(number).jpg") }
            #expect(await stage.sandbox.run("push Pictures --to @demo2:/album/Trip").status == 0)
            for number in [3, 7] { try FileManager.default.removeItem(atPath: stage.pushed + "/\(number).jpg") }

            // Without --delete it stays.
            #expect(await stage.sandbox.run("push Pictures --to @demo2:/album/Trip").status == 0)
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2")?.count == 20)

            let look = try await stage.sandbox.run(push + " --delete --dry-run").summary()
            #expect(look["to_remove"] == 2)
            #expect(look["dry_run"] == true)
            #expect(stage.service.library.requestCount(.albumsBatchRemove) == 0)

            let done = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip --delete")
            #expect(done.status == 0, "\(done.err)")
            #expect(done.out.contains("2 items removed from the album; in the library, they stay"))
            let rest = pictures.enumerated().filter { ![3, 7].contains($0.offset) }.map { Stage.hash($0.element) }
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2") == rest)
            #expect(try stage.service.library.items(of: "demo2").count == 20)

            for number in 10..<13 { try FileManager.default.removeItem(atPath: stage.pushed + "/\(number).jpg") }
            let refused = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip --delete")
            #expect(refused.status == 1)
            #expect(refused.err.contains("more than a tenth"))
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2") == rest)
            let forced = try await stage.sandbox.run(push + " --delete --force").summary()
            #expect(forced["removed"] == 3)
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2")?.count == 15)
        }
    }

    @Test func aDryRunSaysWhatItWouldTakeAndWritesNothing() async throws {
        try await Stage.run(3) { stage in
            let pictures = try stage.pictures(3)
            try stage.put(pictures[0], at: "a.jpg")
            try stage.put(pictures[1], at: "b.jpg")
            try stage.put(pictures[2], at: "sub/c.jpg")
            try stage.put(pictures[0], at: "sub/twin.jpg")
            let look = try await stage.sandbox.run(push + " --dry-run").summary()
            #expect(look["albums_to_create"] == 2)
            #expect(look["uploads"] == 3)
            #expect(look["bytes_to_upload"]?.integerValue == Int64(pictures.reduce(0) { $0 + $1.count }))
            #expect(look["days_by_quota"] == 1)
            #expect(look["stored"] == 4)
            let text = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip --dry-run")
            #expect(text.out.contains("would push Pictures to @demo2:/album/Trip"))
            #expect(text.out.contains("2 albums to create, 3 uploads of"))
            for name in ["/a.jpg", "/b.jpg", "/sub/c.jpg", "/sub/twin.jpg"] {
                #expect(text.out.contains("new  \(name)\n"), "\(text.out)")
            }
            for endpoint in [Endpoint.uploads, .itemsBatchCreate, .albumsCreate, .albumsBatchAdd] {
                #expect(stage.service.library.requestCount(endpoint) == 0, "\(endpoint)")
            }
            // What was foreseen is what is done.
            stage.service.library.resetStatistics()
            let done = try await stage.sandbox.run(push).summary()
            #expect(done["stored"] == look["stored"])
            #expect(stage.service.library.requestCount(.uploads) == 3)
            #expect(try stage.service.library.albums(of: "demo2").count == 2)
            let nothing = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip --dry-run")
            #expect(nothing.out.contains("there is nothing to do"), "\(nothing.out)")
            #expect(!nothing.out.contains("new  "))
        }
    }

    @Test(arguments: ["copies", "links"])
    func aRestoreOfAWholeLibraryForeseesItsRequests(kind: String) async throws {
        try await Stage.run(300) { stage in
            #expect(await stage.sandbox.run("source set demo albums=\(kind) catalog=true").status == 0)
            // A machine that is busy would send batches early that are not full.
            #expect(await stage.sandbox.run("destination set demo2 batch_timeout=1m").status == 0)
            _ = try await stage.backup()
            let look = try await stage.sandbox.run("restore latest --to @demo2 --dry-run --json").summary()
            let done = try await stage.sandbox.run("restore latest --to @demo2 --json").summary()
            #expect(look["stored"] == done["stored"] && look["unchanged"] == done["unchanged"], "\(look) \(done)")
            let expected = try #require(look["requests_expected"]?.integerValue)
            let spent = try #require(done["api_requests"]?.integerValue)
            #expect(expected >= spent, "expected \(expected), spent \(spent)")
            #expect(expected <= spent + spent / 20 + 4, "expected \(expected), spent \(spent)")
        }
    }

    @Test func aRestoreSaysBeforehandWhatItWouldTake() async throws {
        try await Stage.run(120) { stage in
            _ = try await stage.backup()
            let line = "restore latest:/album/Lisbon --to @demo2:/album/Lisbon"
            let look = try await stage.sandbox.run(line + " --dry-run --json").summary()
            #expect(look["command"] == "restore")
            #expect(look["albums_to_create"] == 1)
            #expect(look["uploads"] == look["files"])
            #expect(try stage.service.library.items(of: "demo2", hashing: false).isEmpty)
            let text = await stage.sandbox.run(line + " --dry-run")
            #expect(text.out.contains("1 album to create"))
            #expect(await stage.sandbox.run(line).status == 0)
            let again = try await stage.sandbox.run(line + " --dry-run --json").summary()
            #expect(again["uploads"] == 0)
            #expect(again["albums_to_create"] == 0)
            #expect(again["unchanged"] == look["files"])
        }
    }

    @Test func aFullAccountEndsThePushWithOneReasonAndItGoesOnWhenThereIsRoom() async throws {
        try await Stage.run(70) { stage in
            let pictures = try stage.pictures(70)
            for (number, picture) in pictures.enumerated() { try stage.put(picture, at: "\(number).jpg") }
            // Room for the first fifty, which is one batch.
            let room = Int64(pictures.prefix(60).reduce(0) { $0 + $1.count })
            stage.service.library.updateRules { $0.storageLimit = room }
            let full = await stage.sandbox.run("push Pictures --to @demo2:/album/Trip")
            #expect(full.status == 75, "\(full.err)")
            #expect(full.out.contains("went in;"))
            #expect(full.out.contains("are left"))
            #expect(full.err.split(separator: "\n").count <= 2, "\(full.err)")
            stage.service.library.updateRules { $0.storageLimit = nil }
            let rest = try await stage.sandbox.run(push).summary()
            #expect(rest["failed"] == 0)
            #expect(rest["left"] == 0)
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2") == pictures.map(Stage.hash))
            #expect(try stage.service.library.items(of: "demo2").count == 70)
        }
    }
}

extension Stage {
    /// The folder that is pushed.
    var pushed: String { sandbox.home + "/Pictures" }

    func put(_ bytes: [UInt8], at path: String) throws {
        let file = URL(fileURLWithPath: pushed + "/" + path)
        try FileManager.default.createDirectory(at: URL(fileURLWithPath: pushed), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    /// So many different pictures of the source.
    func pictures(_ count: Int) throws -> [[UInt8]] {
        let library = try FakeLibrary(options: .empty)
        return try library.addGeneratedItems(count * 2).compactMap { library.content(ofItem: $0) }
            .filter { $0.starts(with: [0xFF, 0xD8]) }.prefix(count).map { $0 }
    }
}
