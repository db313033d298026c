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
        await plugin.close()
        return Result(
            seconds: seconds, records: count.withLock { $0 }, requests: summary.counters["api_requests"] ?? 0,
            start: start, peak: peak)
    }
}

extension Double {
    func formatted(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
