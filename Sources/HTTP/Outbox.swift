import Synchronization

/// The bytes of a streamed request body on their way from an async source to libcurl's thread.
///
/// It holds one chunk. With the one that libcurl is sending, and one more at the announced end, that is all of the
/// source that is in memory.
final class Outbox: Sendable {
    enum Supply: Sendable {
        case bytes([UInt8])
        case nothingYet
        case end
    }

    enum Event: Sendable {
        /// libcurl waits, and there is something for it again.
        case supplied
        /// The source failed, or did not keep to its announced length.
        case failed(any Error)
    }

    private struct State {
        var supply = Supply.nothingYet
        /// libcurl asked, got nothing, and paused.
        var isStarved = false
        var isClosed = false
        var roomWaiter: CheckedContinuation<Bool, Never>?
        var pump: Task<Void, Never>?

        var hasRoom: Bool {
            if case .nothingYet = supply { true } else { false }
        }
    }

    private let source: any HTTPBodySource
    private let length: Int64?
    private let state = Mutex(State())

    init(_ source: any HTTPBodySource, length: Int64?) {
        self.source = source
        self.length = length
    }

    /// Starts to pull from the source.
    ///
    /// A task of its own, because a body may still be on its way when `send` has returned; `close` ends it.
    func start(onEvent: @escaping @Sendable (Event) -> Void) {
        let pump = Task {
            do {
                try await self.pump { onEvent(.supplied) }
            } catch {
                // After `close`, it is the cancellation that made the source fail.
                if !self.isClosed { onEvent(.failed(error)) }
            }
        }
        let isTooLate = state.withLock { state in
            if !state.isClosed { state.pump = pump }
            return state.isClosed
        }
        if isTooLate { pump.cancel() }
    }

    /// Nothing more is wanted.
    func close() {
        let (waiter, pump) = state.withLock { state in
            defer {
                state.isClosed = true
                state.roomWaiter = nil
                state.pump = nil
                state.supply = .nothingYet
            }
            return (state.roomWaiter, state.pump)
        }
        waiter?.resume(returning: false)
        pump?.cancel()
    }

    /// For libcurl's thread: what there is. After `nothingYet`, `supplied` will come.
    func take() -> Supply {
        let (supply, waiter) = state.withLock { state in
            let supply = state.supply
            var waiter: CheckedContinuation<Bool, Never>?
            switch supply {
            case .end: break
            case .nothingYet: state.isStarved = true
            case .bytes:
                state.supply = .nothingYet
                swap(&waiter, &state.roomWaiter)
            }
            return (supply, waiter)
        }
        waiter?.resume(returning: true)
        return supply
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func pump(_ onSupply: () -> Void) async throws {
        var total: Int64 = 0
        while await waitForRoom() {
            let chunk = try await nextNonEmpty()
            total += Int64(chunk?.count ?? 0)
            if let length {
                // libcurl does not ask again after the announced length: what comes too much must show before that.
                var isLast = chunk == nil
                if total == length, !isLast { isLast = try await nextNonEmpty() == nil }
                guard isLast ? total == length : total < length else {
                    throw HTTPError(.bodyLengthMismatch, "the body to send is not as long as it was announced to be")
                }
            }
            guard let chunk else { return put(.end, onSupply) }
            put(.bytes(chunk), onSupply)
        }
    }

    private func nextNonEmpty() async throws -> [UInt8]? {
        while let chunk = try await source.next() {
            if !chunk.isEmpty { return chunk }
        }
        return nil
    }

    private func put(_ supply: Supply, _ onSupply: () -> Void) {
        let wasStarved = state.withLock { state in
            guard !state.isClosed else { return false }
            state.supply = supply
            defer { state.isStarved = false }
            return state.isStarved
        }
        if wasStarved { onSupply() }
    }

    /// False when nothing more is wanted.
    private func waitForRoom() async -> Bool {
        await withCheckedContinuation { waiter in
            let ready: Bool? = state.withLock { state in
                if state.isClosed { return false }
                if state.hasRoom { return true }
                state.roomWaiter = waiter
                return nil
            }
            if let ready { waiter.resume(returning: ready) }
        }
    }
}
