import ConnectorKit
import Foundation
import PluginJSONL

/// An importer as a subprocess, with the host's ends of its pipes, and what the kernel says of it.
struct PluginProcess {
    /// Where its messages come from, and where those for it go; both belong to who reads and writes them.
    let input: Int32
    let output: Int32
    private let process = Process()

    init(tools: Tools, environment: [String: String], arguments: [String] = []) throws {
        process.executableURL = URL(fileURLWithPath: tools.gphotos)
        process.arguments = ["plugin", "importer"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let toPlugin = Pipe()
        let fromPlugin = Pipe()
        process.standardInput = toPlugin
        process.standardOutput = fromPlugin
        try process.run()
        func own(_ handle: FileHandle) throws -> Int32 {
            defer { try? handle.close() }
            return fcntl(handle.fileDescriptor, F_DUPFD_CLOEXEC, 3)
        }
        input = try own(fromPlugin.fileHandleForReading)
        output = try own(toPlugin.fileHandleForWriting)
        for handle in [toPlugin.fileHandleForReading, fromPlugin.fileHandleForWriting] { try handle.close() }
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

    /// Seconds of user and system time so far.
    var cpu: Double { Bench.cpu(ofProcess: process.processIdentifier) }

    func waitUntilExit() { process.waitUntilExit() }
}

/// The importer over the JSON wire, set up and ready.
struct Plugin {
    let session: HostSession
    let process: PluginProcess

    init(tools: Tools, service: Service, rawChunks: Bool = true) async throws {
        try await self.init(
            tools: tools, environment: service.environment, config: try Self.config(tools, service),
            rawChunks: rawChunks)
    }

    init(
        tools: Tools, environment: [String: String], config: [String: String], rawChunks: Bool = true
    ) async throws {
        process = try PluginProcess(tools: tools, environment: environment)
        session = HostSession(
            input: process.input, output: process.output, name: "gphotos-bench", version: "1", runtime: .live,
            rawChunks: rawChunks, onEvent: { _ in })
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
    static func config(_ tools: Tools, _ service: Service) throws -> [String: String] {
        let shown = try Bench.run(
            tools.gphotos, ["source", "show", "demo", "--secrets", "--json"], environment: service.environment)
        let json = try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: [String: String]]
        return (json?["demo"] ?? [:]).merging(["name": "demo"]) { $1 }
    }

    var memory: Int { process.memory }
    var peakMemory: Int { process.peakMemory }
    var cpu: Double { process.cpu }

    func close() async {
        await session.close()
        process.waitUntilExit()
    }
}
