import ArgumentParser
import ConnectorKit
import Foundation
import RcloneConfig
import StrictJSON

/// `gphotos source import`: takes over what rclone has.
struct RemoteImport<Noun: RemoteNoun>: RemoteCommand {
    static var name: String { "import" }
    static var summary: String {
        "Import remotes of Google Photos from rclone: its file, or what `rclone config show` prints."
    }
    static var discussion: String { "Such as: rclone config show mine | gphotos NOUN import" }

    @Argument(help: ArgumentHelp("Which remotes; all of Google Photos where none is given.", valueName: "name[:new]"))
    var names: [String] = []

    @Option(help: ArgumentHelp("Read this file, and not the standard input.", valueName: "file"))
    var config: String?

    @Flag(help: "Replace what has the same name.")
    var overwrite = false

    /// The only format there is; scripts may say so.
    @Flag(help: .hidden)
    var rclone = false

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let selectors = try names.map { try Self.selector($0) }
        let bytes = try await input(context)
        let password = context.environment["RCLONE_CONFIG_PASS"].map { Secret($0) }
        let remotes = try RcloneConfig.read(bytes, password: password).googlePhotosRemotes(selecting: selectors)
        for warning in remotes.flatMap(\.warnings) { console.warn(warning) }
        let found = try remotes.map { try Self.located($0) }
        let taken = try store(found, in: context.configurationStore(console))
        try report(found.filter { !taken.contains($0.name) }, to: console)
        if !taken.isEmpty { throw alreadyThere(taken) }
    }

    private static func selector(_ text: String) throws(Failure) -> RcloneConfig.Selector {
        guard let selector = RcloneConfig.Selector(text) else {
            throw Failure(.usage, "\(text.quoted) is neither NAME nor NAME:NEW")
        }
        if let name = selector.newName { _ = try RemoteName(name) }
        return selector
    }

    private func input(_ context: CommandContext) async throws -> [UInt8] {
        let limit = RcloneConfig.sizeLimit
        if let config, config != "-" {
            do throws(SystemError) {
                return try SmallFile(reading: context.absolutePath(config), limit: limit).bytes
            } catch {
                throw error.failure(error.number == ENOENT ? .notFound : .badInput, "cannot read \(config)")
            }
        }
        if config == nil, context.stdin.isTerminal {
            throw Failure(
                .usage, "there is nothing to import",
                hint: "run `rclone config show NAME | gphotos \(Self.kind.noun) import`, or give --config FILE")
        }
        return try await context.stdin.readAll(limit: limit)
    }

    /// A remote under its name here and with a location.
    private static func located(_ remote: RcloneConfig.Remote) throws -> (name: String, settings: [String: String]) {
        var settings = remote.settings
        settings["location"] = settings["location"] ?? RemoteSettings.defaultLocation
        try RemoteSettings.check(settings, of: Self.kind)
        _ = try SettingCheck.values(settings, changedFrom: nil, keys: settings.keys)
        return (try RemoteName(remote.name, otherwise: .badConfiguration).text, settings)
    }

    /// - Returns: the names that are taken and were left as they are.
    private func store(
        _ remotes: [(name: String, settings: [String: String])], in store: ConfigurationStore
    ) throws -> Set<String> {
        try store.edit { configuration in
            var taken: Set<String> = []
            for remote in remotes {
                if configuration[Self.kind][remote.name] != nil, !overwrite {
                    taken.insert(remote.name)
                } else {
                    configuration[Self.kind][remote.name] = remote.settings
                }
            }
            return taken
        }
    }

    private func report(_ imported: [(name: String, settings: [String: String])], to console: Console) throws {
        let summaries = imported.map { RemoteSummary(name: $0.name, settings: $0.settings) }
        if console.isJSON { return try console.print(.array(summaries.map(\.json))) }
        for summary in summaries {
            let account = summary.account.map { ", account \($0)" } ?? ""
            try console.print("imported \(summary.name): \(RcloneConfig.googlePhotosType)\(account)")
        }
    }

    private func alreadyThere(_ names: Set<String>) -> Failure {
        let list = names.sorted().map(\.quoted).joined(separator: ", ")
        let message =
            names.count == 1
            ? "the \(Self.kind.noun) \(list) is already there and was left as it is"
            : "the \(Self.kind.plural) \(list) are already there and were left as they are"
        return Failure(
            .failed, code: "exists", message,
            hint: "--overwrite replaces what is there; NAME:NEW imports under another name")
    }
}
