import ConnectorKit
import Foundation
import Synchronization

/// How fast an export is read, as zip and as tgz, beside the tools that unpack such archives: to nothing, and into a vault.
struct TakeoutBench {
    let tools: Tools
    let items: Int
    let itemSize: Int

    func run() async throws {
        for packing in ["zip", "tgz"] {
            let exports = try tools.directory(packing)
            _ = try Bench.run(
                tools.fake,
                [
                    "takeout", exports, "--items", "\(items)", "--albums", "0", "--item-size", "\(itemSize)",
                    "--packing", packing, "--parts", "2", "--plain", "--plain-names",
                ])
            say("Takeout: \(items) files of \(itemSize >> 10) KiB that do not shrink, in two \(packing) parts:")
            let files = try FileManager.default.contentsOfDirectory(atPath: exports).sorted()
            // All tools find it in memory, as far as it goes in there.
            _ = try shell("cat \(quoted(files, exports)) > /dev/null")
            let others = try unpack(files, exports, packing)
            try await plugin(exports, beside: others)
            try backup(exports)
            // It may be 4 GiB: away before the next one comes.
            try FileManager.default.removeItem(atPath: exports)
        }
    }

    /// What unpacks such archives, and how long it took.
    private typealias Other = (name: String, seconds: Double)

    private func unpack(_ files: [String], _ exports: String, _ packing: String) throws -> [Other] {
        var others: [Other] = []
        let commands = packing == "zip" ? ["unzip -p", "bsdtar -xOf"] : ["bsdtar -xOf"]
        for command in commands {
            let tool = String(command.prefix { $0 != " " })
            guard FileManager.default.isExecutableFile(atPath: "/usr/bin/" + tool) else {
                say("  \(tool) is not there: nothing to compare with")
                continue
            }
            let line = files.map { "\(command) '\(exports)/\($0)' > /dev/null" }.joined(separator: " && ")
            let usage = try shell(line)
            report(command + " > /dev/null", usage)
            others.append((command, usage.seconds))
        }
        return others
    }

    /// In words: a bare ratio can be read either way.
    private func compare(_ seconds: Double, with other: Other) -> String {
        seconds <= other.seconds
            ? "\((other.seconds / seconds).formatted(1)) times as fast as \(other.name)"
            : "takes \((seconds / other.seconds).formatted(1)) times as long as \(other.name)"
    }

    private func quoted(_ files: [String], _ directory: String) -> String {
        files.map { "'\(directory)/\($0)'" }.joined(separator: " ")
    }

    private func shell(_ line: String) throws -> Usage { try Bench.run("/bin/sh", ["-c", line]) }

    /// The second run finds the parts indexed.
    private func plugin(_ exports: String, beside others: [Other]) async throws {
        let home = try tools.directory("home")
        for run in ["first run", "second run"] {
            let plugin = try await Plugin(
                tools: tools, environment: ["XDG_STATE_HOME": home], config: ["location": "takeout://" + exports])
            let count = Mutex(0)
            let began = ContinuousClock.now
            _ = try await plugin.readAll { isRead in if isRead { count.withLock { $0 += 1 } } }
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            let peak = Double(plugin.peakMemory) / 1024
            await plugin.close()
            // Each item is shown by month; favourites once more.
            let read = count.withLock { $0 }
            report("gphotos, thrown away, \(run)", Usage(seconds: seconds, cpu: 0, output: ""), files: read)
            say("    \(read) contents over a pipe, hashed, peak memory \(peak.formatted(1)) MiB")
            // What is shown twice is read twice.
            let alone = seconds * Double(items) / Double(max(read, 1))
            for other in others { say("    \(compare(alone, with: other))") }
        }
    }

    private func backup(_ exports: String) throws {
        let home = try tools.directory("home")
        let vault = try tools.directory("vault")
        let usage = try Bench.run(
            tools.gphotos, ["backup", "takeout://" + exports, "--vault", vault, "--quiet", "--json"],
            environment: ["XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home])
        report("gphotos backup, durable", usage)
        try FileManager.default.removeItem(atPath: vault)
    }

    private func report(_ what: String, _ usage: Usage, files: Int? = nil) {
        let bytes = Double(files ?? items) * Double(itemSize) / 1_048_576
        let cpu = usage.cpu > 0 ? ", CPU \(usage.cpu.formatted(2)) s" : ""
        say("  \(what): \(usage.seconds.formatted(2)) s, \(Int(bytes / usage.seconds)) MiB/s\(cpu)")
    }
}

/// How long it takes to index and match the entries of an export, and how much memory.
struct TakeoutIndexBench {
    let tools: Tools
    let entries: Int

    func run() async throws {
        let exports = try tools.directory("entries")
        // A file and its sidecar for each item, and some of them again in albums.
        _ = try Bench.run(
            tools.fake,
            [
                "takeout", exports, "--items", "\(entries / 2)", "--item-size", "500", "--plain-names", "--parts", "4",
            ])
        let home = try tools.directory("home")
        for run in ["first run", "second run"] {
            let plugin = try await Plugin(
                tools: tools, environment: ["XDG_STATE_HOME": home], config: ["location": "takeout://" + exports])
            let began = ContinuousClock.now
            let first = Mutex<Double?>(nil)
            let records = Mutex(0)
            _ = try await plugin.session.importRecords(state: nil, window: 1024) { batch in
                first.withLock { $0 = $0 ?? (ContinuousClock.now - began) / .seconds(1) }
                records.withLock { $0 += batch.count }
                plugin.session.finish(batch.map { ($0, .unchanged) })
            }
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            let peak = Double(plugin.peakMemory) / 1024
            await plugin.close()
            let indexed = first.withLock { $0 } ?? seconds
            say(
                "Takeout, \(entries) entries, \(run): indexed in \(indexed.formatted(2)) s, "
                    + "\(records.withLock { $0 }) records in \(seconds.formatted(2)) s, peak memory "
                    + "\(peak.formatted(1)) MiB")
        }
    }
}
