import ConnectorKit
import Foundation
import PluginJSONL
import Synchronization

/// How fast a library is listed, and how much memory the plugin takes for it.
struct ListingBench {
    let tools: Tools
    let items: Int

    func run() async throws {
        let service = try Service(tools: tools, arguments: ["--items", "\(items)", "--albums", "12"])
        defer { service.stop() }
        for name in ["first", "second"] {
            let result = try await list(service)
            let rate = Double(items) / result.seconds
            say(
                "listing \(items) items, \(name) run: \(result.records) records in "
                    + "\(result.seconds.formatted(2)) s, \(Int(rate)) items/s, \(result.requests) API requests, "
                    + "peak memory \((Double(result.peak - result.start) / 1024).formatted(1)) MiB above the start")
        }
    }

    private struct Result {
        var seconds: Double
        var records: Int
        var requests: Int64
        /// Kibibytes.
        var start: Int
        var peak: Int
    }

    /// Drives a plugin as a host does that wants nothing.
    private func list(_ service: Service) async throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tools.gphotos)
        process.arguments = ["plugin", "importer"]
        process.environment = ProcessInfo.processInfo.environment.merging(service.environment) { $1 }
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let session = HostSession(
            input: dup(output.fileHandleForReading.fileDescriptor),
            output: dup(input.fileHandleForWriting.fileDescriptor),
            name: "gphotos-bench", version: "1", runtime: .live, onEvent: { _ in })
        try input.fileHandleForWriting.close()
        try output.fileHandleForReading.close()
        _ = try await session.start()
        _ = try await session.initialize(config: try config(service), options: ConnectorOptions(maxConcurrency: 16))
        try await session.ping()
        let start = memory(process.processIdentifier, "VmRSS")
        let count = Mutex(0)
        let began = ContinuousClock.now
        let summary = try await session.importRecords(state: nil, window: 1024) { batch in
            count.withLock { $0 += batch.count }
            session.finish(batch.map { ($0, .unchanged) })
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let peak = memory(process.processIdentifier, "VmHWM")
        await session.close()
        process.waitUntilExit()
        return Result(
            seconds: seconds, records: count.withLock { $0 }, requests: summary.counters["api_requests"] ?? 0,
            start: start, peak: peak)
    }

    private func config(_ service: Service) throws -> [String: String] {
        let shown = try Bench.run(
            tools.gphotos, ["source", "show", "demo", "--secrets", "--json"], environment: service.environment)
        let json = try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: [String: String]]
        return (json?["demo"] ?? [:]).merging(["name": "demo"]) { $1 }
    }

    /// A line of /proc/PID/status, in kibibytes (proc(5)).
    private func memory(_ pid: Int32, _ key: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") } ?? ""
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0
    }
}

extension Double {
    func formatted(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
