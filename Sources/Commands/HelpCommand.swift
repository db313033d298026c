import ArgumentParser
import ConnectorKit
import PhotosLibrary
import StrictJSON

/// `gphotos help`, with topics that are no commands. It takes the place of the parser's own.
struct HelpCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "Show help for a command, for the settings or the exit-codes.")

    static let exitCodes = "exit-codes"
    static let settings = "settings"

    @Argument(help: "The command; or settings, or exit-codes.")
    var topic: [String] = []

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        if topic == [Self.exitCodes] { return try showExitCodes(console) }
        if topic == [Self.settings] { return try showSettings(console) }
        let path = CommandPath(topic)
        if let unknown = path.unknown {
            throw Failure(
                .usage, "there is no help on \(topic.joined(separator: " ").quoted)",
                hint: path.meant(by: unknown).map { "did you mean `gphotos help \($0)`?" }
                    ?? "`gphotos help` lists the commands")
        }
        try console.write(Gphotos.helpMessage(for: path.command) + "\n")
    }

    /// Those that the connectors read; docs/settings.md tells more of each.
    private func showSettings(_ console: Console) throws {
        if console.isJSON {
            return try console.print(
                .array(
                    LibrarySettings.definitions.map {
                        [
                            "name": .string($0.name), "default": $0.defaultValue.map { .string($0) } ?? .null,
                            "values": .string($0.allowed), "meaning": .string($0.summary),
                        ]
                    }))
        }
        for definition in LibrarySettings.definitions.sorted(by: { $0.name < $1.name }) {
            let fallback = definition.defaultValue.map { ", default: \($0)" } ?? ""
            try console.write("\(definition.name)  (\(definition.allowed)\(fallback))\n    \(definition.summary)\n")
        }
    }

    private func showExitCodes(_ console: Console) throws {
        if console.isJSON {
            return try console.print(
                .array(
                    ExitStatus.allCases.map {
                        ["exit_status": .integer(Int64($0.rawValue)), "meaning": .string($0.meaning)]
                    }))
        }
        var table = TextTable(("STATUS", .right), ("MEANING", .left))
        for status in ExitStatus.allCases { table.add("\(status.rawValue)", status.meaning) }
        try console.write(table.text)
    }
}

extension SettingDefinition {
    /// What its values may be, in a few words.
    fileprivate var allowed: String {
        switch kind {
        case .text: isSecret ? "secret" : "text"
        case .flag: "true or false"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .choice(let words): words.joined(separator: " or ")
        }
    }
}
