import ConnectorKit
import FakePhotos
import Foundation
import StrictJSON
import TakeoutSupport
import Testing

@testable import Commands

@Suite(.timeLimit(.minutes(2)))
struct SourcesStatusTests {
    @Test func withNothingSetUpItExplainsTheWays() async throws {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run("sources status")
        #expect(outcome.status == 0 && outcome.err.isEmpty)
        #expect(outcome.out.hasPrefix("Since 31 March 2025 Google's Library API shows an app only what"))
        for line in [
            "Takeout: the whole library", "  gphotos backup takeout:///FOLDER", "Picker: whatever you choose",
            "  gphotos source add chosen picker:// client_id=ID", "Library API: by itself", "  gphotos login mine",
        ] {
            #expect(outcome.out.contains("\n" + line), "\(line)")
        }
        let json = try JSON(parsing: await sandbox.run("sources status --json").out)
        #expect(json["sources"] == [])
        #expect(
            json["not_set_up"]?.arrayValue?.compactMap { $0["way"]?.stringValue } == ["takeout", "picker", "library"])
        // Nothing was made on the way.
        #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.home).isEmpty)
    }

    @Test func everyWayTellsWhatItCoversAndWhatToDo() async throws {
        try await Stage.run(12) { stage in
            let library = stage.service.library
            library.updateRules { $0.pickerPollMilliseconds = 1 }
            _ = await stage.sandbox.run(
                "source import demo:chosen", stdin: try stage.service.rcloneConfig())
            _ = await stage.sandbox.run("source set chosen location=picker://")
            _ = await stage.sandbox.run("source add empty googlephotos:// client_id=1")
            library.resetStatistics()

            let before = try await status(stage)
            #expect(before.keys.sorted() == ["chosen", "demo", "empty"])
            #expect(before["demo"]?["last_backup"]?.isNull == true)
            #expect(before["demo"]?["items"] == nil)
            #expect(before["chosen"]?["items"]?.integerValue == 0)
            #expect(before["empty"]?["error"]?["code"]?.stringValue == "config")
            #expect(before["empty"]?["next"]?.arrayValue?.first?.stringValue?.contains("gphotos login empty") == true)
            // Not a word to anybody.
            #expect(Endpoint.allCases.allSatisfy { library.requestCount($0) == 0 })

            _ = try await stage.backup()
            library.willPick(count: 3)
            #expect(await stage.sandbox.run("backup @chosen").status == 0)
            let after = try await status(stage)
            #expect(after["demo"]?["items"]?.integerValue == 12)
            #expect((after["demo"]?["last_backup"]?["files"]?.integerValue ?? 0) >= 12)
            #expect(after["demo"]?["missing"]?.arrayValue?.first?.stringValue?.contains("did not upload") == true)
            #expect(after["chosen"]?["items"]?.integerValue == 3)
            #expect(after["chosen"]?["unfinished"]?.boolValue == false)
            let text = await stage.sandbox.run("sources status")
            #expect(text.out.contains("covers   12 items that this client id uploaded, as of "))
            #expect(text.out.contains("3 items that you chose, the last on ") && text.out.contains("(today)"))
            #expect(text.out.contains("next     gphotos backup @demo\n"))
            #expect(text.out.contains("\nNot set up:\n\nTakeout: "))
        }
    }

    @Test func aChoiceThatWaitsIsTold() async throws {
        try await Stage.run(5) { stage in
            stage.service.library.updateRules { $0.pickerPollMilliseconds = 1 }
            _ = await stage.sandbox.run("source set demo location=picker://")
            stage.service.library.willPick(count: 2)
            #expect(await stage.sandbox.run("backup @demo --dry-run").status == 0)
            let status = try await status(stage)["demo"]
            #expect(status?["unfinished"]?.boolValue == true)
            #expect(status?["next"]?.arrayValue?.first?.stringValue?.contains("goes on") == true)
        }
    }

    @Test func exportsTellTheirDayAndWhatIsWrongWithThem() async throws {
        let sandbox = try Sandbox()
        let directory = sandbox.home + "/exports"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var builder = TakeoutBuilder()
        for index in 0..<3 {
            builder.add(TakeoutBuilder.Item("IMG_\(index).jpg", Array(repeating: UInt8(index), count: 2000)))
        }
        try builder.write(to: directory, stamp: "20260301T101500Z", parts: 1, packing: .zip)
        let source = "takeout://\(directory)"
        _ = await sandbox.run(["source", "add", "exports", source])
        let unseen = try JSON(parsing: await sandbox.run("sources status --json").out)["sources"]?.arrayValue?.first
        #expect(unseen?["next"]?.arrayValue?.first?.stringValue == "gphotos takeout inspect \(directory)")
        // By its location alone it is the same source.
        let backup = await sandbox.run(["backup", source])
        #expect(backup.status == 0, "\(backup.err)")
        let seen = try #require(
            try JSON(parsing: await sandbox.run("sources status --json").out)["sources"]?.arrayValue)
        #expect(seen.count == 1)
        #expect(seen[0]["as_of"]?.stringValue == "2026-03-01T10:15:00Z")
        #expect(seen[0]["last_backup"]?["files"]?.integerValue ?? 0 > 0)
        #expect(seen[0]["missing"]?.arrayValue?.first?.stringValue?.hasPrefix("whatever came since 2026-03-01") == true)
        // Without a name it is listed too.
        _ = await sandbox.run("source rm exports")
        let nameless = try JSON(parsing: await sandbox.run("sources status --json").out)["sources"]?.arrayValue
        #expect(nameless?.first?["name"]?.isNull == true)
        #expect(nameless?.first?["location"]?.stringValue == source)
    }

    private func status(_ stage: Stage) async throws -> [String: JSON] {
        let outcome = await stage.sandbox.run("sources status --json")
        try #require(outcome.status == 0, "\(outcome.err)")
        let sources = try JSON(parsing: outcome.out)["sources"]?.arrayValue ?? []
        return Dictionary(uniqueKeysWithValues: sources.map { ($0["name"]?.stringValue ?? "", $0) })
    }
}
