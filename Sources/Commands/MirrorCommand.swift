import ArgumentParser
import ConnectorKit
import Foundation
import HostEngine
import StrictJSON

/// `gphotos mirror`.
struct MirrorCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror", abstract: "Keep a plain folder as a source is, without a vault.",
        discussion: """
            What is in SOURCE goes into DIRECTORY itself; what is there already is not downloaded again. A file that was \
            changed in DIRECTORY is left and listed. A file that left the library stays, unless --delete says otherwise; \
            only what the mirror itself wrote is ever removed. Run it again at any time, also after it was killed.
            """)

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Remove files that left the library, a tenth of the mirror at most.")
    var delete = false

    @Flag(help: "With --delete: remove however many they are.")
    var force = false

    @Flag(help: "List what would be done; read and write nothing.")
    var dryRun = false

    @Flag(help: "Read everything again, though nothing seems changed: Google gives no version of a content.")
    var reread = false

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup(title: "Picker") var picker: PickerOptions

    @Argument(help: "@NAME, @NAME:/PATH or a location such as googlephotos:///album/Lisbon.")
    var source: String

    @Argument(help: "The folder.")
    var directory: String

    func validate() throws {
        if force && !delete { throw ValidationError("--force goes with --delete") }
    }

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let reference = picker.applied(to: filters.applied(to: try RemoteReference(source)))
        // The settings first: a source that is not there must leave no folder behind.
        let config = try reference.config(.source, store: try context.configurationStore(console)).config
        let dialogue = try picker.dialogue(config, context: context, console: console)
        let words = try FilterOptions.words(config)
        let folder = context.absolutePath(directory)
        let transfers = try Connection.transfers(config)
        @Sendable func connected<Value: Sendable>(
            _ report: RunReport, _ body: (ConnectorLink) async throws -> Value
        ) async throws -> Value {
            let link = try await Connection.open(
                reference, kind: .source, context: context, console: console, dialogue: dialogue, keepsState: !dryRun,
                report: report)
            do {
                let value = try await body(link)
                await link.close()
                return value
            } catch {
                await link.abandon()
                throw report.explained(error, kept: "what was written stays")
            }
        }
        if dryRun {
            let report = RunReport("looking", console: console, runtime: context.runtime)
            defer { report.finish() }
            return try await connected(report) {
                try await preview($0, folder: folder, words: words, report: report, console: console)
            }
        }
        let failed = try await dialogue.rounds {
            let report = RunReport("mirroring", console: console, runtime: context.runtime)
            defer { report.finish() }
            let summary = try await connected(report) { link in
                try await Mirror(
                    link: link, folder: folder, filters: words, transfers: transfers, rereads: reread,
                    runtime: context.runtime, observer: report, warn: { console.warn($0) }
                ).run(delete ? (force ? .always : .cautious) : .never) { removal in
                    report.finish()
                    try Self.show(removal, console: console)
                }
            }
            report.finish()
            return try finish(summary, report: report, console: console)
        }
        if failed > 0 { throw ExitCode(.someItemsFailed) }
    }

    /// - Returns: how many files failed.
    private func finish(_ summary: Mirror.Summary, report: RunReport, console: Console) throws -> Int {
        try tell(summary, report: report, console: console)
        let failed = report.listFailures("could not be mirrored")
        if summary.isRemovalRefused {
            throw Failure(
                .failed, code: "refused",
                "\(HumanFormat.count(summary.gone, "file")) left the library: more than a tenth of the mirror, "
                    + "so that none was removed",
                hint: "look at the list, and remove them with --delete --force")
        }
        return failed
    }

    private static func show(_ removal: MirrorRemoval, console: Console) throws {
        for file in removal.files {
            if console.isJSON {
                try console.printLine(["type": "remove", "path": .string(file.string)])
            } else {
                try console.print("remove  \(file)")
            }
        }
    }

    private func tell(_ summary: Mirror.Summary, report: RunReport, console: Console) throws {
        let requests = summary.counters["api_requests"] ?? 0
        let downloaded = summary.counters["bytes_downloaded"] ?? 0
        let progress = summary.progress
        if console.isJSON {
            var line: JSONObject = [
                "type": "summary", "command": "mirror", "files": .integer(Int64(progress.files)),
                "bytes": .integer(progress.bytes), "files_new": .integer(Int64(progress.filesNew)),
                "files_unchanged": .integer(Int64(progress.filesUnchanged)),
                "files_changed": .integer(Int64(progress.filesChanged)), "links": .integer(Int64(progress.links)),
                "removed": .integer(Int64(summary.removed)), "gone": .integer(Int64(summary.gone)),
                "errors": .integer(Int64(progress.errors)), "api_requests": .integer(requests),
                "bytes_downloaded": .integer(downloaded), "seconds": .number(report.elapsed),
            ]
            line.members += ChangeLine(counters: summary.counters).members
            line.members += QuotaLine(counters: summary.counters).members
            return try console.printLine(.object(line))
        }
        try console.print("mirrored \(source) to \(directory)")
        try console.print("  \(HumanFormat.count(progress.files, "file")), \(HumanFormat.size(progress.bytes))")
        try console.print("  \(progress.counts(["\(HumanFormat.number(summary.removed)) removed"]))")
        if summary.gone > 0 {
            let them = summary.gone == 1 ? "it" : "them"
            try console.print(
                "  \(HumanFormat.count(summary.gone, "file")) left the library and stayed here"
                    + (delete ? "" : "; --delete removes \(them)"))
        }
        try console.print(
            "  \(HumanFormat.count(Int(requests), "API request")), \(HumanFormat.size(downloaded)) downloaded, "
                + HumanFormat.duration(.seconds(report.elapsed)))
        if let changes = ChangeLine(counters: summary.counters).text { try console.print("  \(changes)") }
        if let quota = QuotaLine(counters: summary.counters).text { try console.print("  \(quota)") }
    }

    private func preview(
        _ link: ConnectorLink, folder: String, words: String, report: RunReport, console: Console
    ) async throws {
        let isThere = FileManager.default.fileExists(atPath: folder)
        let lines = PreviewLines(command: "mirror", console: console)
        let (removal, source) = try await MirrorPreview(
            link: link, folder: folder, filters: words, isThere: isThere, warn: { console.warn($0) }
        ).run { try lines.add($0, $1) }
        report.finish()
        for file in removal.files { try lines.add(file, delete ? .remove : .gone) }
        try lines.finish(
            "would mirror \(self.source) to \(directory)", counters: source.counters, seconds: report.elapsed)
        if delete, removal.isLarge, !force {
            console.warn("that is more than a tenth of the mirror: without --force nothing would be removed")
        }
        if source.errors > 0 { throw ExitCode(.someItemsFailed) }
    }
}
