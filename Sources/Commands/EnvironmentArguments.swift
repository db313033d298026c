import ArgumentParser
import StrictJSON

/// Turns environment variables into arguments: every option `--some-option` of every command has a variable
/// `GPHOTOS_SOME_OPTION`, which counts where the option is not given.
///
/// It works on what the parser knows of a command, so no option can be forgotten.
struct EnvironmentArguments {
    private let root: any ParsableCommand.Type
    private let environment: [String: String]

    static let prefix = "GPHOTOS_"

    init(root: any ParsableCommand.Type, environment: [String: String]) {
        self.root = root
        self.environment = environment.filter { $0.key.hasPrefix(Self.prefix) && !$0.value.isEmpty }
    }

    /// The arguments with those from the environment behind the name of the command.
    /// - Throws: ``Failure`` with status `usage` for a flag's variable that is neither true nor false.
    func adding(to arguments: [String]) throws(Failure) -> [String] {
        if environment.isEmpty { return arguments }
        let (command, end) = commandNamed(in: arguments)
        let given = GivenOptions(arguments[end...])
        let earlier = GivenOptions(arguments[..<end])
        var added: [String] = []
        for option in DeclaredOption.all(of: command) where !given.has(option) && !earlier.has(option) {
            guard let value = environment[option.variable] else { continue }
            added += try option.arguments(for: value)
        }
        return arguments[..<end] + added + arguments[end...]
    }

    /// The command that the arguments name, and how many of them that took.
    private func commandNamed(in arguments: [String]) -> (command: any ParsableCommand.Type, end: Int) {
        var command = root
        var end = 0
        for (index, argument) in arguments.enumerated() where !argument.hasPrefix("-") {
            let subcommand = command.configuration.subcommands.first {
                $0._commandName == argument || $0.configuration.aliases.contains(argument)
            }
            guard let subcommand else { break }
            command = subcommand
            end = index + 1
        }
        return (command, end)
    }
}

/// An option or a flag as a command declares it.
private struct DeclaredOption {
    enum Kind { case flag, counter, option, list }

    var kind: Kind
    /// With two dashes; the first one gives the variable its name.
    var longNames: [String]
    var shortNames: [Character]

    var variable: String {
        EnvironmentArguments.prefix + (longNames.first ?? "").uppercased().replacing("-", with: "_")
    }

    /// Everything that a command takes beside what is no setting: `--help` and `--version`.
    static func all(of command: any ParsableCommand.Type) -> [DeclaredOption] {
        // The form that the parser also prints for `--experimental-dump-help`.
        let description = try? JSON(parsing: command._dumpHelp())
        let arguments = description?["command"]?["arguments"]?.arrayValue ?? []
        return arguments.compactMap(DeclaredOption.init).filter { !["help", "version"].contains($0.longNames[0]) }
    }

    private init?(_ json: JSON) {
        let isRepeating = json["isRepeating"]?.boolValue ?? false
        switch json["kind"]?.stringValue {
        case "flag": kind = isRepeating ? .counter : .flag
        case "option": kind = isRepeating ? .list : .option
        default: return nil
        }
        let names = json["names"]?.arrayValue ?? []
        func named(_ kind: String) -> [String] {
            names.filter { $0["kind"]?.stringValue == kind }.compactMap { $0["name"]?.stringValue }
        }
        longNames = named("long")
        shortNames = named("short").compactMap(\.first)
        if longNames.isEmpty { return nil }
    }

    func arguments(for value: String) throws(Failure) -> [String] {
        let name = "--\(longNames[0])"
        switch kind {
        case .option: return ["\(name)=\(value)"]
        case .list: return value.split(separator: "\n").map { "\(name)=\($0)" }
        case .flag, .counter:
            switch value.lowercased() {
            case "1", "true", "yes", "on": return [name]
            case "0", "false", "no", "off": return []
            default: break
            }
            if kind == .counter, let count = Int(value), (2...9).contains(count) {
                return Array(repeating: name, count: count)
            }
            throw Failure(
                .usage, "the environment variable \(variable) must be \(kind == .flag ? "true or false" : "a number")")
        }
    }
}

/// The names of options that stand on the command line.
private struct GivenOptions {
    private var long: Set<Substring> = []
    private var short: Set<Character> = []

    init(_ arguments: ArraySlice<String>) {
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("-") {
            let name = argument.drop { $0 == "-" }.prefix { $0 != "=" }
            if argument.hasPrefix("--") { long.insert(name) } else { short.formUnion(name) }
        }
    }

    func has(_ option: DeclaredOption) -> Bool {
        option.longNames.contains { long.contains($0[...]) } || option.shortNames.contains { short.contains($0) }
    }
}
