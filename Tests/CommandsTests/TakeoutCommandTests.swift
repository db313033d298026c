import Foundation
import StrictJSON
import TakeoutSupport
import Testing

@testable import Commands

/// Whole commands on exports, with the connector as a process of its own.
@Suite struct TakeoutCommandTests {
    private let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
        try FileManager.default.createDirectory(atPath: sandbox.home + "/exports", withIntermediateDirectories: true)
    }

    private func write(_ count: Int, stamp: String, packing: TakeoutBuilder.Packing, parts: Int = 1) throws {
        var builder = TakeoutBuilder()
        for index in 0..<count {
            var item = TakeoutBuilder.Item(
                "IMG_\(index).jpg", Array(repeating: UInt8(index), count: 2000 + index),
                taken: 1_700_000_000 + Int64(index) * 86400)
            item.albums = index % 2 == 0 ? ["Lisbon"] : []
            builder.add(item)
        }
        try builder.write(to: sandbox.home + "/exports", stamp: stamp, parts: parts, packing: packing)
    }

    @Test func exportsAreBackedUpAndTheNextOneAddsWhatIsNew() async throws {
        try write(6, stamp: "20260301T101500Z", packing: .zip, parts: 2)
        let location = "takeout://\(sandbox.home)/exports"
        let first = await sandbox.run("backup \(location) --json")
        #expect(first.status == 0, "\(first.err)")
        // Nine places, and the two files of the catalog.
        #expect(first.out.contains(#""files_new":11"#), "\(first.out)")
        try write(8, stamp: "20260401T101500Z", packing: .tgz)
        let second = await sandbox.run("backup \(location) --json")
        #expect(second.status == 0, "\(second.err)")
        #expect(second.out.contains(#""files_new":3,"files_unchanged":9,"files_changed":2"#), "\(second.out)")
        let check = await sandbox.run("check --read-data")
        #expect(check.status == 0, "\(check.out)")
        let cat = await sandbox.run("cat latest:/album/Lisbon/IMG_6.jpg")
        #expect(cat.out.utf8.count == 2006)
    }

    @Test func aMissingPartIsExitStatus3() async throws {
        try write(6, stamp: "20260301T101500Z", packing: .zip, parts: 3)
        try FileManager.default.removeItem(atPath: sandbox.home + "/exports/takeout-20260301T101500Z-001.zip")
        let backup = await sandbox.run("backup takeout://\(sandbox.home)/exports")
        #expect(backup.status == 3, "\(backup.err)")
        #expect(backup.err.contains("takeout-20260301T101500Z-001"))
        let inspect = await sandbox.run("takeout inspect exports")
        #expect(inspect.status == 3)
        #expect(inspect.out.contains("problem: takeout-20260301T101500Z-001: this part of the export is missing"))
    }

    @Test func aSourceOfExportsNeedsNoSignIn() async throws {
        try write(4, stamp: "20260301T101500Z", packing: .zip)
        let add = await sandbox.run("source add old takeout://\(sandbox.home)/exports")
        #expect(add.status == 0, "\(add.err)")
        let ping = await sandbox.run("source ping old")
        #expect(ping.out == "old: reached, readable\n", "\(ping.err)")
        let list = await sandbox.run("source ls old:/album/Lisbon")
        #expect(list.out.contains("/album/Lisbon/IMG_2.jpg") && !list.out.contains("/media"), "\(list.err)")
        let refused = await sandbox.run("source add other takeout://exports")
        #expect(refused.status == 78)
    }

    @Test func aFilteredBackupOfExportsIsALineOfSnapshotsOfItsOwn() async throws {
        try write(6, stamp: "20260301T101500Z", packing: .zip)
        let location = "takeout://\(sandbox.home)/exports"
        let album = await sandbox.run("backup \(location) --album Lisbon --until 2023-11-16 --json")
        #expect(album.status == 0, "\(album.err)")
        #expect(album.out.contains(#""files":6"#), "\(album.out)")
        let whole = await sandbox.run("backup \(location) --json")
        // The vault has four of the nine places, and the line of the album.
        #expect(whole.out.contains(#""files_new":6,"files_unchanged":5"#), "\(whole.out)")
        let snapshots = await sandbox.run("snapshots --json")
        #expect(snapshots.out.contains("\(location) --album Lisbon --until 2023-11-16"), "\(snapshots.out)")
        let missing = await sandbox.run("backup \(location) --album Porto")
        #expect(missing.status == 66)
        // As a setting of a source, and with the layout of gphotos-sync.
        let add = await sandbox.run("source add old \(location) layout=gphotos-sync album=Lisbon until=2023-11-16")
        #expect(add.status == 0, "\(add.err)")
        let list = await sandbox.run("source ls old:/albums -r")
        #expect(list.out.contains("/albums/2023/1118 Lisbon/0001_IMG_0.jpg"), "\(list.out)\(list.err)")
        #expect(!list.out.contains("IMG_4.jpg") && !list.out.contains("/photos"))
    }

    @Test func nothingIsWrittenToExports() async throws {
        let location = "takeout://\(sandbox.home)/exports"
        let add = await sandbox.run("destination add old \(location)")
        #expect(add.status == 78)
        #expect(add.err.contains("exports are a source"), "\(add.err)")
        try write(2, stamp: "20260301T101500Z", packing: .zip)
        #expect(await sandbox.run("backup \(location)").status == 0)
        #expect(await sandbox.run("restore latest --to \(location)").status == 64)
    }

    @Test func doctorLooksAtExportsAndLoginSaysThatTheyNeedNone() async throws {
        try write(4, stamp: "20260301T101500Z", packing: .zip)
        #expect(await sandbox.run("source add old takeout://\(sandbox.home)/exports").status == 0)
        let sound = await sandbox.run("doctor --offline")
        #expect(sound.status == 0, "\(sound.out)")
        #expect(sound.out.contains("source old: the exports are there"))
        let login = await sandbox.run("login old")
        #expect(login.status == 78)
        #expect(login.err.contains("need no sign-in"), "\(login.err)")
        try FileManager.default.removeItem(atPath: sandbox.home + "/exports/takeout-20260301T101500Z-001.zip")
        let empty = await sandbox.run("doctor")
        #expect(empty.status == 1)
        #expect(empty.out.contains("there is no export in"), "\(empty.out)")
    }

    @Test func inspectTellsWhatIsThere() async throws {
        try write(6, stamp: "20260301T101500Z", packing: .zip, parts: 2)
        let inspect = await sandbox.run("takeout inspect exports --json")
        #expect(inspect.status == 0, "\(inspect.err)")
        let json = try JSON(parsing: Array(inspect.out.utf8))
        #expect(json["items"] == 6)
        #expect(json["matched"] == 6 && json["guessed"] == 0 && json["unmatched"] == 0)
        #expect(json["albums"] == 1 && json["duplicates"] == 3)
        #expect(json["parts"]?.arrayValue?.count == 2)
        let text = await sandbox.run("takeout inspect exports")
        #expect(text.out.contains("6 items, 11.7 KiB, in 1 album; 3 copies"), "\(text.out)")
        let nothing = await sandbox.run("takeout inspect nowhere")
        #expect(nothing.status == 66)
    }

    @Test func aFolderWithoutAnExportIsAnError() async throws {
        let other = sandbox.home + "/other/letters"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        let empty = await sandbox.run("takeout inspect other")
        #expect(empty.status == 66 && empty.out.isEmpty)
        #expect(empty.err.contains("there is no export of Google Photos in \(sandbox.home)/other"), "\(empty.err)")
        try Data("Dear all".utf8).write(to: URL(fileURLWithPath: other + "/letter.txt"))
        let letters = await sandbox.run("takeout inspect other --json")
        #expect(letters.status == 66 && letters.out.isEmpty)
        #expect(letters.err.contains("not-found") && letters.err.contains("1 file of other kinds"), "\(letters.err)")
        #expect(await sandbox.run("backup takeout://\(sandbox.home)/other").status == 66)
        // What is there and cannot be read is no missing export.
        try Data("PK, but no zip".utf8)
            .write(to: URL(fileURLWithPath: sandbox.home + "/other/takeout-20260301T101500Z-001.zip"))
        let damaged = await sandbox.run("takeout inspect other")
        #expect(damaged.status == 65 && damaged.out.contains("problem: "), "\(damaged.err)")
    }

    @Test func whatWasLearntIsLearntAgainWhereItIsDamaged() async throws {
        try write(6, stamp: "20260301T101500Z", packing: .zip, parts: 2)
        let first = await sandbox.run("takeout inspect exports")
        #expect(await sandbox.run("backup takeout://\(sandbox.home)/exports").status == 0)
        let state = sandbox.home + "/.local/state/gphotos"
        func databases() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: state).filter { $0.hasSuffix(".sqlite") }.sorted()
        }
        // The catalog of the exports, and the names of what they hold.
        #expect(try databases().count == 2)
        for name in try databases() {
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: state + "/" + name + suffix) }
            try Data("this is no database, but a letter home".utf8).write(to: URL(fileURLWithPath: state + "/" + name))
        }
        let inspect = await sandbox.run("takeout inspect exports")
        #expect(inspect.status == 0 && inspect.out == first.out)
        #expect(inspect.err.contains("nothing but that time is lost"), "\(inspect.err)")
        let backup = await sandbox.run("backup takeout://\(sandbox.home)/exports --json")
        #expect(backup.err.contains("learnt anew from the exports"), "\(backup.err)")
        let summary = try backup.summary()
        #expect(summary["files_new"]?.integerValue == 0 && summary["errors"]?.integerValue == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: state)
        #expect(names.count { $0.contains(".damaged-") } == 2)
    }
}
