import CCurl
import Synchronization

/// What came from the server and was not read yet. libcurl's thread fills it, one task empties it.
///
/// At most the window and one callback's bytes (16 KiB) are held. When the window is full, `append` refuses, libcurl
/// keeps those bytes and stops reading from its socket, and the reader that empties the inbox says `mustResume`.
/// The end of a paused transfer comes only after that.
final class Inbox: Sendable {
    struct Chunk: Sendable {
        let bytes: [UInt8]
        /// The transfer had paused for lack of room, and somebody must set it going again.
        let mustResume: Bool
    }

    private typealias HeadWaiter = CheckedContinuation<ResponseHead, any Error>
    private typealias ChunkWaiter = CheckedContinuation<Chunk?, any Error>

    private struct State {
        var head: ResponseHead?
        var buffer: [UInt8] = []
        /// What Content-Length promises and has not come; nil when there is none.
        var remaining: Int?
        var isFull = false
        var end: Result<Void, any Error>?
        var headWaiter: HeadWaiter?
        var chunkWaiter: ChunkWaiter?

        /// The answer to a reader, or nil when it has to wait. Hands the buffer out, does not copy it.
        mutating func next() -> Result<Chunk?, any Error>? {
            guard buffer.isEmpty else {
                let chunk = Chunk(bytes: buffer, mustResume: isFull)
                buffer = []
                isFull = false
                return .success(chunk)
            }
            return end?.map { nil }
        }

        func headResult() -> Result<ResponseHead, any Error>? {
            if let head { return .success(head) }
            return end?.flatMap {
                .failure(HTTPError(.malformedResponse, "the server sent no response", isTransient: true))
            }
        }
    }

    /// Those who wait and can be answered now, taken out under the lock and resumed outside it.
    private struct Answers {
        var head: (HeadWaiter, Result<ResponseHead, any Error>)?
        var chunk: (ChunkWaiter, Result<Chunk?, any Error>)?

        init(_ state: inout State) {
            if let waiter = state.headWaiter, let result = state.headResult() {
                state.headWaiter = nil
                head = (waiter, result)
            }
            if let waiter = state.chunkWaiter, let result = state.next() {
                state.chunkWaiter = nil
                chunk = (waiter, result)
            }
        }

        func deliver() {
            if let (waiter, result) = head { waiter.resume(with: result) }
            if let (waiter, result) = chunk { waiter.resume(with: result) }
        }
    }

    /// The most that libcurl gives to CURLOPT_WRITEFUNCTION in one call.
    private static let largestCall = Int(CURL_MAX_WRITE_SIZE)

    private let window: Int
    private let state = Mutex(State())

    init(window: Int) { self.window = window }

    // MARK: libcurl's thread

    func setHead(_ head: ResponseHead) {
        state.withLock {
            $0.head = head
            $0.remaining = head.contentLength
        }
    }

    /// Whether the transfer has not ended and the reader has not left.
    var isOpen: Bool { state.withLock { $0.end == nil } }

    /// Takes the bytes, or none of them when the window is full.
    func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            guard state.end == nil, state.buffer.count < window else {
                state.isFull = true
                return false
            }
            if state.buffer.isEmpty {
                // All of the room at once: growing would copy, and pages that are not written cost nothing.
                let expected = max(state.remaining ?? bytes.count, bytes.count)
                state.buffer.reserveCapacity(min(expected, window + Self.largestCall))
            }
            state.buffer.append(contentsOf: bytes)
            state.remaining? -= bytes.count
            return true
        }
    }

    /// Answers whoever waits. Apart from `append`, so that a reader gets all of what one turn brought.
    func flush() { state.withLock { Answers(&$0) }.deliver() }

    /// The transfer is over. Only the first end counts. What is buffered can still be read.
    func finish(_ result: Result<Void, any Error>) {
        let answers = state.withLock { state in
            if state.end == nil { state.end = result }
            return Answers(&state)
        }
        answers.deliver()
    }

    // MARK: the reader

    /// Gives up what was not read: whoever waits or comes later gets `CancellationError`.
    /// - Returns: whether the transfer still ran.
    func cancel() -> Bool {
        let (wasRunning, answers) = state.withLock { state in
            let wasRunning = state.end == nil
            state.buffer = []
            if case .failure? = state.end {} else { state.end = .failure(CancellationError()) }
            return (wasRunning, Answers(&state))
        }
        answers.deliver()
        return wasRunning
    }

    func head() async throws -> ResponseHead {
        try await withCheckedThrowingContinuation { waiter in
            let ready: Result<ResponseHead, any Error>? = state.withLock { state in
                if let result = state.headResult() { return result }
                state.headWaiter = waiter
                return nil
            }
            if let ready { waiter.resume(with: ready) }
        }
    }

    func next() async throws -> Chunk? {
        if let ready = state.withLock({ $0.next() }) { return try ready.get() }
        return try await withCheckedThrowingContinuation { waiter in
            let ready: Result<Chunk?, any Error>? = state.withLock { state in
                precondition(state.chunkWaiter == nil, "a body has one reader at a time")
                if let result = state.next() { return result }
                state.chunkWaiter = waiter
                return nil
            }
            if let ready { waiter.resume(with: ready) }
        }
    }
}
