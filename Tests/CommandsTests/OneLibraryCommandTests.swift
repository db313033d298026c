import FakePhotos
import Foundation
import Testing

@testable import Commands

/// The API and Takeout exports as one source, with the whole program.
@Suite struct OneLibraryCommandTests {
    @Test func exportsAddedToASourceBringTheOriginalsUnderTheSameNames() async throws {
        try await Stage.run(60) { stage in
            stage.service.library.updateRules {
                $0.stripsLocation = true
                $0.transcodesVideos = true
            }
            _ = try await stage.backup()
            let before = await stage.sandbox.run("ls latest:/ -r --json")
            var plan = TakeoutPlan()
            plan.hasExtras = false
            plan.packing = .tgz
            try stage.service.library.writeTakeout(to: stage.sandbox.home + "/exports", plan: plan)
            let set = await stage.sandbox.run("source set demo takeout=\(stage.sandbox.home)/exports")
            #expect(set.status == 0, "\(set.err)")
            let backup = await stage.sandbox.run("backup @demo -v")
            #expect(backup.status == 0, "\(backup.err)")
            let both = try #require(backup.err.split(separator: "\n").first { $0.contains("by both ways") })
            #expect(both.contains("60 items by both ways, 0 only by Takeout, 0 only by the API"), "\(both)")
            let after = await stage.sandbox.run("ls latest:/ -r --json")
            func paths(_ text: String) -> [Substring] {
                text.split(separator: "\"path\":\"").dropFirst().compactMap { $0.split(separator: "\"").first }.sorted()
            }
            #expect(paths(before.out) == paths(after.out))
            // Every photo is the original now.
            for item in try stage.service.library.items() {
                #expect(after.out.contains(item.sha256), "\(item.filename)")
            }
            let again = try await stage.backup()
            #expect(again["files_new"]?.integerValue == 0, "\(again)")
        }
    }
}
