import ConnectorKit
import Crypto
import FakePhotos
import Foundation
import PluginJSONL
import Synchronization
import TestSupport
import Testing

@testable import HostEngine

/// What the program takes as an importer depends on windows and caches, and not on the size of a library.
///
/// Measured on the process itself. A library of four times the size may take what SQLite's caches grow by, a few bytes an
/// item, and twice as much again; whoever keeps items as they were listed, some 700 bytes each, takes more.
@Suite(.timeLimit(.minutes(5))) struct MemoryTests {
    private static let few = 10_000
    private static let many = 4 * few
    private static let growth = 24 << 10

    /// Kibibytes above the start.
    private struct Use {
        var first = 0
        var second = 0
        var unchanged = 0
    }

    @Test func itDoesNotGrowWithTheLibrary() async throws {
        let (small, large) = (try await use(Self.few), try await use(Self.many))
        let message = "MemoryTests: \(Self.few) items: \(small), \(Self.many): \(large), in KiB"
        print(message)
        #expect(large.first - small.first < Self.growth, "\(message)")
        #expect(large.second - small.second < Self.growth, "\(message)")
        #expect(large.unchanged - small.unchanged < Self.growth, "\(message)")
        for use in [large.first, large.second, large.unchanged] { #expect(use < 64 << 10, "\(message)") }
    }

    private func use(_ items: Int) async throws -> Use {
        let path = NSTemporaryDirectory() + "gphotos-memory-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var options = FakeOptions()
        (options.plan.items, options.plan.itemSize) = (items, 1000)
        var use = Use()
        try await FakeService.run(options) { service in
            let first = try await run(service, path)
            #expect(first.records > items)
            // By now it knows a hash of each, and the host keeps the state.
            let second = try await run(service, path, state: first.summary.state)
            #expect(second.records == first.records)
            let third = try await run(
                service, path, state: second.summary.state, fingerprint: second.summary.fingerprint)
            #expect(third.summary.isUnchanged)
            use = Use(first: first.kibibytes, second: second.kibibytes, unchanged: third.kibibytes)
        }
        return use
    }

    /// Imports everything, with a process of its own. Each content is said to be there, as if it had been read.
    private func run(
        _ service: FakeService, _ path: String, state: String? = nil, fingerprint: String? = nil
    ) async throws -> (summary: ImportSummary, records: Int, kibibytes: Int) {
        let link = try await ConnectorLink.open(
            ConnectorCommand(
                executable: try Self.program, arguments: ["plugin", "importer"],
                environment: ["HOME": path, "XDG_STATE_HOME": path]),
            config: try service.settings("demo", ["daily_requests": "1000000"]).values, options: ConnectorOptions(),
            version: "1", runtime: .live
        ) { _ in }
        do {
            try await link.ping()
            let pid = try #require(link.process?.pid)
            let start = try Self.kibibytes("VmRSS", pid)
            let count = Mutex(0)
            let summary = try await link.session.importRecords(
                state: state, fingerprint: fingerprint, window: 1024
            ) { [session = link.session] batch in
                count.withLock { $0 += batch.count }
                session.finish(
                    holding: batch.map { record in
                        let id = record.record.attributes["user.googlephotos.id"] ?? ""
                        let hash = SHA256.hash(data: Data(id.utf8)).map { String(format: "%02x", $0) }.joined()
                        return (record, .stored, record.record.hasContent ? HeldContent(sha256: hash, size: 1000) : nil)
                    })
            }
            let peak = try Self.kibibytes("VmHWM", pid)
            await link.close()
            return (summary, count.withLock { $0 }, peak - start)
        } catch {
            await link.close()
            throw error
        }
    }

    private static var program: String {
        get throws {
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return (tests as NSString).deletingLastPathComponent + "/gphotos"
        }
    }

    /// A line of /proc/PID/status (proc(5)).
    private static func kibibytes(_ key: String, _ pid: pid_t) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(key + ":") })
        return try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) })
    }
}
