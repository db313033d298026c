import ArgumentParser

/// A command of this program.
protocol GphotosCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }

    /// Does the work. What it throws is told to the person, and decides the exit status (see ``Failure``).
    func run(_ context: CommandContext) async throws
}

extension GphotosCommand {
    func run() async throws { try await run(CommandContext.current) }
}
