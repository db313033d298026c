import ConnectorKit
import Synchronization

/// Sends what a connector says of itself, progress no more than five times a second.
final class SessionReporter: ConnectorReporter {
    private struct State {
        var operation: Int64?
        var lastSent: Timestamp?
        var held: Progress?
        var sendsConfigUpdates = false
    }

    private static let interval: Int64 = 200_000_000
    private let writer: MessageWriter
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    init(writer: MessageWriter, now: @escaping @Sendable () -> Timestamp) {
        self.writer = writer
        self.now = now
    }

    func allowConfigUpdates() { state.withLock { $0.sendsConfigUpdates = true } }

    /// Says which request the progress belongs to from now on. What was held back is sent before that.
    func attach(to operation: Int64?) {
        state.withLock { state in
            if let held = state.held { send(held, state) }
            state = State(operation: operation, sendsConfigUpdates: state.sendsConfigUpdates)
        }
    }

    func progress(_ progress: Progress) {
        state.withLock { state in
            let time = now()
            if let last = state.lastSent, (0..<Self.interval).contains(time.nanoseconds(since: last)) {
                state.held = progress
                return
            }
            state.held = nil
            state.lastSent = time
            send(progress, state)
        }
    }

    private func send(_ progress: Progress, _ state: State) {
        writer.enqueue(ConnectorMessage.progress(id: state.operation, progress).encoded(raw: false))
    }

    func log(_ level: LogLevel, _ message: String, pathname: Pathname?) {
        writer.enqueue(ConnectorMessage.log(level, message, pathname: pathname?.string).encoded(raw: false))
    }

    func ask(_ message: String, link: String) {
        // For a host that knows no links, the message has it too.
        writer.enqueue(
            ConnectorMessage.log(.info, "\(message) \(link)", pathname: nil, link: link).encoded(raw: false))
    }

    func configChanged(_ values: [String: String]) {
        if values.isEmpty || !state.withLock({ $0.sendsConfigUpdates }) { return }
        writer.enqueue(ConnectorMessage.configUpdate(values).encoded(raw: false))
    }
}

extension Timestamp {
    fileprivate func nanoseconds(since other: Timestamp) -> Int64 {
        let seconds = (seconds &- other.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return seconds.overflow ? .max : seconds.partialValue + Int64(nanoseconds) - Int64(other.nanoseconds)
    }
}
