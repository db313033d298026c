import ArgumentParser
import HostEngine
import StrictJSON
import Vault

/// `gphotos backup`.
struct BackupCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Back a source up into the vault.",
        discussion: """
            SOURCE is @NAME, @NAME:/PATH or a location such as googlephotos:///album/Lisbon. What the vault has already \
            is not downloaded again. Since 31 March 2025 Google shows an app only what that app uploaded.

            Filters narrow every view. A filtered backup is a line of snapshots of its own: what it leaves out does not \
            count as removed.

            With picker://, or --choose, it shows a link, waits until you have chosen on that page, and reads what you \
            chose. What you chose earlier stays in the snapshots.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions
    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup(title: "Picker") var picker: PickerOptions

    @Flag(help: "List what would be read, and read nothing.")
    var dryRun = false

    @Flag(help: "Read everything again, though nothing seems changed: Google gives no version of a content.")
    var reread = false

    @Argument(help: "What to back up.")
    var source: String

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let reference = picker.applied(to: filters.applied(to: try RemoteReference(self.source)))
        // The settings first: a source that is not there must leave no vault behind.
        let config = try reference.config(.source, store: try context.configurationStore(console)).config
        let dialogue = try picker.dialogue(config, context: context, console: console)
        let source = try FilterOptions.source(self.source, config: config)
        if dryRun {
            return try await preview(
                reference, source: source, dialogue: dialogue, context: context, console: console)
        }
        let vault = try Vault.openOrCreate(at: try vaultOptions.directory(context), runtime: context.runtime)
        let writer = try vault.lockForWriting(holder: "gphotos backup \(source)")
        defer { writer.close() }
        let failed = try await dialogue.rounds {
            try await backUp(
                reference, source: source, transfers: try Connection.transfers(config), writer: writer,
                dialogue: dialogue, context: context, console: console)
        }
        if failed > 0 { throw ExitCode(.someItemsFailed) }
    }

    /// - Returns: how many items failed.
    private func backUp(
        _ reference: RemoteReference, source: String, transfers: Int, writer: VaultWriter, dialogue: PickerDialogue,
        context: CommandContext, console: Console
    ) async throws -> Int {
        let report = RunReport("backing up", console: console, runtime: context.runtime)
        defer { report.finish() }
        let link = try await Connection.open(
            reference, kind: .source, context: context, console: console, dialogue: dialogue, keepsState: true,
            report: report)
        let summary: Backup.Summary
        do {
            summary = try await Backup(
                link: link, writer: writer, source: source, transfers: transfers, rereads: reread, observer: report
            ).run()
        } catch {
            await link.abandon()
            throw report.explained(error, kept: "there is no new snapshot, and what was read is kept in the vault")
        }
        await link.close()
        report.finish()
        try tell(summary, source: source, report: report, console: console)
        return report.listFailures("could not be read")
    }

    private func tell(_ summary: Backup.Summary, source: String, report: RunReport, console: Console) throws {
        let snapshot = summary.snapshot
        let requests = summary.counters["api_requests"] ?? 0
        let downloaded = summary.counters["bytes_downloaded"] ?? 0
        if console.isJSON {
            var line: JSONObject = [
                "type": "summary", "command": "backup", "snapshot": .string(snapshot.id),
                "files": .integer(Int64(snapshot.files)), "directories": .integer(Int64(snapshot.directories)),
                "bytes": .integer(snapshot.bytes), "files_new": .integer(Int64(summary.progress.filesNew)),
                "files_unchanged": .integer(Int64(summary.progress.filesUnchanged)),
                "files_changed": .integer(Int64(summary.progress.filesChanged)),
                "files_carried": .integer(Int64(summary.progress.filesCarried)),
                "links": .integer(Int64(summary.progress.links)),
                "errors": .integer(Int64(summary.progress.errors)), "api_requests": .integer(requests),
                "bytes_downloaded": .integer(downloaded), "seconds": .number(report.elapsed),
            ]
            line.members += ChangeLine(counters: summary.counters).members
            line.members += QuotaLine(counters: summary.counters).members
            return try console.printLine(.object(line))
        }
        try console.print("snapshot \(snapshot.id.prefix(8)) of \(source)")
        try console.print(
            "  \(HumanFormat.count(snapshot.files, "file")) in \(HumanFormat.count(snapshot.directories, "folder")), "
                + HumanFormat.size(snapshot.bytes))
        try console.print("  \(summary.progress.counts)")
        try console.print(
            "  \(HumanFormat.count(Int(requests), "API request")), \(HumanFormat.size(downloaded)) downloaded, "
                + HumanFormat.duration(.seconds(report.elapsed)))
        if let changes = ChangeLine(counters: summary.counters).text { try console.print("  \(changes)") }
        if let quota = QuotaLine(counters: summary.counters).text { try console.print("  \(quota)") }
    }
}
