import ArgumentParser

/// `gphotos source rm`.
struct RemoteRemove<Noun: RemoteNoun>: RemoteCommand {
    static var name: String { "rm" }
    static var summary: String { "Remove a NOUN with its settings; the photos stay where they are." }

    @Argument(help: "Its name.")
    var name: String

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        try context.configurationStore(console).edit { configuration in
            if configuration[Self.kind].removeValue(forKey: name) == nil {
                throw ConfigurationStore.missing(name, Self.kind, known: Array(configuration[Self.kind].keys))
            }
        }
        console.note("removed the \(Self.kind.noun) \(name)")
    }
}
