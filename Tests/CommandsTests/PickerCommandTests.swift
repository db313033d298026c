import ConnectorKit
import FakePhotos
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// The Picker from the command line to the service, through the real connector.
@Suite(.timeLimit(.minutes(2)))
struct PickerCommandTests {
    /// A service whose Picker is looked at without delay, and the source `demo` as a Picker.
    private func onStage(_ body: (Stage) async throws -> Void) async throws {
        try await Stage.run(20) { stage in
            stage.service.library.updateRules { $0.pickerPollMilliseconds = 1 }
            let outcome = await stage.sandbox.run("source set demo location=picker:// catalog=false")
            try #require(outcome.status == 0, "\(outcome.err)")
            try await body(stage)
        }
    }

    private func ids(_ stage: Stage) throws -> [String] { try stage.service.library.items(hashing: false).map(\.id) }

    /// Runs a command at a terminal, where a person types.
    private func atTerminal(
        _ stage: Stage, _ line: String, typing text: String, environment: [String: String] = [:]
    ) async -> Sandbox.Outcome {
        let (out, err) = (Recorder(), Recorder())
        var context = stage.sandbox.context(stdin: nil, environment: environment)
        context.stdout = out.output
        context.stderr = CommandOutput(isTerminal: true, write: err.output.write)
        let typed = Sandbox.input(text)
        context.stdin = CommandInput(isTerminal: true) { try await typed.read() ?? [] }
        let status = await GphotosCLI.run(line.split(separator: " ").map(String.init), in: context)
        return .init(status: status, out: out.text, err: err.text)
    }

    @Test func aBackupShowsTheLinkAndHoldsWhatWasChosen() async throws {
        try await onStage { stage in
            let library = stage.service.library
            let chosen = Array(try ids(stage).prefix(3))
            library.willPick(chosen, afterLooks: 1)
            let outcome = await stage.sandbox.run("backup @demo --json")
            let summary = try outcome.summary()
            #expect(summary["files_new"]?.integerValue == 3)
            #expect(summary["api_requests_left"] == nil)
            let asked = try outcome.err.split(separator: "\n").map { try JSON(parsing: String($0)) }
                .first { $0["type"]?.stringValue == "ask" }
            #expect(asked?["url"]?.stringValue?.hasPrefix(stage.service.baseURL + "/picker/") == true)
            #expect(asked?["message"]?.stringValue?.contains("http") == false)
            #expect(library.pickerSessions.isEmpty)
            let listed = await stage.sandbox.run("ls latest -r --json")
            let paths = try JSON(parsing: listed.out).arrayValue ?? []
            #expect(
                paths.filter {
                    $0["kind"]?.stringValue == "file" && $0["path"]?.stringValue?.hasPrefix("/media/by-month/") == true
                }
                .count == 3)
            #expect(await stage.sandbox.run("check --read-data").status == 0)
        }
    }

    @Test func theNextBackupKeepsTheEarlierChoiceAndReadsOnlyWhatIsNew() async throws {
        try await onStage { stage in
            let library = stage.service.library
            let all = try ids(stage)
            library.willPick(Array(all.prefix(3)))
            #expect(try await stage.backup()["files_new"]?.integerValue == 3)
            library.resetStatistics()
            library.willPick(Array(all.prefix(5)))
            let second = try await stage.backup()
            #expect(second["files_new"]?.integerValue == 2 && second["files_unchanged"]?.integerValue == 3)
            library.willPick([all[6]])
            let third = try await stage.backup()
            #expect(third["files"]?.integerValue == 6 && third["errors"]?.integerValue == 0)
            #expect(library.requestCount(.pickerDownload) == 3)
        }
    }

    @Test func nothingChosenLeavesNoSnapshot() async throws {
        try await onStage { stage in
            stage.service.library.willPick([])
            let outcome = await stage.sandbox.run("backup @demo")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("nothing was chosen"))
            #expect(await stage.sandbox.run("snapshots --json").out == "[]\n")
        }
    }

    @Test func aDryRunLeavesTheChoiceToTheBackup() async throws {
        try await onStage { stage in
            stage.service.library.willPick(Array(try ids(stage).prefix(2)))
            let dry = await stage.sandbox.run("backup @demo --dry-run")
            #expect(dry.status == 0 && dry.out.split(separator: "\n").count { $0.hasPrefix("new  /media/") } == 2)
            #expect(try await stage.backup()["files_new"]?.integerValue == 2)
            #expect(stage.service.library.requestCount(.pickerCreate) == 1)
        }
    }

    @Test func aMirrorHoldsWhatWasChosenAndRemovesNothingOfIt() async throws {
        try await onStage { stage in
            let all = try ids(stage)
            for count in [2, 1] {
                stage.service.library.willPick(Array(all.dropFirst(2 * (2 - count)).prefix(count)))
                let summary = try await stage.mirror("--delete --force")
                #expect(summary["files_new"]?.integerValue == Int64(count))
                #expect(summary["removed"]?.integerValue == 0)
            }
            #expect(try stage.mirrored().count == 3)
            let listed = await stage.sandbox.run("source ls demo -r --json")
            #expect(try JSON(parsing: listed.out).arrayValue?.count { $0["kind"]?.stringValue == "file" } == 3)
            #expect(stage.service.library.requestCount(.pickerCreate) == 2)
        }
    }

    @Test func atATerminalThereIsACodeAndABrowserAndTheNextChoice() async throws {
        try await onStage { stage in
            try stage.sandbox.writeProgram(
                "#!/bin/sh\necho \"$1\" >> \"$HOME/opened\"\n", to: "bin/xdg-open")
            let environment = ["PATH": stage.sandbox.home + "/bin:/usr/bin:/bin", "DISPLAY": ":0"]
            stage.service.library.willPick(count: 2)
            stage.service.library.willPick(count: 3)
            // The third is Done without a choice.
            stage.service.library.willPick([])
            let outcome = await atTerminal(
                stage, "backup @demo --no-browser --max-items 5", typing: "y\nyes\n", environment: environment)
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.out.split(separator: "\n").count { $0.hasPrefix("snapshot ") } == 2)
            #expect(outcome.err.contains("\u{2588}") && outcome.err.contains("Choose up to 5 photos"))
            #expect(outcome.err.contains("Choose the next ones? [y/N]"))
            #expect(outcome.err.contains("nothing was chosen"))
            #expect(!FileManager.default.fileExists(atPath: stage.sandbox.home + "/opened"))

            stage.service.library.willPick(count: 1)
            let second = await atTerminal(stage, "backup @demo", typing: "n\n", environment: environment)
            #expect(second.status == 0 && second.out.contains("6 files"))
        }
    }

    @Test func theSourceIsPingedAndSignedInByItsRole() async throws {
        try await onStage { stage in
            #expect(await stage.sandbox.run("source ping demo").out == "demo: reached, signed in, readable\n")
            #expect(stage.service.library.pickerSessions.isEmpty)
            let doctor = await stage.sandbox.run("doctor")
            #expect(doctor.out.contains("source demo: Google was reached"))
            let target = try LoginTarget(
                "demo", only: .source, withPicker: false,
                in: ConfigurationStore(directory: stage.sandbox.configDirectory))
            #expect(target.scopes == [.picker])
        }
    }

    @Test func aDamagedMemorySaysWhatIsLost() async throws {
        try await onStage { stage in
            stage.service.library.willPick(Array(try ids(stage).prefix(3)))
            _ = try await stage.backup()
            let state = stage.sandbox.home + "/.local/state/gphotos"
            for name in try FileManager.default.contentsOfDirectory(atPath: state) where name.contains(".sqlite") {
                if name.hasSuffix(".sqlite") {
                    try Data("a letter".utf8).write(to: URL(fileURLWithPath: state + "/" + name))
                } else if !name.hasSuffix(".lock") {
                    try FileManager.default.removeItem(atPath: state + "/" + name)
                }
            }
            let status = await stage.sandbox.run("sources status")
            #expect(status.status == 0)
            #expect(status.err.contains("known nowhere else: choose it again"), "\(status.err)")
            // The vault has them, and does not take them for removed.
            stage.service.library.willPick(Array(try ids(stage).prefix(1)))
            let backup = await stage.sandbox.run("backup @demo --json")
            let summary = try backup.summary(status: 3)
            #expect(summary["files"]?.integerValue == 3 && summary["files_new"]?.integerValue == 0, "\(summary)")
        }
    }

    @Test func whatDoesNotFitIsRefused() async throws {
        try await onStage { stage in
            #expect(await stage.sandbox.run("backup @demo --max-items 2001").status == 64)
            #expect(await stage.sandbox.run("backup @demo --album Trip").status == 78)
            #expect(await stage.sandbox.run("destination set demo2 location=picker://").status == 78)
            #expect(await stage.sandbox.run("source set demo location=picker://album").status == 78)
            _ = await stage.sandbox.run("source set demo location=googlephotos://")
            let other = await stage.sandbox.run("backup @demo --max-items 5")
            #expect(other.status == 64 && other.err.contains("--since"))
        }
    }
}
