import Synchronization

/// Where stalled answers wait for the faults to be cleared.
final class StallGate: Sendable {
    private let waiting = Mutex<[@Sendable () -> Void]>([])

    func wait(_ resume: @escaping @Sendable () -> Void) { waiting.withLock { $0.append(resume) } }

    func open() {
        let resumptions = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for resume in resumptions { resume() }
    }
}
