import ConnectorKit
import FakePhotos
import Foundation
import GRDB
import StrictJSON
import Testing

@testable import Commands
@testable import Vault

/// A backup of a library in which nothing has changed, by the real program.
@Suite(.timeLimit(.minutes(2)))
struct UnchangedBackupTests {
    private static func vault(_ stage: Stage) throws -> Vault {
        try Vault.open(at: stage.sandbox.home + "/vault", runtime: .live)
    }

    /// Items of the catalog that the latest snapshot has and the one before it has not. Backed up by its records, a
    /// library of which the sizes have become known has others.
    private static func newItems(_ stage: Stage) throws -> Int {
        try vault(stage).catalog.read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM entries WHERE snapshot = (SELECT max(number) FROM snapshots)
                    AND item NOT IN (SELECT item FROM entries WHERE snapshot = (
                        SELECT number FROM snapshots ORDER BY number DESC LIMIT 1 OFFSET 1))
                    """) ?? -1
        }
    }

    private static func onStage(_ body: (Stage) async throws -> Void) async throws {
        try await Stage.run(60) { stage in
            try #require(await stage.sandbox.run("source set demo catalog=true").status == 0)
            try await body(stage)
        }
    }

    @Test func itIsTheSameSnapshotAgain() async throws {
        try await Self.onStage { stage in
            let first = try await stage.backup("--vault vault")
            stage.service.library.resetStatistics()
            let second = try await stage.backup("--vault vault")
            #expect(try Self.newItems(stage) == 0)
            for count in ["files", "directories", "bytes", "errors"] {
                #expect(first[count] == second[count], "\(count)")
            }
            #expect(second["files_new"] == 0)
            #expect(second["files_unchanged"] == first["files"])
            #expect(second["items_new"] == 0)
            #expect(stage.service.library.requestCount(.download) == 0)
            let listed = await stage.sandbox.run("ls latest:/ -r --vault vault")
            #expect(listed.out.split(separator: "\n").count > 60)
            #expect(await stage.sandbox.run("check --read-data --vault vault").status == 0)
            // A third one knows the second.
            _ = try await stage.backup("--vault vault")
            #expect(try Self.newItems(stage) == 0)
        }
    }

    @Test func aChangeIsNotHidden() async throws {
        try await Self.onStage { stage in
            _ = try await stage.backup("--vault vault")
            let item = try #require(try stage.service.library.items(of: "demo").first { $0.filename.hasPrefix("IMG_") })
            try stage.service.library.updateItem(item.id, description: "by the sea")
            let second = try await stage.backup("--vault vault")
            #expect(second["items_changed"] == 1)
            #expect(try Self.newItems(stage) > 0)
            try stage.service.library.updateItem(item.id, isTrashed: true)
            let third = try await stage.backup("--vault vault")
            #expect(third["items_removed"] == 1)
            #expect((third["files"]?.integerValue ?? 0) < (second["files"]?.integerValue ?? 0))
        }
    }

    @Test func aContentThatIsGoneIsBroughtBack() async throws {
        try await Self.onStage { stage in
            // A catalog that is read again knows more than the one that is gone.
            try #require(await stage.sandbox.run("source set demo catalog=false").status == 0)
            _ = try await stage.backup("--vault vault")
            let objects = stage.sandbox.home + "/vault/objects/"
            let file = try #require(
                FileManager.default.subpathsOfDirectory(atPath: objects).first { $0.utf8.count > 2 })
            try FileManager.default.removeItem(atPath: objects + file)
            #expect(try await stage.backup("--vault vault")["files_changed"] != 0)
            #expect(await stage.sandbox.run("check --read-data --vault vault").status == 0)
            #expect(try await stage.backup("--vault vault")["files_changed"] == 0)
            #expect(try Self.newItems(stage) == 0)
        }
    }

    @Test func whatWasNotReadIsReadTheNextTime() async throws {
        try await Self.onStage { stage in
            var fault = FakeFault(.status, on: .download)
            (fault.status, fault.count) = (404, 1)
            stage.service.library.inject(fault)
            #expect(await stage.sandbox.run("backup @demo --vault vault").status == 3)
            #expect(try await stage.backup("--vault vault")["files_new"] == 1)
            _ = try await stage.backup("--vault vault")
            #expect(try Self.newItems(stage) == 0)
        }
    }

    @Test func rereadingReads() async throws {
        try await Self.onStage { stage in
            try #require(await stage.sandbox.run("source set demo catalog=false").status == 0)
            let first = try await stage.backup("--vault vault")
            stage.service.library.resetStatistics()
            let second = try await stage.backup("--vault vault --reread")
            #expect(stage.service.library.requestCount(.download) == 60)
            #expect(second["files_unchanged"] == first["files"])
        }
    }
}
