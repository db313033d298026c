import ArgumentParser
import StrictJSON

/// `gphotos source list`.
struct RemoteList<Noun: RemoteNoun>: RemoteCommand {
    static var name: String { "list" }
    static var summary: String { "List what there is." }

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let remotes = try context.configurationStore(console).remotes(Self.kind)
        let summaries = remotes.sorted { $0.key < $1.key }.map { RemoteSummary(name: $0.key, settings: $0.value) }
        if console.isJSON { return try console.print(.array(summaries.map(\.json))) }
        if summaries.isEmpty {
            return console.note("there is no \(Self.kind.noun) yet: see `gphotos help \(Self.kind.noun) import`")
        }
        var table = TextTable(("NAME", .left), ("LOCATION", .left), ("ACCOUNT", .left))
        for summary in summaries { table.add(summary.name, summary.location, summary.account ?? "") }
        try console.write(table.text)
    }
}
