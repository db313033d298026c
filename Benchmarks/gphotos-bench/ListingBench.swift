import ConnectorKit
import Foundation
import PluginJSONL
import RcloneSupport
import Synchronization

/// How fast a library is listed and what the plugin takes for it, beside rclone where it is installed.
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
                    + "\(result.seconds.formatted(2)) s, \(Int(rate)) items/s, CPU \(result.cpu.formatted(2)) s, "
                    + "\(result.requests) API requests, "
                    + "peak memory \((Double(result.peak - result.start) / 1024).formatted(1)) MiB above the start")
        }
        try await compareWithRclone(service)
    }

    /// The same trees as ours: by month, the albums, the favourites. rclone asks for each month on its own.
    private func compareWithRclone(_ service: Service) async throws {
        guard RcloneProgram.isInstalled else { return say("  rclone, nginx or openssl is not there: no comparison") }
        let config = try String(contentsOfFile: service.config, encoding: .utf8)
        try await RcloneProgram.run(to: service.port, config: config) { rclone in
            for name in ["first", "second"] {
                let before = try await service.requests().values.reduce(0, +)
                let cpu = childrenCPU()
                let began = ContinuousClock.now
                var files = 0
                for directory in ["media/by-month", "album", "feature/favorites"] {
                    files += try await rclone.list(directory, "--gphotos-include-archived")
                        .filter { !$0.hasSuffix("/") }.count
                }
                let seconds = (ContinuousClock.now - began) / .seconds(1)
                let requests = try await service.requests().values.reduce(0, +) - before
                say(
                    "  rclone lsf -R, \(name) run: \(files) files in \(seconds.formatted(2)) s, "
                        + "CPU \((childrenCPU() - cpu).formatted(2)) s, \(requests) requests")
            }
        }
    }

    private struct Result {
        var seconds: Double
        /// Of the plugin alone.
        var cpu: Double
        var records: Int
        var requests: Int64
        /// Kibibytes.
        var start: Int
        var peak: Int
    }

    /// Drives a plugin as a host does that wants nothing.
    private func list(_ service: Service) async throws -> Result {
        let plugin = try await Plugin(tools: tools, service: service)
        let start = plugin.memory
        let count = Mutex(0)
        let began = ContinuousClock.now
        let summary = try await plugin.session.importRecords(state: nil, window: 1024) { batch in
            count.withLock { $0 += batch.count }
            plugin.session.finish(batch.map { ($0, .unchanged) })
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let peak = plugin.peakMemory
        let cpu = plugin.cpu
        await plugin.close()
        return Result(
            seconds: seconds, cpu: cpu, records: count.withLock { $0 }, requests: summary.counters["api_requests"] ?? 0,
            start: start, peak: peak)
    }
}

extension Double {
    func formatted(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
