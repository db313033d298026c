import FakePhotos
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// `gphotos backup` of a Picker, killed by SIGKILL between two requests: the choice is never lost, and nobody is asked twice.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct PickerKillTests {
    /// Kills the program when the service has come to a request, which it does not answer.
    private func kill(_ stage: Stage, at endpoint: Endpoint, after count: Int) async throws {
        let library = stage.service.library
        library.resetStatistics()
        var fault = FakeFault(.stall, on: endpoint)
        fault.after = count
        library.inject(fault)
        // The connector of a host that was killed before may hold the account for a moment.
        while library.faultCount(.stall) == 0 {
            let program = Process()
            program.executableURL = URL(fileURLWithPath: Sandbox.program)
            program.arguments = ["backup", "@demo"]
            program.environment = stage.sandbox.context(stdin: nil, environment: [:]).environment
            program.currentDirectoryURL = URL(fileURLWithPath: stage.sandbox.home)
            program.standardInput = FileHandle.nullDevice
            program.standardOutput = FileHandle.nullDevice
            program.standardError = FileHandle.nullDevice
            try program.run()
            while library.faultCount(.stall) == 0, program.isRunning { await Task.yield() }
            let isRunning = program.isRunning
            _ = Foundation.kill(program.processIdentifier, SIGKILL)
            while program.isRunning { await Task.yield() }
            try #require(isRunning || program.terminationStatus != 0, "it was done before \(endpoint) \(count)")
        }
        library.clearFaults()
    }

    /// The connector of a host that was killed may hold the account for a moment.
    private func backUp(_ stage: Stage) async throws -> JSON {
        while true {
            let outcome = await stage.sandbox.run("backup @demo --json")
            if outcome.status != 0, outcome.err.contains("another run") { continue }
            return try outcome.summary()
        }
    }

    @Test func aChoiceOutlivesAHostThatIsKilledAnywhere() async throws {
        try await Stage.run(20) { stage in
            let library = stage.service.library
            library.updateRules { $0.pickerPollMilliseconds = 1 }
            #expect(await stage.sandbox.run("source set demo location=picker:// catalog=false").status == 0)
            let all = try library.items(hashing: false).map(\.id)
            // In its first backup the vault has no state yet; in the second it has one.
            for (round, chosen) in [all.prefix(4), all.dropFirst(4).prefix(3)].enumerated() {
                library.willPick(Array(chosen))
                for moment in [(Endpoint.pickerItems, 0), (.pickerDownload, 0), (.pickerDownload, 2)] {
                    try await kill(stage, at: moment.0, after: moment.1)
                    #expect(library.pickerSessions.count == 1, "round \(round), \(moment)")
                    #expect(library.requestCount(.pickerDelete) == 0)
                }
                // The snapshot is there, and the session is about to end.
                try await kill(stage, at: .pickerDelete, after: 0)
                #expect(library.pickerSessions.count <= 1)
                let snapshots = try JSON(parsing: await stage.sandbox.run("snapshots --json").out).arrayValue ?? []
                #expect(snapshots.last?["files"]?.integerValue == (round == 0 ? 4 : 7))
                if library.pickerSessions.isEmpty { continue }
                let summary = try await backUp(stage)
                #expect(summary["files"]?.integerValue == (round == 0 ? 4 : 7))
                #expect(summary["files_new"]?.integerValue == 0 && summary["errors"]?.integerValue == 0)
                #expect(library.pickerSessions.isEmpty)
            }
            #expect(await stage.sandbox.run("check --read-data").status == 0)
        }
    }
}
