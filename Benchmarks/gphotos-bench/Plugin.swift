import ConnectorKit
import Foundation
import PluginJSONL

/// The importer as a subprocess, set up and ready, with what the kernel says of its memory.
struct Plugin {
    let session: HostSession
    private let process = Process()

    init(tools: Tools, service: Service) async throws {
        process.executableURL = URL(fileURLWithPath: tools.gphotos)
        process.arguments = ["plugin", "importer"]
        process.environment = ProcessInfo.processInfo.environment.merging(service.environment) { $1 }
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
        let config = try Self.config(tools, service)
        _ = try await session.initialize(config: config, options: ConnectorOptions(maxConcurrency: 16))
        try await session.ping()
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

    /// Seconds of CPU time so far: fields 14 and 15 of /proc/PID/stat (proc(5)), in ticks.
    var cpu: Double {
        let stat = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)) ?? ""
        // The second field is the name, in parentheses.
        let fields = stat.split(separator: ")").last?.split(separator: " ").compactMap { Double($0) } ?? []
        return fields.count > 12 ? (fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK))) : 0
    }

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
