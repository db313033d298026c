import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM as a cancellation.
enum Interruption {
    /// Runs the operation in a task that the first signal cancels; a second one ends the process at once.
    /// - Returns: what the operation returns, or 128 and the signal's number where it was cut short.
    static func watching(_ operation: @escaping @Sendable () async -> Int32) async -> Int32 {
        let task = Task { await operation() }
        let received = FirstSignal()
        let sources = [SIGINT, SIGTERM].map { number in
            // Else the system's own way to handle it, which is to end the process, would come first.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if received.isFirst(number) { task.cancel() } else { _exit(128 + number) }
            }
            source.resume()
            return source
        }
        let status = await task.value
        for source in sources { source.cancel() }
        if let number = received.number, status != ExitStatus.done.rawValue { return 128 + number }
        return status
    }
}

private final class FirstSignal: Sendable {
    private let first = Mutex<Int32?>(nil)

    var number: Int32? { first.withLock { $0 } }

    func isFirst(_ number: Int32) -> Bool {
        first.withLock { first in
            if first != nil { return false }
            first = number
            return true
        }
    }
}
