import ConnectorKit
import HostEngine
import StrictJSON
import Synchronization

/// Shows how a long run goes on, and remembers what failed.
///
/// On a terminal a line that is rewritten, else a plain line each 30 seconds; with `--json` the same as JSON Lines on
/// stdout.
final class RunReport: RunObserver {
    private struct State {
        var lastShown: Timestamp
        var hasLine = false
        var failures: [(pathname: Pathname, error: ConnectorError)] = []
    }

    private let console: Console
    private let runtime: Runtime
    private let verb: String
    private let state: Mutex<State>
    let start: Timestamp

    private static let plainInterval: Int64 = 30

    /// - Parameter verb: what happens, such as `backing up`.
    init(_ verb: String, console: Console, runtime: Runtime) {
        self.verb = verb
        self.console = console
        self.runtime = runtime
        start = runtime.now()
        state = Mutex(State(lastShown: start))
    }

    func progress(_ progress: RunProgress) {
        let now = runtime.now()
        let isLive = console.stderr.isTerminal && !console.isJSON && console.level <= .info
        let isDue = state.withLock { state in
            let due =
                isLive
                ? now > state.lastShown.adding(nanoseconds: 100_000_000)
                : now >= state.lastShown.adding(seconds: Self.plainInterval)
            if due {
                state.lastShown = now
                state.hasLine = isLive
            }
            return due
        }
        if isDue { show(progress, isLive: isLive) }
    }

    private func show(_ progress: RunProgress, isLive: Bool) {
        if console.isJSON {
            try? console.printLine([
                "type": "progress", "files": .integer(Int64(progress.files)), "bytes": .integer(progress.bytes),
                "errors": .integer(Int64(progress.errors)),
            ])
            return
        }
        if console.level > .info { return }
        var line = "\(verb): \(HumanFormat.count(progress.files, "file")), \(HumanFormat.size(progress.bytes))"
        if progress.filesNew > 0 { line += ", \(HumanFormat.number(progress.filesNew)) new" }
        if progress.errors > 0 { line += ", \(HumanFormat.count(progress.errors, "error"))" }
        // CR, and "erase to the end of the line" of ECMA-48.
        try? console.stderr.write(isLive ? "\r\u{1B}[K" + line : line + "\n")
    }

    func failed(_ pathname: Pathname, _ error: ConnectorError) {
        state.withLock { $0.failures.append((pathname, error)) }
        guard console.isJSON else { return }
        try? console.printLine([
            "type": "error", "path": .string(pathname.string), "code": .string(error.code.rawValue),
            "message": .string(error.message), "hint": error.hint.map { .string($0) } ?? .null,
        ])
    }

    /// Ends the live line.
    func finish() {
        let hadLine = state.withLock { state in
            defer { state.hasLine = false }
            return state.hasLine
        }
        if hadLine { try? console.stderr.write("\r\u{1B}[K") }
    }

    /// Lists what failed, at the end, where it is seen.
    /// - Returns: how many items that were.
    func listFailures(_ what: String) -> Int {
        let failures = state.withLock { $0.failures }
        if failures.isEmpty || console.isJSON { return failures.count }
        console.log(.error, "\(HumanFormat.count(failures.count, "item")) \(what):")
        for (pathname, error) in failures {
            console.log(.warning, "\(pathname): \(error.message)\(error.hint.map { " (\($0))" } ?? "")")
        }
        return failures.count
    }

    /// The one reason for which several items failed; nil where there are several, or not even two items.
    var sharedFailure: ConnectorError? {
        let errors = state.withLock { $0.failures.map(\.error) }
        return errors.count > 1 && errors.allSatisfy { $0 == errors[0] } ? errors[0] : nil
    }

    /// Seconds since the start.
    var elapsed: Double {
        let end = runtime.now()
        return Double(end.seconds - start.seconds) + Double(end.nanoseconds - start.nanoseconds) / 1e9
    }
}
