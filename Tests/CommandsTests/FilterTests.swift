import ConnectorKit
import FakePhotos
import StrictJSON
import Testing

@testable import Commands

/// Filters on the command line, and what they mean to a vault.
@Suite(.timeLimit(.minutes(2))) struct FilterTests {
    private func snapshots(_ stage: Stage) async throws -> [JSON] {
        let outcome = await stage.sandbox.run("snapshots --json")
        return try #require(try JSON(parsing: outcome.out).arrayValue)
    }

    @Test func aFilteredBackupIsALineOfSnapshotsOfItsOwn() async throws {
        try await Stage.run(60) { stage in
            let whole = try await stage.backup()
            let part = try await stage.backup("--favorites --exclude /album/**")
            let count = try #require(part["files"]?.integerValue)
            #expect(count > 0)
            #expect(count < whole["files"]?.integerValue ?? 0)
            // The vault has all of it.
            #expect(part["files_new"]?.integerValue == 0)
            #expect(part["bytes_downloaded"]?.integerValue == 0)
            #expect(part["errors"]?.integerValue == 0)
            // The same filters in another order: the same source, which has everything already.
            let again = try await stage.backup("--exclude /album/** --favorites")
            #expect(again["files_new"]?.integerValue == 0)
            #expect(again["files"] == part["files"])
            let sources = try await snapshots(stage).compactMap { $0["source"]?.stringValue }
            let filtered = "@demo --favorites --exclude '/album/**'"
            #expect(sources.sorted() == ["@demo", filtered, filtered])
            let unfiltered = try await stage.backup()
            #expect(unfiltered["files_new"]?.integerValue == 0)
            #expect(unfiltered["files"] == whole["files"])
        }
    }

    @Test func whatAFilterLeavesOutIsNotCarriedForward() async throws {
        try await Stage.run(300) { stage in
            _ = try await stage.backup("--quiet")
            let album = try #require(try stage.service.library.albums().first { $0.title == "Lisbon" })
            var fault = FakeFault(.status, on: .itemsSearch)
            fault.match = album.id
            fault.status = 403
            fault.count = 100
            stage.service.library.inject(fault)
            // The album fails, and the photos in it are not among the videos.
            let outcome = await stage.sandbox.run("backup @demo --type video --json")
            #expect(outcome.status == 3)
            let listed = await stage.sandbox.run("ls latest -r --json")
            let entries = try #require(try JSON(parsing: listed.out).arrayValue)
            let files = entries.filter { $0["kind"]?.stringValue == "file" }
            #expect(files.allSatisfy { $0["mime_type"]?.stringValue?.hasPrefix("video/") == true })
        }
    }

    @Test func aSettingOfTheSourceFiltersAsItsOptionDoes() async throws {
        try await Stage.run(60) { stage in
            let option = try await stage.backup("--type video")
            #expect(await stage.sandbox.run("source set demo media_type=video").status == 0)
            let setting = try await stage.backup()
            #expect(setting["files"] == option["files"])
            // The same part of the same source, whoever says so.
            #expect(setting["files_new"]?.integerValue == 0)
        }
    }

    @Test(arguments: [
        "--since yesterday", "--type sound", "--include [a", "--album-regex (", "--since 2024-02-01 --until 2024-01-01",
    ])
    func aFilterThatMakesNoSenseIsWrongUsage(arguments: String) async throws {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run("backup @demo " + arguments)
        #expect(outcome.status == 64, "\(outcome.err)")
    }

    @Test func anAlbumThatIsNotThereIsNotAnEmptySnapshot() async throws {
        try await Stage.run(20) { stage in
            let outcome = await stage.sandbox.run(["backup", "@demo", "--album", "No such album"])
            #expect(outcome.status == 66)
            #expect(outcome.err.contains("No such album"))
            let made = try await snapshots(stage)
            #expect(made.isEmpty)
        }
    }
}
