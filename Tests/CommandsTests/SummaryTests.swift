import FakePhotos
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// What runs count, and what they would do.
struct SummaryTests {
    private func count(_ name: String, _ summary: JSON) -> Int64 { summary[name]?.integerValue ?? -1 }

    /// Every file and link of a snapshot is in one count, and in one only.
    private func expectWhole(_ summary: JSON, failed: Int64 = 0) {
        let parts = ["files_new", "files_changed", "files_unchanged", "files_carried"].map { count($0, summary) }
        #expect(parts.reduce(0, +) + failed == count("files", summary), "\(summary)")
    }

    @Test func linksAndTheCatalogAreCounted() async throws {
        try await Stage.run(60) { stage in
            #expect(await stage.sandbox.run("source set demo albums=links catalog=true").status == 0)
            let first = try await stage.backup()
            expectWhole(first)
            #expect(count("links", first) > 0)
            #expect(first["files_new"] == first["files"])
            let second = try await stage.backup()
            expectWhole(second)
            #expect(count("files_new", second) == 0)
            #expect(second["files_unchanged"] == first["files"])
            #expect(second["links"] == first["links"])
            // A description is in the catalog, and makes the item itself another.
            let item = try #require(try stage.service.library.items(of: "demo").first { $0.filename.hasPrefix("IMG_") })
            try stage.service.library.updateItem(item.id, description: "by the sea")
            let third = try await stage.backup()
            expectWhole(third)
            #expect(count("files_changed", third) > 0)
            #expect(count("files_new", third) == 0)
            let outcome = await stage.sandbox.run("backup @demo")
            #expect(
                outcome.out.contains("  0 new, \(try #require(first["files"]?.integerValue)) unchanged, 0 errors; "))
            #expect(outcome.out.contains(" links among them\n"))
            for round in 1...2 {
                let mirrored = try await stage.mirror()
                let sum = ["files_new", "files_changed", "files_unchanged"].map { count($0, mirrored) }.reduce(0, +)
                #expect(sum == count("files", mirrored))
                #expect(mirrored["links"] == first["links"])
                #expect(count("files_new", mirrored) == (round == 1 ? count("files", mirrored) : 0))
            }
        }
    }

    @Test func whatIsCarriedOverIsCounted() async throws {
        try await Stage.run(60) { stage in
            await stage.recheckAlbums()
            _ = try await stage.backup()
            let item = try #require(try stage.service.library.items(of: "demo").first { $0.filename.hasPrefix("IMG_") })
            var fault = FakeFault(.status, on: .download)
            fault.match = item.id
            fault.status = 404
            fault.count = 100
            stage.service.library.inject(fault)
            let summary = try await stage.sandbox.run("backup @demo --json --reread").summary(status: 3)
            expectWhole(summary)
            #expect(count("files_carried", summary) > 0)
            let text = await stage.sandbox.run("backup @demo --reread")
            #expect(text.out.contains(" kept from the snapshot before, "))
            let lines = text.err.split(separator: "\n")
            let heading = try #require(
                lines.firstIndex { $0.hasPrefix("error: ") && $0.hasSuffix("could not be read:") })
            #expect(lines[(heading + 1)...].allSatisfy { $0.hasPrefix("  /") }, "\(text.err)")
            #expect(lines.count == heading + 1 + Int(count("errors", summary)))
        }
    }

    @Test func aDryRunSaysWhatWouldBeDone() async throws {
        try await Stage.run(20) { stage in
            let first = await stage.sandbox.run("backup @demo --dry-run")
            #expect(first.status == 0)
            #expect(first.out.contains("new  /media/by-month/") && first.out.contains("would back up @demo\n"))
            #expect(!FileManager.default.fileExists(atPath: stage.sandbox.home + "/.local/share/gphotos"))
            let files = try await stage.backup()["files"]?.integerValue
            let second = await stage.sandbox.run("backup @demo --dry-run")
            #expect(
                second.out.hasPrefix(
                    """
                    would back up @demo
                      \(try #require(files)) files: 0 new, 0 changed, \(try #require(files)) unchanged
                      nothing is to be done

                    """), "\(second.out)")
            let json = await stage.sandbox.run("backup @demo --dry-run --json")
            let lines = try json.out.split(separator: "\n").map { try JSON(parsing: String($0)) }
            #expect(lines.allSatisfy { $0["type"]?.stringValue != nil })
            #expect(lines.dropLast().allSatisfy { $0["change"]?.stringValue == "unchanged" })
            let summary = try json.summary()
            #expect(summary["command"]?.stringValue == "backup" && summary["dry_run"]?.boolValue == true)
            #expect(summary["files_unchanged"]?.integerValue == files)
            #expect(stage.service.library.requestCount(.download) == 20)
        }
    }
}
