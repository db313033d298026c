import ConnectorKit
import Dispatch
import Foundation
import Glibc
import Synchronization

/// A queue of bytes and the thread that writes them. Whoever enqueues never waits for the other side.
///
/// Small messages are gathered, so that thousands of records cost a few writes; content is written from where it is. It
/// owns its descriptor and closes it at the end.
final class MessageWriter: Sendable {
    private struct State {
        var parts: [[UInt8]] = []
        /// The last part was made here of small ones and takes more of them.
        var isGathering = false
        var queued = 0
        /// The thread waits, or is about to.
        var isIdle = false
        var isFinishing = false
        var hasFailed = false
        var waiters: [Signal] = []
    }

    /// Content waits while more than this many bytes are queued.
    static let queueLimit = 2 << 20
    private static let gatherLimit = 1 << 16
    /// Parts in one system call.
    private static let vectorLimit = 32

    private let descriptor: Int32
    private let stop: StopSwitch
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let onFailure: @Sendable () -> Void
    /// Resolved when the thread is gone: true where everything was written.
    let ended = Reply<Bool>()

    /// - Parameter onFailure: called once, from the thread, where the other side does not read any more.
    init(descriptor: Int32, stop: StopSwitch, onFailure: @escaping @Sendable () -> Void) {
        self.descriptor = descriptor
        self.stop = stop
        self.onFailure = onFailure
    }

    func start() {
        // A pipe's end is ours alone; writes that cannot block let the thread hear the stop switch.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        let thread = Thread { self.run() }
        thread.name = "jsonl-writer"
        thread.start()
    }

    /// Queues the parts of one or more whole messages.
    /// - Returns: whether the queue is long now: whoever has much more to send calls `waitForRoom` before that.
    @discardableResult
    func enqueue(_ parts: [[UInt8]]) -> Bool {
        let (wakes, isLong) = state.withLock { state in
            if state.hasFailed || state.isFinishing { return (false, false) }
            for part in parts { Self.append(part, to: &state) }
            defer { state.isIdle = false }
            return (state.isIdle, state.queued > Self.queueLimit)
        }
        if wakes { wake.signal() }
        return isLong
    }

    private static func append(_ part: [UInt8], to state: inout State) {
        state.queued += part.count
        if part.count > gatherLimit / 4 {
            state.parts.append(part)
            state.isGathering = false
            return
        }
        let last = state.parts.count - 1
        if last >= 0, state.isGathering, state.parts[last].count < gatherLimit {
            state.parts[last].append(contentsOf: part)
        } else {
            state.parts.append(part)
            state.isGathering = true
        }
    }

    /// Waits until the queue is short. Returns at once after a failure: whoever goes on learns of it elsewhere.
    func waitForRoom() async throws {
        while true {
            let signal: Signal? = state.withLock { state in
                if state.queued <= Self.queueLimit || state.hasFailed { return nil }
                let signal = Signal()
                state.waiters.append(signal)
                return signal
            }
            guard let signal else { return }
            try await signal.wait()
        }
    }

    /// Writes what is queued, closes the descriptor and ends.
    func finish() {
        let wakes = state.withLock { state in
            state.isFinishing = true
            defer { state.isIdle = false }
            return state.isIdle
        }
        if wakes { wake.signal() }
    }

    private func run() {
        while true {
            let (parts, isLast) = state.withLock { state in
                let parts = state.parts
                state.parts = []
                state.isGathering = false
                state.isIdle = parts.isEmpty && !state.isFinishing
                return (parts, state.isFinishing)
            }
            if parts.isEmpty {
                if isLast { break }
                wake.wait()
                continue
            }
            guard write(parts) else {
                fail()
                return
            }
            // Whoever is at it has the processor first: more messages in the next write, and fewer wake-ups.
            sched_yield()
        }
        _ = close(descriptor)
        ended.resolve(.success(true))
    }

    private func release(_ count: Int) {
        let waiters: [Signal] = state.withLock { state in
            state.queued -= count
            if state.queued > Self.queueLimit / 2 || state.waiters.isEmpty { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.signal() }
    }

    private func fail() {
        _ = close(descriptor)
        let waiters = state.withLock { state in
            state.hasFailed = true
            state.parts = []
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.signal() }
        onFailure()
        ended.resolve(.success(false))
    }

    private func write(_ parts: [[UInt8]]) -> Bool {
        /// The first part that is not written yet, and how much of it is.
        var (first, offset) = (0, 0)
        while first < parts.count {
            var vectors: [iovec] = []
            let count = withVectors(parts[first...], from: offset, &vectors) {
                writev(descriptor, $0, Int32($0.count))
            }
            if count > 0 {
                offset += count
                while first < parts.count, offset >= parts[first].count {
                    offset -= parts[first].count
                    first += 1
                }
                release(count)
            } else if count < 0, errno == EAGAIN {
                if !stop.waits(for: descriptor, POLLOUT) { return false }
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Calls `body` with the memory of the first parts. An array lends its memory for the time of a closure only, so
    /// every part is one level of recursion.
    private func withVectors(
        _ parts: ArraySlice<[UInt8]>, from offset: Int, _ vectors: inout [iovec], _ body: ([iovec]) -> Int
    ) -> Int {
        guard let part = parts.first, vectors.count < Self.vectorLimit else { return body(vectors) }
        return part.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            // `writev` only reads what it is given.
            vectors.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress), iov_len: rest.count))
            return withVectors(parts.dropFirst(), from: 0, &vectors, body)
        }
    }
}
