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
    /// Whether a line of stderr can be written again, as that which shows how a run goes on.
    var rewritesLine = false
    /// The columns of that terminal, as they are at the moment; nil where nobody knows.
    var columns: Int? { stderr.columns() }

    /// CR, and "erase to the end of the line" of ECMA-48: whatever was shown there is over.
    private static let erasure = "\r\u{1B}[K"

    /// A part of the result: one line, without what a terminal would act on.
    func print(_ line: String) throws {
        try stdout.write((rewritesLine && stdout.isTerminal ? Self.erasure : "") + line.printable + "\n")
    }

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
        tell(line)
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
        tell(line)
    }

    /// A heading and what belongs to it, below each other.
    func list(_ level: LogLevel, _ heading: String, _ lines: some Sequence<String>) {
        log(level, heading)
        if level < self.level || isJSON { return }
        for line in lines { tell("  " + line.printable) }
    }

    /// Shows where a run stands, in place of what was shown before; empty to show nothing.
    func rewrite(_ line: String) {
        // One that the terminal breaks in two could not be erased.
        let shown = columns.map { String(line.printable.prefix(max(1, $0 - 1))) } ?? line.printable
        try? stderr.write(Self.erasure + shown)
    }

    private func tell(_ line: String) {
        // Where stderr is closed, nobody is left to be told.
        try? stderr.write((rewritesLine ? Self.erasure : "") + line + "\n")
    }
}

extension CommandContext {
    /// The console as a command's options want it.
    func console(_ options: GlobalOptions) -> Console {
        let level: LogLevel = options.quiet ? .warning : options.verbose > 0 ? .debug : .info
        return Console(
            stdout: stdout, stderr: stderr, isJSON: options.json, level: level,
            showsTrace: options.verbose > 1 && !options.quiet,
            rewritesLine: stderr.isTerminal && !options.json && environment["TERM"] != "dumb")
    }
}
