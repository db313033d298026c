import ArgumentParser
import ConnectorKit
import StrictJSON
import Vault

/// `gphotos check`.
struct CheckCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that the vault holds what its snapshots promise.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    @Flag(help: "Read every content and compare it with its hash.")
    var readData = false

    @Argument(help: "One snapshot; all of them where none is named.")
    var snapshot: String?

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let vault = try vaultOptions.open(context)
        let chosen = try snapshot.map { [try vault.snapshot(matching: $0)] }
        let report = try await vault.check(chosen, readData: readData)
        if console.isJSON {
            try console.print([
                "snapshots": .integer(Int64(report.snapshots)), "objects": .integer(Int64(report.objects)),
                "bytes": .integer(report.bytes),
                "errors": .array(
                    report.errors.map { problem in
                        [
                            "path": problem.path.map { .string($0) } ?? .null,
                            "object": problem.object.map { .string($0.hex) } ?? .null,
                            "message": .string(problem.message),
                        ]
                    }),
            ])
        } else {
            for problem in report.errors {
                try console.print("\(problem.path ?? problem.object?.hex ?? "catalog"): \(problem.message)")
            }
            try console.print(
                "\(HumanFormat.count(report.snapshots, "snapshot")), \(HumanFormat.count(report.objects, "object")), "
                    + "\(HumanFormat.size(report.bytes)) \(readData ? "read" : "looked at"): "
                    + (report.errors.isEmpty ? "no errors" : HumanFormat.count(report.errors.count, "error")))
        }
        if !report.errors.isEmpty { throw ExitCode(.badInput) }
    }
}

/// `gphotos forget`.
struct ForgetCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Remove snapshots; prune frees what only they needed.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    @Argument(help: "Snapshots, each by its id, the beginning of one, or latest.")
    var snapshots: [String]

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let vault = try vaultOptions.open(context)
        // All are looked up before one is removed: latest means the latest of now.
        let chosen = try snapshots.map { try vault.snapshot(matching: $0) }
        let writer = try vault.lockForWriting(holder: "gphotos forget")
        defer { writer.close() }
        try await writer.forget(chosen)
        for snapshot in chosen { console.note("forgot \(snapshot.id.prefix(8)) of \(snapshot.source)") }
        if console.isJSON { try console.print(.array(chosen.map { .string($0.id) })) }
    }
}

/// `gphotos prune`.
struct PruneCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove contents that no snapshot needs.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let vault = try vaultOptions.open(context)
        let writer = try vault.lockForWriting(holder: "gphotos prune")
        defer { writer.close() }
        let pruned = try await writer.prune()
        if console.isJSON {
            return try console.print(["objects": .integer(Int64(pruned.objects)), "bytes": .integer(pruned.bytes)])
        }
        try console.print(
            "removed \(HumanFormat.count(pruned.objects, "object")), \(HumanFormat.size(pruned.bytes))")
    }
}
