import ArgumentParser

/// The root of the commands.
struct Gphotos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gphotos",
        abstract: "Google Photos as a source and a destination of backups.",
        discussion: """
            First steps:
              gphotos source add exports takeout:///home/me/exports  (Takeout: no sign-in)
              rclone config show NAME | gphotos source import        (what rclone knows)
              gphotos backup @NAME                                   (into the vault)
              gphotos restore latest --to DIRECTORY
              gphotos doctor                                         (what is wrong?)

            Every option has an environment variable: GPHOTOS_ and its name, as GPHOTOS_JSON for --json. \
            `gphotos help settings` lists the settings of sources and destinations, `gphotos help exit-codes` the exit \
            statuses.
            """,
        version: VersionCommand.text,
        subcommands: [
            RemoteGroup<SourceNoun>.self, RemoteGroup<DestinationNoun>.self, LoginCommand.self, BackupCommand.self,
            SnapshotsCommand.self, LsCommand.self, CatCommand.self, DiffCommand.self, RestoreCommand.self,
            MirrorCommand.self, PushCommand.self, CompareCommand.self,
            CheckCommand.self, ForgetCommand.self, PruneCommand.self, DoctorCommand.self, SourcesCommand.self,
            TakeoutCommand.self,
            PluginCommand.self,
            VersionCommand.self,
            HelpCommand.self,
        ])

    /// Also before the name of a command.
    @OptionGroup var global: GlobalOptions
}
