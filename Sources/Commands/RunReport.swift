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
        var skips: [(pathname: Pathname, error: ConnectorError)] = []
    }

    private let console: Console
    private let runtime: Runtime
    private let verb: String
    /// Whether each file is named with what becomes of it.
    private let namesEach: Bool
    private let state: Mutex<State>
    let start: Timestamp

    private static let plainInterval: Int64 = 30

    /// - Parameter verb: what happens, such as `backing up`.
    init(_ verb: String, namesEach: Bool = false, console: Console, runtime: Runtime) {
        self.verb = verb
        self.namesEach = namesEach
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
        tell(pathname, error)
    }

    func skipped(_ pathname: Pathname, _ error: ConnectorError) {
        state.withLock { $0.skips.append((pathname, error)) }
        tell(pathname, error)
    }

    func settled(_ pathname: Pathname, _ status: RecordStatus) {
        guard namesEach, status == .stored || (status == .unchanged && console.isJSON) else { return }
        let change = status == .stored ? "new" : "unchanged"
        if console.isJSON {
            try? console.printLine(
                ["type": "change", "path": .string(pathname.string), "change": .string(change)])
        } else {
            try? console.print("\(change)  \(pathname)")
        }
    }

    private func tell(_ pathname: Pathname, _ error: ConnectorError) {
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
    /// - Returns: how many items that were, with those that were skipped.
    func listFailures(_ what: String) -> Int {
        let (failures, skips) = state.withLock { ($0.failures, $0.skips) }
        let count = failures.count + skips.count
        if console.isJSON { return count }
        for (list, words) in [(failures, what), (skips, "skipped")] where !list.isEmpty {
            console.log(.error, "\(HumanFormat.count(list.count, "item")) \(words):")
            for (pathname, error) in list {
                console.log(.warning, "\(pathname): \(error.message)\(error.hint.map { " (\($0))" } ?? "")")
            }
        }
        return count
    }

    /// The one reason for which several items failed; nil where there are several, or not even two items.
    var sharedFailure: ConnectorError? {
        let errors = state.withLock { ($0.failures + $0.skips).map(\.error) }
        return errors.count > 1 && errors.allSatisfy { $0 == errors[0] } ? errors[0] : nil
    }

    /// Seconds since the start.
    var elapsed: Double {
        let end = runtime.now()
        return Double(end.seconds - start.seconds) + Double(end.nanoseconds - start.nanoseconds) / 1e9
    }
}
