import ArgumentParser
import Foundation
import StrictJSON

/// The command line of this program.
public enum GphotosCLI {
    /// Parses the arguments, runs the command and tells how it went.
    ///
    /// SIGINT and SIGTERM cancel the command; a second one ends the process at once.
    /// - Parameter arguments: without the program's own name.
    /// - Returns: the exit status (`gphotos help exit-codes`).
    public static func main(arguments: [String]) async -> Int32 {
        Descriptor.openStandardOnes()
        // A closed pipe is an error of `write`, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        return await Interruption.watching { await run(arguments, in: .live) }
    }

    static func run(_ arguments: [String], in context: CommandContext) async -> Int32 {
        var arguments = arguments
        // One command prints the version, whichever way it is asked for.
        let options = arguments.prefix { $0.hasPrefix("-") }
        if let index = options.firstIndex(of: "--version") { arguments[index] = "version" }
        let report = FailureReport(context: context, isJSON: wantsJSON(arguments, context.environment))
        var command: any ParsableCommand
        do {
            arguments = try EnvironmentArguments(root: Gphotos.self, environment: context.environment)
                .adding(to: arguments)
            if let failure = CommandPath(arguments).failure { throw failure }
            command = try Gphotos.parseAsRoot(arguments)
        } catch {
            return report.end(with: error)
        }
        do {
            try await CommandContext.$current.withValue(context) {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            }
            return ExitStatus.done.rawValue
        } catch {
            return report.end(with: error)
        }
    }

    /// Whether errors are to be JSON; known before, and also where, the arguments make no sense.
    private static func wantsJSON(_ arguments: [String], _ environment: [String: String]) -> Bool {
        let isFlagGiven = arguments.prefix { $0 != "--" }.contains("--json")
        return isFlagGiven || ["1", "true", "yes", "on"].contains(environment["GPHOTOS_JSON"]?.lowercased())
    }
}
