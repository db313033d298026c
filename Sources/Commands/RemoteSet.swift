import ArgumentParser

/// `gphotos source set`.
struct RemoteSet<Noun: RemoteNoun>: RemoteCommand {
    static var name: String { "set" }
    static var summary: String { "Change settings of a NOUN." }
    static var discussion: String {
        """
        Such as: gphotos NOUN set mine views=by-year,album albums=links. `gphotos help settings` lists the settings.
        """
    }

    @Argument(help: "Its name.")
    var name: String

    @Argument(help: ArgumentHelp("The settings; of a secret, KEY=- reads the standard input.", valueName: "key=value"))
    var settings: [String]

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let arguments = try SettingArguments(settings)
        let store = try context.configurationStore(console)
        // Before a person is asked for a secret.
        _ = try store.settings(of: name, Self.kind)
        let values = try await arguments.read(context, console)
        var other: Failure?
        try store.update(Self.kind, name) { settings in
            let old = settings
            for (key, value) in values { settings[key] = value }
            try RemoteSettings.check(settings, of: Self.kind)
            other = try SettingCheck.values(settings, changedFrom: old, keys: values.keys)
        }
        if let other { console.warn("another setting of \(name.quoted) keeps it from being used: \(other.message)") }
    }
}

/// `gphotos source unset`.
struct RemoteUnset<Noun: RemoteNoun>: RemoteCommand {
    static var name: String { "unset" }
    static var summary: String { "Take settings of a NOUN away." }

    @Argument(help: "Its name.")
    var name: String

    @Argument(help: ArgumentHelp("The settings.", valueName: "key"))
    var keys: [String]

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        var absent: [String] = []
        try context.configurationStore(console).update(Self.kind, name) { settings in
            let old = settings
            for key in keys where settings.removeValue(forKey: key) == nil { absent.append(key) }
            try RemoteSettings.check(settings, of: Self.kind)
            _ = try SettingCheck.values(settings, changedFrom: old, keys: [])
        }
        for key in absent { console.warn("the \(Self.kind.noun) \(name.quoted) has no setting \(key.quoted)") }
    }
}
