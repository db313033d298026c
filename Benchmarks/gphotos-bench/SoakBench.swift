import ConnectorKit
import Foundation
import PluginJSONL

/// The memory of a plugin that reads a library from a service where one request in fifty goes wrong, sign-ins last five
/// seconds and download URLs ten. That every byte is right is a test's business; this looks for what piles up.
struct SoakBench {
    let tools: Tools
    let items: Int

    private static let faults = [
        #"{"kind":"status","status":503,"endpoint":"download","rate":0.004,"count":null}"#,
        #"{"kind":"reset","endpoint":"download","rate":0.004,"count":null}"#,
        #"{"kind":"truncate","bytes":1000,"endpoint":"download","rate":0.004,"count":null}"#,
        #"{"kind":"expire","endpoint":"download","rate":0.004,"count":null}"#,
        #"{"kind":"status","status":500,"endpoint":"mediaItems.*","rate":0.02,"count":null}"#,
        #"{"kind":"reset","endpoint":"mediaItems.*","rate":0.02,"count":null}"#,
    ]

    func run() async throws {
        let service = try Service(
            tools: tools,
            arguments: ["--items", "\(items)", "--albums", "12", "--item-size", "20480", "--token-lifetime", "5"])
        defer { service.stop() }
        try await service.control("rules", body: #"{"baseURLLifetime":10}"#)
        for fault in Self.faults { try await service.control("faults", body: fault) }
        let plugin = try await Plugin(tools: tools, service: service)
        let start = plugin.memory
        let tally = Tally(sampledEach: max(1, items / 4))
        let began = ContinuousClock.now
        let summary = try await plugin.readAll { isRead in
            await tally.note(isRead: isRead, memory: { plugin.memory })
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let (read, failed, samples) = await (tally.read, tally.failed, tally.samples)
        let peak = plugin.peakMemory
        await plugin.close()
        func megabytes(_ kibibytes: Int) -> String { (Double(kibibytes) / 1024).formatted(1) }
        say(
            "soak: \(read) files of \(items) items in \(seconds.formatted(1)) s, \(failed) failed, "
                + "\(summary.counters["retries"] ?? 0) retries, \(summary.counters["api_requests"] ?? 0) API requests; "
                + "memory \(megabytes(start)) MiB at the start, "
                + samples.map(megabytes).joined(separator: ", ") + " MiB after each quarter, peak \(megabytes(peak))")
    }

    private actor Tally {
        private(set) var read = 0
        private(set) var failed = 0
        private(set) var samples: [Int] = []
        private let interval: Int

        init(sampledEach interval: Int) { self.interval = interval }

        func note(isRead: Bool, memory: () -> Int) {
            read += 1
            if !isRead { failed += 1 }
            if read.isMultiple(of: interval) { samples.append(memory()) }
        }
    }
}
