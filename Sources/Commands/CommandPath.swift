import ArgumentParser

/// The command that some words name: one within another.
struct CommandPath {
    private(set) var command: any ParsableCommand.Type = Gphotos.self
    /// The words that were understood.
    private var words: [String] = []
    /// The first one that is no command, where one is expected.
    private(set) var unknown: String?

    /// - Parameter arguments: options among them do not count; what follows the name of a command that has none below it
    ///   is its own.
    init(_ arguments: [String]) {
        for word in arguments.prefix(while: { $0 != "--" }) where !word.hasPrefix("-") {
            let commands = command.configuration.subcommands
            if commands.isEmpty { return }
            guard let next = commands.first(where: { Self.names($0).contains(word) }) else {
                unknown = word
                return
            }
            command = next
            words.append(word)
        }
    }

    private static func names(_ command: any ParsableCommand.Type) -> [String] {
        [command._commandName] + command.configuration.aliases
    }

    /// The command, with what leads to it, that somebody may have meant.
    func meant(by word: String) -> String? {
        NearMiss.of(word, among: command.configuration.subcommands.flatMap(Self.names))
            .map { (words + [$0]).joined(separator: " ") }
    }

    /// What to say where the words name no command; nil where they do.
    var failure: Failure? {
        guard let unknown else { return nil }
        let whole = (words + [unknown]).joined(separator: " ")
        let help = (["gphotos help"] + words).joined(separator: " ")
        return Failure(
            .usage, "there is no command \(whole.quoted)",
            hint: meant(by: unknown).map { "did you mean `gphotos \($0)`?" } ?? "`\(help)` lists the commands")
    }
}
