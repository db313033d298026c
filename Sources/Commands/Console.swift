import ConnectorKit
import StrictJSON

/// The one place where words for people, and JSON for programs, leave the process.
struct Console: Sendable {
    let stdout: CommandOutput
    let stderr: CommandOutput
    let isJSON: Bool
    /// The least that is said on stderr.
    let level: LogLevel
    /// Whether every request is of interest.
    var showsTrace = false

    /// A part of the result: one line, without what a terminal would act on.
    func print(_ line: String) throws { try stdout.write(line.printable + "\n") }

    /// A part of the result, as it is.
    func write(_ text: String) throws { try stdout.write(text) }

    /// The result as one document; indented where a person looks at it.
    func print(_ document: JSON) throws {
        try stdout.write((stdout.isTerminal ? document.prettyText : document.text) + "\n")
    }

    /// One line of JSON Lines.
    func printLine(_ json: JSON) throws { try stdout.write(json.bytes + [UInt8(ascii: "\n")]) }

    /// What a person has to do now, which waits for it: said on stderr, also with `--quiet`.
    func ask(_ message: String, link: String) {
        let line =
            isJSON
            ? JSON.object(["type": "ask", "message": .string(message), "url": .string(link)]).text
            : "\(message.printable)\n\n    \(link.printable)\n"
        try? stderr.write(line + "\n")
    }

    /// What a person should know although all goes on.
    func warn(_ message: String) { log(.warning, message) }

    /// What happens; not with `--quiet`.
    func note(_ message: String) { log(.info, message) }

    /// What helps to understand; with `-v` only.
    func detail(_ message: String) { log(.debug, message) }

    /// One line on stderr. With `--json` it is JSON too, so that a program can read all of stderr.
    func log(_ level: LogLevel, _ message: String) {
        if level < self.level { return }
        let line: String
        if isJSON {
            line = JSON.object(["type": "log", "level": .string(level.rawValue), "message": .string(message)]).text
        } else {
            line = (level >= .warning ? "\(level.rawValue): " : "") + message.printable
        }
        // Where stderr is closed, nobody is left to be told.
        try? stderr.write(line + "\n")
    }
}

extension CommandContext {
    /// The console as a command's options want it.
    func console(_ options: GlobalOptions) -> Console {
        let level: LogLevel = options.quiet ? .warning : options.verbose > 0 ? .debug : .info
        return Console(
            stdout: stdout, stderr: stderr, isJSON: options.json, level: level,
            showsTrace: options.verbose > 1 && !options.quiet)
    }
}
