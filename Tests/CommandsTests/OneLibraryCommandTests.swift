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

    @Test func whatWasChosenForTheVaultIsAPartOfTheLibraryWithoutAnotherChoice() async throws {
        try await Stage.run(8) { stage in
            let library = stage.service.library
            library.updateRules { $0.pickerPollMilliseconds = 1 }
            library.addClient(id: "other", secret: "x")
            var hidden: [String] = []
            for name in ["one.jpg", "two.jpg"] {
                var item = NewFakeItem(name)
                item.clientID = "other"
                hidden.append(try library.addItem(item))
            }
            // A source of its own first, of the same account.
            _ = await stage.sandbox.run("source import demo:chosen", stdin: try stage.service.rcloneConfig())
            _ = await stage.sandbox.run("source set chosen location=picker:// account=me catalog=false")
            library.willPick(hidden)
            #expect(await stage.sandbox.run("backup @chosen").status == 0)
            let alone = await stage.sandbox.run("backup @demo --choose")
            #expect(alone.status == 64 && alone.err.contains("picker=true"))
            #expect(await stage.sandbox.run("source set demo account=me picker=true").status == 0)
            library.resetStatistics()
            let backup = await stage.sandbox.run("backup @demo")
            #expect(backup.status == 0, "\(backup.err)")
            #expect(backup.err.contains("0 items by both ways, 2 only by the Picker, 8 only by the API"))
            #expect(library.requestCount(.pickerDownload) == 0)
            let listed = await stage.sandbox.run("ls latest -r")
            #expect(listed.out.contains("/one.jpg") && listed.out.contains("/two.jpg"))
            #expect(await stage.sandbox.run("check --read-data").status == 0)
            // More of it, by this source.
            var third = NewFakeItem("three.jpg")
            third.clientID = "other"
            library.willPick([try library.addItem(third)])
            let more = try await stage.backup("--choose --max-items 5")
            #expect(more["files_new"]?.integerValue == 1 && more["errors"]?.integerValue == 0)
            let last = try await stage.backup()
            #expect(last["files_new"]?.integerValue == 0 && last["errors"]?.integerValue == 0)
            #expect(library.requestCount(.pickerCreate) == 1 && library.pickerSessions.isEmpty)
            let status = await stage.sandbox.run("sources status")
            #expect(status.out.contains("and what you chose in the Picker"), "\(status.out)")
            #expect(status.out.contains("3 items that you chose"))
            #expect(!status.out.contains("Picker: whatever you choose"))
        }
    }
}
