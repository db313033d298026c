import ConnectorKit
import Synchronization

/// Bytes that have come and were not taken yet, of all contents of an export together.
///
/// One task adds to it, any may take from it.
final class ByteBudget: Sendable {
    private let limit: Int
    private let held = Mutex(0)
    private let room = Signal()

    init(limit: Int) { self.limit = limit }

    /// Waits until there is room. A content that holds nothing itself gets in at once: if the bytes of others fill the
    /// budget, it may be the one that they wait for.
    func add(_ count: Int, isUrgent: @Sendable () -> Bool) async throws {
        while true {
            let fits = held.withLock { held in
                guard held + count <= limit || isUrgent() else { return false }
                held += count
                return true
            }
            if fits { return }
            try await room.wait()
        }
    }

    func take(_ count: Int) {
        held.withLock { $0 -= count }
        room.signal()
    }
}

/// The content of a record that is being stored: the call's stream puts chunks in, the exporter reads them.
final class ExportContent: ContentReader {
    private struct State {
        var chunks: [[UInt8]] = []
        var size: Int64 = 0
        var isComplete = false
        var isClosed = false
        var failure: ConnectorError?
    }

    private let promisedSize: Int64?
    private let budget: ByteBudget
    private let state = Mutex(State())
    private let arrival = Signal()

    init(promisedSize: Int64?, budget: ByteBudget) {
        self.promisedSize = promisedSize
        self.budget = budget
    }

    /// Takes a chunk that came; waits while there is too much of it. Nothing is kept once nobody reads.
    func append(_ bytes: [UInt8]) async throws {
        if state.withLock({ $0.isClosed }) { return }
        try await budget.add(bytes.count) { self.state.withLock { $0.chunks.isEmpty } }
        let isKept = state.withLock { state in
            if state.isClosed { return false }
            state.size += Int64(bytes.count)
            state.chunks.append(bytes)
            return true
        }
        if isKept { arrival.signal() } else { budget.take(bytes.count) }
    }

    /// Nothing more comes. Plakar tells no hash; what the snapshot says of the size is all there is to be checked.
    func finish() {
        state.withLock { state in
            if let promisedSize, promisedSize != state.size, !state.isClosed {
                state.failure = ConnectorError(
                    .corrupt, "the content has \(state.size) bytes in place of \(promisedSize)", isRetryable: true)
            }
            state.isComplete = true
        }
        arrival.signal()
    }

    /// Ends the content with an error.
    func fail(_ error: ConnectorError) {
        state.withLock { $0.failure = $0.failure ?? error }
        arrival.signal()
    }

    /// Why it is not whole, where it is not.
    var failure: ConnectorError? { state.withLock { $0.failure } }

    func read() async throws -> [UInt8]? {
        while true {
            let step: [UInt8]?? = try state.withLock { state in
                if let failure = state.failure { throw failure }
                if state.isClosed { throw CancellationError() }
                if !state.chunks.isEmpty { return state.chunks.removeFirst() }
                return state.isComplete ? .some(nil) : nil
            }
            guard let step else {
                try await arrival.wait()
                continue
            }
            if let step { budget.take(step.count) }
            return step
        }
    }

    func close() async { abandon() }

    /// Nobody reads any more; what still comes is dropped.
    func abandon() {
        let dropped = state.withLock { state in
            state.isClosed = true
            defer { state.chunks = [] }
            return state.chunks.reduce(0) { $0 + $1.count }
        }
        if dropped > 0 { budget.take(dropped) }
        arrival.signal()
    }
}
