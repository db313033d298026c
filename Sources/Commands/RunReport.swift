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
        var pace: RunPace
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
        state = Mutex(State(lastShown: start, pace: RunPace(start: start)))
    }

    func progress(_ progress: RunProgress) { show { $0.take(progress, at: $1) } }

    /// What the connector says of its own work, such as how much it has listed.
    func heard(_ progress: ConnectorKit.Progress) { show { $0.hear(progress, at: $1) } }

    /// Takes something in, and shows how things are where that is due.
    private func show(_ change: (inout RunPace, Timestamp) -> Void) {
        let now = runtime.now()
        let isLive = console.rewritesLine && console.level <= .info
        let pace: RunPace? = state.withLock { state in
            change(&state.pace, now)
            let isDue =
                isLive
                ? now > state.lastShown.adding(nanoseconds: 100_000_000)
                : now >= state.lastShown.adding(seconds: Self.plainInterval)
            if !isDue { return nil }
            state.lastShown = now
            state.hasLine = isLive
            return state.pace
        }
        guard let pace else { return }
        if console.isJSON {
            try? console.printLine(pace.json)
        } else if console.level <= .info {
            let line = "\(verb): \(pace.text(at: now))"
            if isLive { console.rewrite(line) } else { console.note(line) }
        }
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
        if hadLine { console.rewrite("") }
    }

    /// Lists what failed, at the end, where it is seen.
    /// - Returns: how many items that were, with those that were skipped.
    func listFailures(_ what: String) -> Int {
        let (failures, skips) = state.withLock { ($0.failures, $0.skips) }
        let count = failures.count + skips.count
        if console.isJSON { return count }
        for (list, words) in [(failures, what), (skips, "skipped")] where !list.isEmpty {
            console.list(
                .error, "\(HumanFormat.count(list.count, "item")) \(words):",
                list.map { pathname, error in
                    "\(pathname): \(error.message)\(error.hint.map { " (\($0))" } ?? "")"
                })
        }
        return count
    }

    /// The one reason for which several items failed; nil where there are several, or not even two items.
    var sharedFailure: ConnectorError? {
        let errors = state.withLock { ($0.failures + $0.skips).map(\.error) }
        return errors.count > 1 && errors.allSatisfy { $0 == errors[0] } ? errors[0] : nil
    }

    /// What to say where a person ended the run; any other error as it is.
    /// - Parameter kept: what became of the work so far.
    func explained(_ error: any Error, kept: String) -> any Error {
        guard error is CancellationError || (error as? ConnectorError)?.code == .cancelled else { return error }
        let files = state.withLock { $0.pace.run.files }
        let count = files == 0 ? "" : " after \(HumanFormat.count(files, "file"))"
        return Failure(
            .interrupted, "ended before its end\(count): \(kept)", hint: "run it again: it goes on from there")
    }

    /// Seconds since the start.
    var elapsed: Double { (runtime.now() - start) / .seconds(1) }
}
