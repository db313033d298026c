import ConnectorKit
import Foundation
import GRDB
import Testing

@testable import Vault

/// Kills a backup for real, again and again, at moments that a seed decides.
@Suite struct CrashTests {
    private static let executable =
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("vault-crash-writer").path

    private static let files = 200

    /// Runs the helper; kills it once it has stored so many contents. No fixed time, which would be another moment on
    /// another machine.
    /// - Returns: how many files it reused, where it came to its end.
    private func run(_ scratch: Scratch, killedAfter contents: Int?) throws -> Int? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.executable)
        process.arguments = [scratch.vaultDirectory, "5", String(Self.files)]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var output = Data()
        if let contents {
            while output.count < contents, let more = try pipe.fileHandleForReading.read(upToCount: 1), !more.isEmpty {
                output += more
            }
            kill(process.processIdentifier, SIGKILL)
        }
        output += pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if contents == nil { #expect(process.terminationStatus == 0) }
        let reused = String(decoding: output, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("reused ") }
        return reused.flatMap { Int($0.dropFirst(7)) }
    }

    // One after the other: each waits for its child.
    @Test(.serialized, arguments: [UInt64(1), 2, 3]) func aKilledBackupLeavesACleanVaultAndItsWork(seed: UInt64)
        async throws
    {
        let random = SeededRandom(seed)
        let scratch = try Scratch()
        var kills = 0
        for round in 0..<5 {
            // The first one dies while the vault is being made.
            let target = round == 0 ? 0 : 1 + random.below(Self.files / 4)
            if try run(scratch, killedAfter: target) != nil { break }
            kills += 1
            if FileManager.default.fileExists(atPath: scratch.vaultDirectory + "/objects") {
                let vault = try Vault.open(at: scratch.vaultDirectory, runtime: .test())
                #expect(try vault.snapshots().isEmpty, "seed \(seed)")
                let report = try await vault.check(readData: true)
                #expect(report.errors.isEmpty, "seed \(seed), killed after \(target)")
            }
        }
        let vault = try scratch.vault()
        let stored = try await vault.catalog.read { db in
            try Int.fetchOne(db, sql: "SELECT count(DISTINCT directory || '/' || name) FROM entries") ?? 0
        }
        #expect(stored > 0, "seed \(seed): the test must leave something behind")
        let reused = try #require(try run(scratch, killedAfter: nil), "seed \(seed)")
        #expect(reused == stored, "seed \(seed): what was durable is not stored again")
        let made = try vault.snapshot(matching: "latest")
        #expect(made.files == Self.files, "seed \(seed)")
        let report = try await vault.check(readData: true)
        #expect(report.errors.isEmpty && report.objects == Self.files, "seed \(seed)")
        #expect(kills >= 3, "seed \(seed): the test must kill")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.vaultDirectory + "/tmp").isEmpty)
    }
}
