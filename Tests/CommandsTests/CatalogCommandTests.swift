import FakePhotos
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// The catalog, links and a second reading, as a person uses them.
@Suite(.timeLimit(.minutes(2))) struct CatalogCommandTests {
    private func lines(_ stage: Stage, _ file: String) async throws -> [JSON] {
        let outcome = await stage.sandbox.run("cat latest:/.gphotos/\(file)")
        try #require(outcome.status == 0, "\(outcome.err)")
        return try outcome.out.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    @Test func aBackupHoldsACatalogThatKnowsEveryHashAndStaysAsItIs() async throws {
        try await Stage.run(60) { stage in
            try #require(await stage.sandbox.run("source set demo catalog=true").status == 0)
            _ = try await stage.backup()
            // What it learnt is in the lines of the items already.
            let items = try await lines(stage, "items.jsonl")
            #expect(items.count == 60)
            let held = Dictionary(
                uniqueKeysWithValues: try stage.service.library.items(of: "demo").map { ($0.id, $0.sha256) })
            for item in items {
                #expect(item["sha256"]?.stringValue == held[item["id"]?.stringValue ?? ""])
                #expect(item["size"]?.integerValue ?? 0 > 0)
                let caveat = item["kind"]?.stringValue == "video" ? "transcoded" : "location-removed"
                #expect(item["caveats"] == [.string(caveat)])
            }
            let second = try await stage.backup()
            #expect(second["files_unchanged"] == second["files"])
            #expect(second["bytes_downloaded"]?.integerValue == 0)
            #expect(try await lines(stage, "items.jsonl") == items)

            let listed = await stage.sandbox.run("ls latest:/media -r --json")
            for entry in try #require(try JSON(parsing: listed.out).arrayValue) {
                guard let type = entry["mime_type"]?.stringValue else { continue }
                #expect(entry["caveats"] == [type.hasPrefix("video/") ? "transcoded" : "location-removed"])
            }
            #expect(try await lines(stage, "albums.jsonl").count == stage.service.library.albums().count)

            // A folder keeps it, a library needs none, and it is no difference between them.
            #expect(await stage.sandbox.run("restore latest --to out").status == 0)
            #expect(FileManager.default.fileExists(atPath: stage.sandbox.home + "/out/.gphotos/items.jsonl"))
            _ = try await stage.mirror()
            #expect(FileManager.default.fileExists(atPath: stage.folder + "/.gphotos/albums.jsonl"))
            let compared = await stage.sandbox.run("compare @demo Photos")
            #expect(compared.status == 0, "\(compared.out)")
            let restored = try await stage.sandbox.run("restore latest --to @demo2 --json").summary()
            #expect(restored["failed"]?.integerValue == 0 && restored["skipped"]?.integerValue == 0)
            #expect(try stage.service.library.items(of: "demo2").count == Set(held.values).count)
        }
    }

    @Test func albumsAsLinksLeadToTheirFilesWhereverTheyGo() async throws {
        try await Stage.run(80) { stage in
            try #require(await stage.sandbox.run("source set demo albums=links").status == 0)
            let first = try await stage.backup()
            #expect(first["errors"]?.integerValue == 0)
            #expect(stage.service.library.requestCount(.download) == 80)
            #expect(await stage.sandbox.run("restore latest --to out").status == 0)
            let mirror = try await stage.mirror()
            #expect(mirror["files"] == first["files"])
            #expect(try await stage.mirror()["files_unchanged"] == first["files"])
            for folder in [stage.sandbox.home + "/out", stage.folder] {
                var links = 0
                for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                    let type = try FileManager.default.attributesOfItem(atPath: folder + "/" + path)[.type]
                    guard type as? FileAttributeType == .typeSymbolicLink else { continue }
                    links += 1
                    #expect(path.hasPrefix("album/") || path.hasPrefix("feature/"))
                    #expect(FileManager.default.contents(atPath: folder + "/" + path)?.isEmpty == false, "\(path)")
                }
                #expect(links > 0)
            }
        }
    }

    @Test func aSecondReadingFindsWhatNoFingerprintTells() async throws {
        try await Stage.run(60) { stage in
            _ = try await stage.backup()
            _ = try await stage.mirror()
            let before = try stage.mirrored()
            // Google encodes its videos anew: nothing in a list tells of that.
            stage.service.library.updateRules { $0.transcodesVideos = true }
            #expect(try await stage.mirror()["files_new"]?.integerValue == 0)
            let mirrored = try await stage.mirror("--reread")
            #expect(mirrored["errors"]?.integerValue == 0)
            let changed = try stage.mirrored().filter { before[$0.key] != $0.value }
            #expect(!changed.isEmpty)
            #expect(mirrored["files_changed"]?.integerValue == Int64(changed.count))
            #expect(mirrored["files_new"]?.integerValue == 0)
            let backup = try await stage.backup("--reread")
            #expect(backup["files_changed"]?.integerValue == Int64(changed.count))
            #expect(backup["files_new"]?.integerValue == 0)
            #expect(try await stage.mirror()["files_new"]?.integerValue == 0)
        }
    }

    @Test func aSecondReadingDownloadsEverythingAndStoresNothing() async throws {
        try await Stage.run(30) { stage in
            let first = try await stage.backup()
            _ = try await stage.mirror()
            stage.service.library.resetStatistics()
            let again = try await stage.backup("--reread")
            #expect(stage.service.library.requestCount(.download) == 30)
            #expect(again["files_unchanged"] == first["files"])
            #expect(again["files_new"]?.integerValue == 0)
            stage.service.library.resetStatistics()
            let mirrored = try await stage.mirror("--reread")
            #expect(stage.service.library.requestCount(.download) == 30)
            #expect(mirrored["files_unchanged"] == first["files"])
            #expect(try stage.leftovers().isEmpty)
        }
    }
}
