import ArgumentParser
import StrictJSON

/// `gphotos source add`: makes one from nothing.
struct RemoteAdd<Noun: RemoteNoun>: RemoteCommand {
    static var name: String { "add" }
    static var summary: String { "Add a NOUN." }
    static var discussion: String {
        let examples =
            kind == .source
            ? """
              gphotos source add exports takeout:///home/me/exports
              gphotos source add chosen picker:// client_id=ID

            """ : ""
        return examples + """
              gphotos NOUN add mine googlephotos:// client_id=ID
              gphotos NOUN set mine client_secret=-  (reads it from stdin)
              gphotos login mine

            `gphotos help settings` lists the settings.
            """
    }

    @Argument(help: "Its name.")
    var name: String

    @Argument(help: "What it is, such as googlephotos://.")
    var location: String

    @Argument(help: ArgumentHelp("Its settings; of a secret, KEY=- reads the standard input.", valueName: "key=value"))
    var settings: [String] = []

    @Flag(help: "Replace what has the same name.")
    var overwrite = false

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let name = try RemoteName(name).text
        var settings = try await SettingArguments(settings).read(context, console)
        if settings.updateValue(location, forKey: "location") != nil {
            throw Failure(.usage, "the location is given twice")
        }
        try RemoteSettings.check(settings, of: Self.kind)
        _ = try SettingCheck.values(settings, changedFrom: nil, keys: settings.keys)
        try context.configurationStore(console).edit { [settings] configuration in
            if configuration[Self.kind][name] != nil, !overwrite {
                throw Failure(
                    .failed, code: "exists", "the \(Self.kind.noun) \(name.quoted) is already there",
                    hint: "change it with `gphotos \(Self.kind.noun) set`, or replace it with --overwrite")
            }
            configuration[Self.kind][name] = settings
        }
        let summary = RemoteSummary(name: name, settings: settings)
        if console.isJSON { return try console.print(summary.json) }
        try console.print("added \(name): \(location)")
    }
}
