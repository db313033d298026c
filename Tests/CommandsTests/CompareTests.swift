import FakePhotos
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// The program comparing a folder with the service.
@Suite(.timeLimit(.minutes(2)))
struct CompareTests {
    private func comparison(_ stage: Stage, _ more: String = "", status: Int32) async throws -> JSON {
        let outcome = await stage.sandbox.run("compare @demo Photos --json \(more)")
        try #require(outcome.status == status, "\(outcome.err)")
        return try JSON(parsing: outcome.out)
    }

    private func paths(_ json: JSON, _ key: String) -> [String] {
        json[key]?.arrayValue?.compactMap { $0["path"]?.stringValue } ?? []
    }

    @Test func aMirrorIsWhatTheLibraryHasAndEachDifferenceIsFound() async throws {
        try await Stage.run(40) { stage in
            _ = try await stage.mirror()
            let same = try await comparison(stage, status: 0)
            #expect(paths(same, "matches").count == (try stage.mirrored().count))
            #expect(same["matches"]?.arrayValue?.allSatisfy { $0["by"]?.stringValue == "content" } == true)

            let files = try stage.mirrored()
            let lost = try #require(files.first { $0.key.hasPrefix("/media/") })
            for path in files.filter({ $0.value == lost.value }).keys {
                try FileManager.default.removeItem(atPath: stage.folder + path)
            }
            let other = try #require(try stage.mirrored().first)
            try FileManager.default.copyItem(
                atPath: stage.folder + other.key, toPath: stage.folder + "/copy of it.jpg")
            try Data("mine".utf8).write(to: URL(fileURLWithPath: stage.folder + "/notes.txt"))
            let found = try await comparison(stage, "--links report", status: 1)
            #expect(paths(found, "missing") == [lost.key])
            #expect(paths(found, "extra") == ["/notes.txt"])
            #expect(paths(found, "duplicates") == ["/copy of it.jpg"])

            let report = stage.sandbox.home + "/report"
            let link = report + "/extra_files/notes.txt"
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: link) == stage.folder + "/notes.txt")
            #expect(try Data(contentsOf: URL(fileURLWithPath: report + "/duplicates/copy of it.jpg")).isEmpty == false)
            #expect(
                try String(contentsOfFile: report + "/missing_files.txt", encoding: .utf8) == lost.key + "\n")
            // A report is not written over another.
            #expect(await stage.sandbox.run("compare @demo Photos --links report").status == 73)
            #expect(stage.service.library.requestCount(.download) == 40)
        }
    }

    @Test func theVaultsHashesFindAFileUnderAnyNameAndTime() async throws {
        try await Stage.run(20) { stage in
            _ = try await stage.backup()
            #expect(await stage.sandbox.run("restore latest:/media --to Photos").status == 0)
            let folder = try FileManager.default.subpathsOfDirectory(atPath: stage.folder)
            let first = try #require(folder.first { $0.hasSuffix(".jpg") })
            try FileManager.default.moveItem(
                atPath: stage.folder + "/" + first, toPath: stage.folder + "/renamed.bin")
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: stage.folder + "/renamed.bin")
            let found = try await comparison(stage, status: 0)
            #expect(paths(found, "matches").contains("/renamed.bin"))
        }
    }

    @Test func withoutHashesNamesAndTimesTellAndWhatCannotBeListedIsSaid() async throws {
        try await Stage.run(300) { stage in
            await stage.recheckAlbums()
            _ = try await stage.mirror()
            try FileManager.default.removeItem(atPath: stage.folder + "/.gphotos-mirror.sqlite")
            let found = try await comparison(stage, status: 0)
            let evidence = Set(found["matches"]?.arrayValue?.compactMap { $0["by"]?.stringValue } ?? [])
            #expect(evidence.isSubset(of: ["name, size and date", "name and date"]) && !evidence.isEmpty)
            var fault = FakeFault(.status, on: .itemsSearch)
            fault.match = "Lisbon"
            fault.status = 403
            fault.count = 10
            stage.service.library.inject(fault)
            let outcome = await stage.sandbox.run("compare @demo Photos")
            #expect(outcome.status == 3)
            #expect(outcome.err.contains("Lisbon"))
        }
    }
}
