import Foundation

/// How fast contents get into the vault, beside `curl --parallel` writing the same bytes to files.
struct TransferBench {
    let tools: Tools
    let items: Int
    let itemSize: Int

    func run() async throws {
        let service = try Service(
            tools: tools, arguments: ["--items", "\(items)", "--albums", "0", "--item-size", "\(itemSize)"])
        defer { service.stop() }
        say("\(items) files of \(itemSize >> 10) KiB:")
        var curl: Usage?
        if let tool = tools.curl {
            let result = try await pull(tool, service)
            curl = result
            report("curl --parallel to files", result)
        } else {
            say("  curl is not there: no ratio")
        }
        // A backup ends when all is on the disk: what curl has left to be written must not be its work.
        let flushing = ContinuousClock.now
        sync()
        let flush = (ContinuousClock.now - flushing) / .seconds(1)
        let vault = try tools.directory("vault")
        let backup = try Bench.run(
            tools.gphotos, ["backup", "@demo", "--vault", vault, "--quiet", "--json"], environment: service.environment)
        report("gphotos backup, durable", backup)
        if let curl {
            say(
                "  backup / curl: \((backup.seconds / curl.seconds).formatted(2)); "
                    + "backup / (curl and sync): \((backup.seconds / (curl.seconds + flush)).formatted(2))")
        }
        let again = try Bench.run(
            tools.gphotos, ["backup", "@demo", "--vault", vault, "--quiet", "--json"], environment: service.environment)
        report("gphotos backup, nothing changed", again)
        say("  requests: " + Service.list(try await service.requests()))
    }

    private func report(_ what: String, _ usage: Usage) {
        let bytes = Double(items) * Double(itemSize) / 1_048_576
        say(
            "  \(what): \(usage.seconds.formatted(2)) s, \(Int(Double(items) / usage.seconds)) files/s, "
                + "\(Int(bytes / usage.seconds)) MiB/s, CPU \(usage.cpu.formatted(2)) s")
    }

    private func pull(_ tool: String, _ service: Service) async throws -> Usage {
        let directory = try tools.directory("curl")
        let lines = String(decoding: try await service.control("urls"), as: UTF8.self).split(separator: "\n")
        let config = lines.map { line in
            let parts = line.split(separator: " ")
            return "url = \"\(parts[0])\"\noutput = \"\(directory)/\(parts[1])\"\n"
        }.joined()
        let file = tools.scratch + "/curl.conf"
        try config.write(toFile: file, atomically: true, encoding: .utf8)
        return try Bench.run(tool, ["--silent", "--parallel", "--parallel-max", "16", "--config", file])
    }
}
