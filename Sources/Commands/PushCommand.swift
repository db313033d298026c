import ArgumentParser
import ConnectorKit
import Foundation
import HostEngine
import PhotosLibrary
import StrictJSON
import Synchronization

/// `gphotos push`.
struct PushCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Bring the photos and videos of a folder into an album.",
        discussion: """
            What is in DIRECTORY goes into the album itself, in the order of its names; a folder in it becomes the album \
            TITLE/FOLDER. What the album has already is not uploaded again, so that it can be run at any time, also after \
            it was killed. With --delete, what DIRECTORY has no more leaves the album; it stays in the library, since \
            no app can delete from there.
            """)

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Remove from the album what the folder has not, a tenth of the album at most; it stays in the library.")
    var delete = false

    @Flag(help: "With --delete: remove however many they are.")
    var force = false

    @Flag(help: "Say what would be created and removed, and do nothing.")
    var dryRun = false

    @Option(help: "@NAME:/album/TITLE; or @NAME for the library, without an album.")
    var to: String

    @Argument(help: "The folder.")
    var directory: String

    func validate() throws {
        if force && !delete { throw ValidationError("--force goes with --delete") }
    }

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let destination = try destination(context, console)
        let folder = try PushFolder(try context.folder(directory))
        let hashes = try FileHashes(
            path: StateDirectory(environment: context.environment).path + "/pushed-files.sqlite",
            runtime: context.runtime
        ) { console.warn($0) }
        let report = RunReport(
            dryRun ? "looking" : "pushing", namesEach: dryRun, console: console, runtime: context.runtime)
        defer { report.finish() }
        let skips = Skips(console: console)

        func push(_ settings: [String: String], observer: any RunObserver, skips: Skips?) async throws
            -> DeliverySummary
        {
            var reference = destination
            reference.settings = settings
            return try await Connection.with(reference, kind: .destination, context: context, console: console) {
                link in
                try await Push(folder: folder, link: link, hashes: hashes, observer: observer) { place, reason in
                    try skips?.note(place, reason)
                }.run()
            }
        }

        var summary = try await push(dryRun ? removal(["dry_run": "true"]) : [:], observer: report, skips: skips)
        summary.skipped += skips.count
        var refusal: Failure?
        var removed: Int?
        var unfinished: DeliverySummary?
        if delete, !dryRun, summary.failed == 0, summary.end == nil {
            // A run of its own, in which nothing is left to be uploaded: what failed never looks like what is gone.
            let look = try await push(removal(["dry_run": "true"]), observer: Silence(), skips: nil)
            summary.counters["api_requests", default: 0] += look.counters["api_requests"] ?? 0
            let extra = Int(look.counters["to_remove"] ?? 0)
            let isWhole = look.failed == 0 && look.end == nil
            if !isWhole {
                unfinished = look
            } else if extra * 10 > Int(look.counters["album_items"] ?? 0), extra > 0, !force {
                refusal = Failure(
                    .failed, code: "refused",
                    "\(HumanFormat.count(extra, "item")) of the album \(extra == 1 ? "is" : "are") not in the folder: "
                        + "more than a tenth, so that none was removed",
                    hint: "--delete --dry-run lists them; --delete --force removes them")
            } else if extra > 0 {
                // No more than were seen, whatever has come into the album since.
                let done = try await push(removal(["delete_limit": "\(extra)"]), observer: Silence(), skips: nil)
                removed = Int(done.counters["removed"] ?? 0)
                summary.counters["api_requests", default: 0] += done.counters["api_requests"] ?? 0
                if done.failed > 0 || done.end != nil || removed != extra { unfinished = done }
            }
            summary.end = unfinished?.end
        }
        report.finish()
        try tell(summary, removed: removed, skips: skips, seconds: report.elapsed, console: console)
        if let refusal { throw refusal }
        try report.conclude(summary, "could not be pushed")
        if unfinished != nil {
            console.warn("not everything that the folder has no more was removed from the album: run it again")
            throw ExitCode(.someItemsFailed)
        }
    }

    private func removal(_ settings: [String: String]) -> [String: String] {
        delete ? settings.merging(["delete_extra": "true"]) { $1 } : settings
    }

    /// Where it goes: an album, or the part of the tree that stands for the library without an album.
    private func destination(_ context: CommandContext, _ console: Console) throws -> RemoteReference {
        let hint = "write @NAME:/album/TITLE, or @NAME for the library"
        guard to.hasPrefix("@") else { throw Failure(.usage, "\(to.quoted) is no destination", hint: hint) }
        var reference = try RemoteReference(to)
        let config = try reference.config(.destination, store: try context.configurationStore(console)).config
        let root = try Location(config["location"] ?? "googlephotos://").path
        if Layout.namesAlbum(root) { return reference }
        guard root.isRoot || root.parts == ["upload"] else {
            throw Failure(.usage, "\(root) is no album", hint: hint)
        }
        if delete {
            throw Failure(.usage, "--delete goes with an album", hint: "write --to @NAME:/album/TITLE")
        }
        reference.path = "/upload"
        return reference
    }

    private func tell(
        _ summary: DeliverySummary, removed: Int?, skips: Skips, seconds: Double, console: Console
    ) throws {
        var lines = skips.lines
        let isSettled = summary.failed + summary.left == 0
        if !dryRun, isSettled, summary.files > summary.skipped, summary.stored == 0, removed ?? 0 == 0 {
            lines.append("  nothing has changed, so that nothing was created")
        }
        if let removed {
            lines.append("  \(HumanFormat.count(removed, "item")) removed from the album; in the library, they stay")
        } else if delete, !dryRun, !isSettled {
            lines.append("  nothing was removed, since some files are missing")
        }
        var members: JSONObject = [:]
        if delete, !dryRun { members["removed"] = .integer(Int64(removed ?? 0)) }
        try DeliveryLines(
            command: "push", past: "pushed", subject: "\(directory) to \(to)", isDryRun: dryRun, summary: summary,
            seconds: seconds
        ).print(to: console, json: members, lines: lines)
    }
}

/// What is left out of a push: counted by reason, and each named to whoever wants to know.
private final class Skips: Sendable {
    private let console: Console
    private let counts = Mutex<[PushFolder.Reason: Int]>([:])

    init(console: Console) { self.console = console }

    var count: Int { counts.withLock { $0.values.reduce(0, +) } }

    func note(_ place: Pathname, _ reason: PushFolder.Reason) throws {
        counts.withLock { $0[reason, default: 0] += 1 }
        if console.isJSON {
            try console.printLine(
                ["type": "skipped", "path": .string(place.string), "reason": .string(reason.rawValue)])
        } else if reason == .link {
            console.warn("\(place): skipped, a link to a folder or out of the folder")
        } else {
            console.detail("\(place): skipped, \(Self.word(reason, 1))")
        }
    }

    /// Such as `skipped: 3 hidden, 12 sidecars`; nothing where nothing was.
    var lines: [String] {
        let words = counts.withLock { $0 }.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\(HumanFormat.number($0.value)) \(Self.word($0.key, $0.value))" }
        return words.isEmpty ? [] : ["  skipped: " + words.joined(separator: ", ")]
    }

    private static func word(_ reason: PushFolder.Reason, _ count: Int) -> String {
        switch reason {
        case .hidden: "hidden"
        case .sidecar: count == 1 ? "sidecar" : "sidecars"
        case .link: count == 1 ? "link" : "links"
        case .special: "neither file nor folder"
        }
    }
}

/// Nobody is told.
private struct Silence: RunObserver {
    func progress(_ progress: RunProgress) {}
    func failed(_ pathname: Pathname, _ error: ConnectorError) {}
}
