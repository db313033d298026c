import ConnectorKit
import Foundation
import PluginJSONL

/// How fast a host gets contents over the pipes: Plakar's gRPC, and the JSON wire with raw and with base64 chunks. The
/// hosts throw the bytes away; the service, the plugin and the host share the machine.
struct OpenBench {
    let tools: Tools
    let items: Int
    let itemSize: Int

    private static let readers = 8

    private struct Figures {
        var seconds: Double
        var cpu: Double
    }

    static func run(tools: Tools, scale: Int) async throws {
        try await OpenBench(tools: tools, items: 400 / scale, itemSize: 4 << 20).run()
        try await OpenBench(tools: tools, items: 10_000 / scale, itemSize: 20 << 10).run()
    }

    private func run() async throws {
        let service = try Service(
            tools: tools, arguments: ["--items", "\(items)", "--albums", "0", "--item-size", "\(itemSize)"])
        defer { service.stop() }
        say("\(items) contents of \(itemSize >> 10) KiB over the pipes, \(Self.readers) at a time:")
        let raw = try await json(service, rawChunks: true)
        report("JSON, raw chunks", raw, besides: nil)
        report("JSON, base64", try await json(service, rawChunks: false), besides: raw)
        report("Plakar's gRPC", try await gRPC(service), besides: raw)
    }

    private func report(_ what: String, _ figures: Figures, besides other: Figures?) {
        let bytes = Double(items) * Double(itemSize) / 1_048_576
        let ratios = other.map { raw in
            "; \((figures.seconds / raw.seconds).formatted(2)) of raw's time, "
                + "\((figures.cpu / raw.cpu).formatted(2)) of its CPU"
        }
        say(
            "  \(what): \(Int(bytes / figures.seconds)) MiB/s, \(Int(Double(items) / figures.seconds)) files/s, "
                + "CPU of the plugin \((figures.cpu / bytes * 1024).formatted(2)) s/GiB" + (ratios ?? ""))
    }

    /// Runs readers beside something that gives them records, and measures from the first record to the last byte.
    private func measure<Item: Sendable>(
        _ process: PluginProcess, _ list: (AsyncStream<Item>.Continuation) async throws -> Void,
        read: @escaping @Sendable (Item) async throws -> Int
    ) async throws -> Figures {
        let (wanted, want) = AsyncStream.makeStream(of: Item.self)
        let cpu = process.cpu
        let began = ContinuousClock.now
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<Self.readers {
                group.addTask {
                    var count = 0
                    for await item in wanted { count += try await read(item) }
                    return count
                }
            }
            try await list(want)
            want.finish()
            return try await group.reduce(0, +)
        }
        let figures = Figures(seconds: (ContinuousClock.now - began) / .seconds(1), cpu: process.cpu - cpu)
        if total != items * itemSize {
            throw CommandFailed(description: "\(total) bytes came in place of \(items * itemSize)")
        }
        return figures
    }

    private func json(_ service: Service, rawChunks: Bool) async throws -> Figures {
        let plugin = try await Plugin(tools: tools, service: service, rawChunks: rawChunks)
        let figures = try await measure(plugin.process) { want in
            _ = try await plugin.session.importRecords(state: nil, window: 1024) { batch in
                for record in batch {
                    let isWanted = record.record.hasContent && Self.isWanted(record.record.pathname.string)
                    if isWanted { want.yield(record) } else { record.finish(.unchanged) }
                }
            }
        } read: { (record: ImportedRecord) in
            let reader = try await record.open()
            var count = 0
            while let bytes = try await reader.read() { count += bytes.count }
            record.finish(.stored)
            return count
        }
        await plugin.close()
        return figures
    }

    private func gRPC(_ service: Service) async throws -> Figures {
        let process = try PluginProcess(
            tools: tools, environment: service.environment, arguments: ["--protocol", "plakar"])
        let config = try Plugin.config(tools, service)
        let figures = try await PlakarClient.connected(process) { client in
            try await client.setUp(config, readers: Self.readers)
            let figures = try await client.whileImporting { records in
                try await measure(process) { want in
                    for try await message in records {
                        if message.finished { break }
                        let record = message.record
                        if record.hasReader_p, Self.isWanted(record.pathname) { want.yield(record.pathname) }
                    }
                } read: { (pathname: String) in
                    try await client.read(pathname)
                }
            }
            try await client.close()
            return figures
        }
        process.waitUntilExit()
        return figures
    }

    /// Each item once: favourites are in the months too.
    private static func isWanted(_ pathname: String) -> Bool { pathname.hasPrefix("/media/") }
}
