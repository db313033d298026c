import FakePhotos
import Foundation
import SeededRandom
import Testing

@testable import Commands

/// `gphotos restore` of a whole library, killed by SIGKILL anywhere, alone or with its connector, and started again until it
/// is done: the account ends with exactly what was backed up, each item once per album, in order.
///
/// `GPHOTOS_TEST_SEED` decides where; `GPHOTOS_TEST_RESTORE_KILLS` how often.
@Suite(.timeLimit(.minutes(10)), .serialized)
struct RestoreKillTests {
    private static func number(_ variable: String) -> UInt64? {
        ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
    }

    @Test func aRestoreThatIsKilledAnywhereGoesOnAndCreatesNothingTwice() async throws {
        let seed = Self.number("GPHOTOS_TEST_SEED") ?? UInt64.random(in: 0...UInt64.max)
        var left = Int(Self.number("GPHOTOS_TEST_RESTORE_KILLS") ?? 24)
        var random = SeededRandom(seed: seed)
        try await Stage.run(40) { stage in
            let library = stage.service.library
            let wanted = try LibraryPicture(of: "demo", in: library)
            for kind in ["copies", "links"] {
                #expect(await stage.sandbox.run("source set demo albums=\(kind) catalog=true").status == 0)
                #expect(await stage.sandbox.run("backup @demo --quiet --vault \(kind)").status == 0)
            }
            var story = 0
            while left > 0 {
                story += 1
                let account = "story\(story)"
                let kind = ["copies", "links"].randomElement(using: &random) ?? "copies"
                library.addAccount(account)
                let config = try stage.service.rcloneConfig()
                #expect(await stage.sandbox.run("destination import \(account)", stdin: config).status == 0)
                #expect(await stage.sandbox.run("destination set \(account) batch_timeout=10ms").status == 0)
                let told = try await tell(stage, account, kind, &left, &random)
                let found = try LibraryPicture(of: account, in: library)
                let message = "seed \(seed), \(account) of \(kind): \(told.joined(separator: "; "))"
                #expect(found == wanted.restored(as: found), "\(message)")
                #expect(try library.items(of: account, hashing: false).count == wanted.items.count, "\(message)")
            }
        }
    }

    /// Runs until a run is not killed.
    /// - Returns: what happened, for a message.
    private func tell(
        _ stage: Stage, _ account: String, _ kind: String, _ left: inout Int, _ random: inout SeededRandom
    ) async throws -> [String] {
        var told: [String] = []
        let line = ["restore", "latest", "--to", "@\(account)", "--vault", stage.sandbox.home + "/" + kind, "--quiet"]
        let state = stage.sandbox.home + "/state-\(account)"
        while left > 0 {
            if Int.random(in: 0..<5, using: &random) == 0, FileManager.default.fileExists(atPath: state) {
                told.append("a new machine")
                try FileManager.default.removeItem(atPath: state)
            }
            let count = Int.random(in: 0..<70, using: &random)
            let losesAnswer = Bool.random(using: &random)
            let killsBoth = Bool.random(using: &random)
            let what = "\(losesAnswer ? "answer" : "request") \(count)\(killsBoth ? " of both" : "")"
            stage.service.library.resetStatistics()
            if losesAnswer {
                var fault = FakeFault(.stall)
                fault.after = count
                stage.service.library.inject(fault)
            }
            let run = try KillableRun(line, stage.sandbox, ["XDG_STATE_HOME": state])
            let isKilled = await run.kill(withChildren: killsBoth, in: stage.service.library) { library in
                losesAnswer ? library.faultCount(.stall) > 0 : library.requestCount > count
            }
            stage.service.library.clearFaults()
            await run.ended()
            // What the service does of its own after the client is gone.
            await stage.service.library.wait { stage.service.library.requestsInFlight == 0 }
            guard isKilled else {
                told.append("done before \(what)")
                break
            }
            told.append(what)
            left -= 1
        }
        // Nobody kills it.
        let last = await stage.sandbox.run(line, environment: ["XDG_STATE_HOME": state])
        #expect(last.status == 0, "\(last.err) \(told)")
        return told
    }
}

/// The program as a process of its own.
final class KillableRun: Sendable {
    private let process: Process
    private let errors = Pipe()

    init(_ arguments: [String], _ sandbox: Sandbox, _ environment: [String: String]) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: Sandbox.program)
        process.arguments = arguments
        process.environment = sandbox.context(stdin: nil, environment: environment).environment
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        try errors.fileHandleForWriting.close()
    }

    /// Kills it when the service says so.
    /// - Returns: false where it was done before.
    func kill(
        withChildren: Bool, in library: FakeLibrary, when isDue: @escaping @Sendable (FakeLibrary) -> Bool
    ) async -> Bool {
        await withTaskGroup { group in
            group.addTask { [self] in
                await exit()
                return false
            }
            group.addTask { await library.wait { isDue(library) } }
            let isKilled = await group.next() ?? false
            if isKilled {
                let children = withChildren ? children : []
                for pid in [process.processIdentifier] + children { _ = Glibc.kill(pid, SIGKILL) }
            }
            group.cancelAll()
            return isKilled
        }
    }

    /// Waits until it is gone, and the connector with it: both have its standard error.
    func ended() async {
        await exit()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [errors] in
                _ = try? errors.fileHandleForReading.readToEnd()
                continuation.resume()
            }
        }
    }

    private func exit() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [process] in
                process.waitUntilExit()
                continuation.resume()
            }
        }
    }

    /// The processes that it has started, by the fourth field of `/proc/PID/stat`.
    private var children: [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
            // After the name of the program, which is in parentheses.
            let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
            return fields.count > 2 && pid_t(fields[2]) == process.processIdentifier
        }
    }
}
