import Foundation

/// What a restore asks of the service: uploads cost a request each, and one for fifty that become items.
struct RestoreBench {
    let tools: Tools
    let items: Int

    func run() async throws {
        let service = try Service(
            tools: tools, arguments: ["--items", "\(items)", "--albums", "0", "--item-size", "20480"])
        defer { service.stop() }
        let vault = try tools.directory("vault")
        func gphotos(_ arguments: String...) throws -> Usage {
            try Bench.run(
                tools.gphotos, arguments + ["--quiet", "--json", "--vault", vault], environment: service.environment)
        }
        _ = try Bench.run(
            tools.gphotos, ["destination", "import", "demo2", "--config", service.config, "--quiet"],
            environment: service.environment)
        _ = try gphotos("backup", "@demo")
        try await service.control("stats/reset", body: "{}")
        let restore = try gphotos("restore", "latest:/media", "--to", "@demo2:/media")
        let requests = try await service.requests()
        let total = requests.values.reduce(0, +) - (requests["token"] ?? 0)
        say(
            "\(items) uploads of 20 KiB: \(restore.seconds.formatted(2)) s, \(total) requests: "
                + Service.list(requests))
    }
}
