import Foundation
import RcloneSupport

/// How fast files get into an album, from a vault and from a folder, and what that asks of the service: uploads cost a
/// request each, and one for fifty that become items. Beside rclone with the same folder, where it is installed.
struct RestoreBench {
    let tools: Tools
    let items: Int
    let itemSize: Int
    /// Of every answer of the service.
    let milliseconds: Int

    static func run(tools: Tools, scale: Int) async throws {
        for milliseconds in [0, 30] {
            for (items, size) in [(1000, 20 << 10), (200, 4 << 20)] {
                let bench = RestoreBench(
                    tools: tools, items: items / scale, itemSize: size, milliseconds: milliseconds)
                try await bench.run()
            }
        }
    }

    private func run() async throws {
        say("\(items) files of \(itemSize >> 10) KiB into an album, each answer after \(milliseconds) ms:")
        let folder = tools.scratch + "/restored-\(items)-\(itemSize)"
        let ours = try await measure("gphotos restore", from: folder) { service in
            try Bench.run(
                tools.gphotos,
                ["restore", "latest:/album/All", "--to", "@demo2:/album/All", "--quiet", "--json"]
                    + ["--vault", service.home + "/vault"], environment: service.environment)
        }
        _ = try await measure("gphotos push", from: folder) { service in
            try Bench.run(
                tools.gphotos, ["push", folder, "--to", "@demo2:/album/All", "--quiet", "--json"],
                environment: service.environment)
        }
        guard RcloneProgram.isInstalled else { return say("  rclone, nginx or openssl is not there: no ratio") }
        // One at a time: rclone makes an item per call, and Google takes one writing call at a time. With more of them it
        // is refused most of the time, and slower.
        let theirs = try await measure("rclone copy --transfers 1", from: folder) { service in
            let config = try String(contentsOfFile: service.config, encoding: .utf8)
            return try await RcloneProgram.run(to: service.port, config: config) { rclone in
                try Bench.run(
                    rclone.executable,
                    rclone.arguments + [
                        "copy", folder, "demo2:album/All", "--transfers", "1", "--quiet",
                    ],
                    environment: rclone.environment)
            }
        }
        say("  restore / rclone: \((ours.seconds / theirs.seconds).formatted(2)); rclone goes through TLS and nginx")
    }

    /// Runs a body against a service of its own, after the folder is there.
    private func measure(
        _ what: String, from folder: String, _ body: (Service) async throws -> Usage
    ) async throws -> Usage {
        let service = try Service(
            tools: tools,
            arguments: ["--items", "\(items)", "--albums", "0", "--item-size", "\(itemSize)", "--plain-names"])
        defer { service.stop() }
        let answer = try JSONSerialization.jsonObject(with: Data(try await service.control("items?sha256=0")))
        let ids = (answer as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
        let album = try JSONSerialization.data(withJSONObject: ["title": "All", "items": ids])
        try await service.control("albums", body: String(decoding: album, as: UTF8.self))
        func gphotos(_ arguments: String...) throws {
            _ = try Bench.run(tools.gphotos, arguments + ["--quiet"], environment: service.environment)
        }
        try gphotos("destination", "import", "demo2", "--config", service.config)
        // rclone would upload the catalog as well.
        try gphotos("source", "set", "demo", "catalog=false")
        try gphotos("backup", "@demo:/album/All", "--vault", service.home + "/vault")
        if !FileManager.default.fileExists(atPath: folder) {
            try gphotos("restore", "latest:/album/All", "--to", folder, "--vault", service.home + "/vault")
        }
        try await service.control("stats/reset", body: "{}")
        if milliseconds > 0 {
            try await service.control(
                "faults",
                body: #"{"endpoint":"*","kind":"latency","seconds":\#(Double(milliseconds) / 1000),"every":1}"#)
        }
        let usage = try await body(service)
        let requests = try await service.requests()
        let total = requests.values.reduce(0, +) - (requests["token"] ?? 0)
        let bytes = Double(items) * Double(itemSize) / 1_048_576
        say(
            "  \(what): \(usage.seconds.formatted(2)) s, \(Int(Double(items) / usage.seconds)) files/s, "
                + "\(Int(bytes / usage.seconds)) MiB/s, \((Double(total) / Double(items)).formatted(3)) requests a file: "
                + Service.list(requests))
        return usage
    }
}
