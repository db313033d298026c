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

    @Flag(help: "List what would be restored, and write nothing.")
    var dryRun = false

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
        if dryRun { return try await preview(vault, found, reference.path, console: console) }
        let selection = RestoreSelection(vault: vault, snapshot: found, part: reference.path)
        let report = RunReport("restoring", console: console, runtime: context.runtime)
        defer { report.finish() }
        let summary =
            to.hasPrefix("@")
            ? try await export(selection, report: report, context: context, console: console)
            : try await FolderRestore(selection: selection, folder: context.absolutePath(to), observer: report).run()
        report.finish()
        try tell(summary, report: report, console: console)
        let failed = report.listFailures("could not be restored")
        if let end = summary.end { throw end }
        if failed > 0 { throw ExitCode(.someItemsFailed) }
    }

    private func export(
        _ selection: RestoreSelection, report: RunReport, context: CommandContext, console: Console
    ) async throws -> RestoreSummary {
        let link = try await Connection.open(
            try RemoteReference(to), kind: .destination, context: context, console: console)
        do {
            let summary = try await ExportRestore(selection: selection, link: link, observer: report).run()
            await link.close()
            return summary
        } catch {
            await link.close()
            throw error
        }
    }

    private func tell(_ summary: RestoreSummary, report: RunReport, console: Console) throws {
        let requests = summary.counters["api_requests"] ?? 0
        if console.isJSON {
            var line: JSONObject = [
                "type": "summary", "command": "restore", "files": .integer(Int64(summary.files)),
                "stored": .integer(Int64(summary.stored)), "unchanged": .integer(Int64(summary.unchanged)),
                "skipped": .integer(Int64(summary.skipped)), "failed": .integer(Int64(summary.failed)),
                "bytes": .integer(summary.bytes), "api_requests": .integer(requests),
                "seconds": .number(report.elapsed),
            ]
            line.members += QuotaLine(counters: summary.counters).members
            return try console.printLine(.object(line))
        }
        try console.print("restored \(snapshot) to \(to)")
        try console.print(
            "  \(HumanFormat.count(summary.files, "file")), \(HumanFormat.size(summary.bytes)): "
                + "\(HumanFormat.number(summary.stored)) stored, \(HumanFormat.number(summary.unchanged)) unchanged, "
                + "\(HumanFormat.number(summary.skipped)) skipped, \(HumanFormat.number(summary.failed)) failed")
        let asked = to.hasPrefix("@") ? HumanFormat.count(Int(requests), "API request") + ", " : ""
        try console.print("  \(asked)\(HumanFormat.duration(.seconds(report.elapsed)))")
        if let quota = QuotaLine(counters: summary.counters).text { try console.print("  \(quota)") }
    }

    private func preview(_ vault: Vault, _ found: Snapshot, _ part: Pathname, console: Console) async throws {
        let listing = RecordListing(console: console)
        try listing.begin()
        for try await entry in try vault.entries(of: found, under: part, recursive: true)
        where entry.record.kind != .directory {
            try listing.add(entry.record, sha256: entry.object?.hex)
        }
        try listing.end()
    }
}
