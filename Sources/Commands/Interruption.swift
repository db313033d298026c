import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM as a cancellation.
enum Interruption {
    private static let signals = [SIGINT, SIGTERM]

    /// Runs the operation in a task that the first signal cancels; a second one ends the process at once.
    ///
    /// Once in a process: Dispatch does not reliably watch a signal again that it has stopped watching.
    /// - Returns: what the operation returns, or 128 and the signal's number where it was cut short.
    static func watching(_ operation: @escaping @Sendable () async -> Int32) async -> Int32 {
        let run = InterruptibleRun()
        var sources: [any DispatchSourceSignal] = []
        for number in signals { sources.append(await source(of: number) { run.interrupt(number) }) }
        let status = await run.result(of: Task { await operation() })
        for source in sources { source.cancel() }
        for number in signals { signal(number, SIG_DFL) }
        return status
    }

    /// Returns when the signal is watched: one that comes earlier would be lost.
    private static func source(
        of number: Int32, handler: @escaping @Sendable () -> Void
    ) async -> any DispatchSourceSignal {
        // Else the system's own way to handle it, which is to end the process, would come first.
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler(handler: handler)
        await withCheckedContinuation { continuation in
            source.setRegistrationHandler { continuation.resume() }
            source.resume()
        }
        return source
    }
}

/// The task of a command, and the signal that cancelled it.
final class InterruptibleRun: Sendable {
    private struct State {
        var task: Task<Int32, Never>?
        var signal: Int32?
        var first: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    /// `timeout(1)` signals the process and its group, and a shell may do so too: that is one wish, and not a second one.
    private static let grace = Duration.seconds(1)

    func interrupt(_ number: Int32, at now: ContinuousClock.Instant = .now) {
        let task: Task<Int32, Never>? = state.withLock { state in
            if let first = state.first {
                if now - first >= Self.grace { _exit(128 + number) }
                return nil
            }
            (state.signal, state.first) = (number, now)
            return state.task
        }
        task?.cancel()
    }

    func result(of task: Task<Int32, Never>) async -> Int32 {
        let isInterrupted = state.withLock { state in
            state.task = task
            return state.signal != nil
        }
        if isInterrupted { task.cancel() }
        let status = await task.value
        let number = state.withLock { $0.signal }
        return status == ExitStatus.done.rawValue ? status : number.map { 128 + $0 } ?? status
    }
}
