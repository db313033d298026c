import Dispatch
import Foundation
import Glibc
import Synchronization

/// A queue of bytes and the thread that writes them. Whoever enqueues never waits for the other side.
///
/// Small messages are gathered, so that thousands of records cost a few writes. It owns its descriptor and closes it
/// at the end.
final class MessageWriter: Sendable {
    private struct State {
        var parts: [[UInt8]] = []
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

    func enqueue(_ parts: [[UInt8]]) {
        let wakes = state.withLock { state in
            if state.hasFailed || state.isFinishing { return false }
            for part in parts {
                state.queued += part.count
                let last = state.parts.count - 1
                if last >= 0, part.count <= Self.gatherLimit / 4, state.parts[last].count < Self.gatherLimit {
                    state.parts[last].append(contentsOf: part)
                } else {
                    state.parts.append(part)
                }
            }
            defer { state.isIdle = false }
            return state.isIdle
        }
        if wakes { wake.signal() }
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
                state.isIdle = parts.isEmpty && !state.isFinishing
                return (parts, state.isFinishing)
            }
            if parts.isEmpty {
                if isLast { break }
                wake.wait()
                continue
            }
            for part in parts {
                guard write(part) else {
                    fail()
                    return
                }
                release(part.count)
            }
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

    private func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var position = 0
            while position < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    position += count
                } else if count < 0, errno == EAGAIN {
                    if !stop.waits(for: descriptor, POLLOUT) { return false }
                } else if count == 0 || errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
