import ArgumentParser
import StrictJSON

/// `gphotos help`, with topics that are no commands. It takes the place of the parser's own.
struct HelpCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "Show help for a command, or `help exit-codes`.")

    static let exitCodes = "exit-codes"

    @Argument(help: "The command, or exit-codes.")
    var topic: [String] = []

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        if topic == [Self.exitCodes] { return try showExitCodes(console) }
        var command: any ParsableCommand.Type = Gphotos.self
        for word in topic {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else {
                throw Failure(
                    .usage, "there is no help on \(topic.joined(separator: " ").quoted)",
                    hint: "`gphotos help` lists the commands")
            }
            command = next
        }
        try console.write(Gphotos.helpMessage(for: command) + "\n")
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
