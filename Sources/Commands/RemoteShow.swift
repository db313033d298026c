import ArgumentParser
import RcloneConfig
import StrictJSON

/// `gphotos source show`.
struct RemoteShow<Noun: RemoteNoun>: RemoteCommand {
    static var name: String { "show" }
    static var summary: String { "Show the settings of a NOUN, or of all, in rclone's form." }

    @Argument(help: "Which one; all where none is given.")
    var name: String?

    @Flag(help: "Show secrets too.")
    var secrets = false

    @Flag(help: "Print YAML for Plakar's own \"import\" of sources and destinations, secrets included.")
    var plakar = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if plakar, global.json { throw ValidationError("--plakar and --json are two forms: choose one") }
    }

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let store = try context.configurationStore(console)
        let remotes = try name.map { [$0: try store.settings(of: $0, Self.kind)] } ?? store.remotes(Self.kind)
        if plakar {
            // Masked, it would be imported all the same, and fail at the first backup.
            let entries = remotes.sorted { $0.key < $1.key }.map { PlakarEntry(name: $0.key, settings: $0.value).yaml }
            return try console.write(entries.joined())
        }
        let shown = remotes.sorted { $0.key < $1.key }.map { name, settings in
            (name: name, settings: secrets ? settings : RemoteSettings.masked(settings))
        }
        if console.isJSON {
            let members = shown.map { JSONObject.Member(key: $0.name, value: .object($0.settings.sortedObject)) }
            return try console.print(.object(JSONObject(members)))
        }
        // Written as a whole or not at all: half a configuration looks like one.
        let text = try shown.map { try Self.section($0.name, $0.settings) }
        try console.write(text.joined())
    }

    /// The section as rclone reads it.
    private static func section(_ name: String, _ settings: [String: String]) throws -> String {
        let first = ["type", "location"].filter { settings[$0] != nil }
        let keys = first + settings.keys.sorted().filter { !first.contains($0) }
        let entries = keys.map { RcloneConfig.Entry(key: $0, value: settings[$0] ?? "") }
        return try RcloneConfig.serialize(RcloneConfig.Section(name: name, values: entries))
    }
}
