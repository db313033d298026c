import ArgumentParser
import ConnectorKit
import HostEngine
import StrictJSON
import Vault

/// `gphotos restore`.
struct RestoreCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore a snapshot, or a part of it, into a folder or an account.",
        discussion: """
            What is in PATH goes into the destination itself: restore latest:/album/Lisbon --to @other:/album/Lisbon. \
            What is there already stays as it is; running it again creates nothing twice.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    @Argument(help: "SNAPSHOT[:PATH]; SNAPSHOT is an id, the beginning of one, or latest.")
    var snapshot: String

    @Option(help: "A folder, @NAME, or @NAME:/album/TITLE.")
    var to: String

    @Flag(help: "Say what would be created or written, and do nothing.")
    var dryRun = false

    private var goesToAccount: Bool { to.hasPrefix("@") }

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        if to.contains("://") {
            throw Failure(.usage, "\(to.quoted) is neither a folder nor @NAME", hint: "write @NAME:/album/TITLE")
        }
        let reference = try SnapshotReference(snapshot)
        let vault = try vaultOptions.open(context)
        let found = try vault.snapshot(matching: reference.snapshot)
        guard try vault.entry(of: found, at: reference.path) != nil else {
            throw Failure(.notFound, "the snapshot \(found.id.prefix(8)) has no \(reference.path)")
        }
        let selection = RestoreSelection(vault: vault, snapshot: found, part: reference.path)
        let report = RunReport(dryRun ? "looking" : "restoring", console: console, runtime: context.runtime)
        defer { report.finish() }
        let summary: DeliverySummary
        if goesToAccount {
            var destination = try RemoteReference(to)
            if dryRun { destination.settings["dry_run"] = "true" }
            summary = try await Connection.with(destination, kind: .destination, context: context, console: console) {
                try await ExportRestore(selection: selection, link: $0, observer: report).run()
            }
        } else {
            let folder = context.absolutePath(to)
            summary =
                dryRun
                ? try await preview(selection, folder, console: console)
                : try await FolderRestore(selection: selection, folder: folder, observer: report).run()
        }
        report.finish()
        try DeliveryLines(
            command: "restore", past: "restored", subject: "\(snapshot) to \(to)", isDryRun: dryRun,
            asksService: goesToAccount, summary: summary, seconds: report.elapsed
        ).print(to: console)
        try report.conclude(summary, "could not be restored")
        if dryRun, summary.failed > 0 { throw ExitCode(.someItemsFailed) }
    }

    private func preview(
        _ selection: RestoreSelection, _ folder: String, console: Console
    ) async throws -> DeliverySummary {
        try await FolderRestorePreview(selection: selection, folder: folder).run { place, change in
            if console.isJSON {
                try console.printLine([
                    "type": "change", "path": .string(place.string), "change": .string(change.rawValue),
                ])
            } else if change != .unchanged {
                try console.print("\(change.rawValue)  \(place)")
            }
        }
    }
}
