import ArgumentParser
import ConnectorKit
import PhotosImporter
import StrictJSON
import Vault

/// `gphotos sources`.
struct SourcesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sources", abstract: "Look at all sources together.", subcommands: [SourcesStatusCommand.self])
}

/// `gphotos sources status`.
struct SourcesStatusCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell what each source covers, how old it is, what is missing, and what to do.",
        discussion: "Asks nobody outside this machine, and needs no sign-in.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let snapshots: [Snapshot]
        do {
            snapshots = try vaultOptions.open(context).snapshots()
        } catch let error as VaultError where error.kind == .noVault {
            snapshots = []
        }
        let remotes = try context.configurationStore(console).remotes(.source).sorted { $0.key < $1.key }
        var statuses: [SourceStatus] = []
        for (name, settings) in remotes {
            statuses.append(
                await SourceStatus(
                    name: name, settings: settings, snapshots: snapshots, context: context, console: console))
        }
        // Exports that were backed up by their location alone.
        let known = Set(statuses.map(\.location))
        for location in Set(snapshots.compactMap(\.exports)).subtracting(known).sorted() {
            statuses.append(
                await SourceStatus(
                    name: nil, settings: ["location": location], snapshots: snapshots, context: context,
                    console: console))
        }
        let absent = SourceKind.allCases.filter { way in
            !statuses.contains {
                $0.way == way || way == .takeout && $0.hasExports || way == .picker && $0.hasPicks
            }
        }
        if console.isJSON {
            return try console.print([
                "notice": .string(Self.notice), "sources": .array(statuses.map { $0.json }),
                "not_set_up": .array(
                    absent.map { ["way": .string($0.rawValue), "next": .array($0.steps.map { .string($0) })] }),
            ])
        }
        try console.print(Self.notice)
        for status in statuses { try tell(status, now: context.runtime.now(), console) }
        if absent.isEmpty { return }
        try console.print("")
        try console.print(statuses.isEmpty ? "Nothing is set up yet. The ways:" : "Not set up:")
        for way in absent {
            try console.print("")
            try console.print("\(way.title): \(way.reach)")
            for step in way.steps { try console.print("  \(step)") }
        }
    }

    /// Said first, before anybody signs in: many people learn it only after hours of work.
    /// <https://developers.google.com/photos/support/updates>
    private static let notice =
        "Since 31 March 2025 Google's Library API shows an app only what that app itself uploaded: nothing that your "
        + "phone, the website or another app put there. The whole library comes by Takeout; what you choose yourself, by "
        + "the Picker."

    private func tell(_ status: SourceStatus, now: Timestamp, _ console: Console) throws {
        try console.print("")
        try console.print(status.title)
        func lines(_ label: String, _ texts: [String]) throws {
            for (index, text) in texts.enumerated() {
                let margin = index == 0 ? label : ""
                try console.print("  \(margin)\(String(repeating: " ", count: max(1, 9 - margin.count)))\(text)")
            }
        }
        try lines("covers", status.covers)
        try lines("vault", [status.backup(now: now)])
        try lines("missing", status.missing)
        try lines("next", status.next)
    }
}

extension Snapshot {
    /// The location of exports that were backed up without a name.
    fileprivate var exports: String? {
        guard SourceKind(location: source) == .takeout else { return nil }
        // What follows a location is a filter.
        return source.split(separator: " --").first.map(String.init)
    }
}
