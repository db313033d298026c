import ConnectorKit
import Foundation
import PluginJSONL

/// The importer as a subprocess, set up and ready, with what the kernel says of its memory.
struct Plugin {
    let session: HostSession
    private let process = Process()

    init(tools: Tools, service: Service) async throws {
        try await self.init(
            tools: tools, environment: service.environment, config: try Self.config(tools, service))
    }

    init(tools: Tools, environment: [String: String], config: [String: String]) async throws {
        process.executableURL = URL(fileURLWithPath: tools.gphotos)
        process.arguments = ["plugin", "importer"]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        session = HostSession(
            input: dup(output.fileHandleForReading.fileDescriptor),
            output: dup(input.fileHandleForWriting.fileDescriptor),
            name: "gphotos-bench", version: "1", runtime: .live, onEvent: { _ in })
        try input.fileHandleForWriting.close()
        try output.fileHandleForReading.close()
        _ = try await session.start()
        _ = try await session.initialize(config: config, options: ConnectorOptions(maxConcurrency: 16))
        try await session.ping()
    }

    /// Reads every content and throws it away, sixteen at a time, as a host does that has nothing yet.
    /// - Parameter onRead: told of each.
    func readAll(_ onRead: @escaping @Sendable (Bool) async -> Void) async throws -> ImportSummary {
        let (wanted, want) = AsyncStream.makeStream(of: ImportedRecord.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask { for await record in wanted { await onRead(await Self.read(record)) } }
            }
            let summary = try await session.importRecords(state: nil, window: 1024) { batch in
                for record in batch {
                    if record.record.hasContent { want.yield(record) } else { record.finish(.stored) }
                }
            }
            want.finish()
            try await group.waitForAll()
            return summary
        }
    }

    private static func read(_ record: ImportedRecord) async -> Bool {
        for _ in 0..<3 {
            guard let reader = try? await record.open() else { continue }
            do {
                while try await reader.read() != nil {}
                record.finish(.stored)
                return true
            } catch {
                await reader.close()
            }
        }
        record.finish(.failed)
        return false
    }

    /// As our host passes them.
    private static func config(_ tools: Tools, _ service: Service) throws -> [String: String] {
        let shown = try Bench.run(
            tools.gphotos, ["source", "show", "demo", "--secrets", "--json"], environment: service.environment)
        let json = try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: [String: String]]
        return (json?["demo"] ?? [:]).merging(["name": "demo"]) { $1 }
    }

    /// Kibibytes that it has now, and that it had at most.
    var memory: Int { line("VmRSS") }
    var peakMemory: Int { line("VmHWM") }

    /// A line of /proc/PID/status, in kibibytes (proc(5)).
    private func line(_ key: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") } ?? ""
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0
    }

    func close() async {
        await session.close()
        process.waitUntilExit()
    }
}
