import Foundation

/// How long a backup takes in which nothing has changed, and one in which a single item has: the whole command, with the
/// service on the same cores.
struct UnchangedBench {
    let tools: Tools
    let items: Int

    func run() async throws {
        let service = try Service(tools: tools, arguments: ["--items", "\(items)", "--item-size", "1024"])
        defer { service.stop() }
        let vault = try tools.directory("vault")
        say("backups of \(items) items:")
        try await backUp("first", service, vault)
        for number in 1...3 { try await backUp("nothing changed, \(number)", service, vault) }
        try await service.control("items", body: #"{"add":1}"#)
        try await backUp("one item new", service, vault)
    }

    private func backUp(_ what: String, _ service: Service, _ vault: String) async throws {
        let (cpu, asked) = (service.cpu, try await service.requests())
        let usage = try Bench.run(
            tools.gphotos, ["backup", "@demo", "--vault", vault, "--quiet", "--json"], environment: service.environment)
        let requests = try await service.requests().merging(asked) { $0 - $1 }.filter { $0.value > 0 }
        say(
            "  \(what): \(usage.seconds.formatted(2)) s, CPU \(usage.cpu.formatted(2)) s and "
                + "\((service.cpu - cpu).formatted(2)) s of the service; \(Service.list(requests))")
    }
}
