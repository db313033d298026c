import ConnectorKit
import Crypto
import Synchronization

/// Size and hash of a content.
public struct ContentDigest: Sendable, Hashable {
    /// Bytes.
    public var size: Int64
    /// SHA-256 in 64 lower-case hexadecimal digits.
    public var sha256: String

    public init(size: Int64, sha256: String) {
        self.size = size
        self.sha256 = sha256
    }
}

/// Size and, where it is wanted, hash of what passed so far.
struct ContentMeter: Sendable {
    private(set) var size: Int64 = 0
    private var hash: SHA256?

    init(isHashing: Bool = true) { hash = isHashing ? SHA256() : nil }

    mutating func add(_ bytes: [UInt8]) {
        size += Int64(bytes.count)
        bytes.withUnsafeBytes { hash?.update(bufferPointer: $0) }
    }

    /// In 64 hexadecimal digits; nil where it is not wanted.
    var sha256: String? { hash.map { String(hexadecimal: Array($0.finalize())) } }
}

/// A content that comes over the wire: chunks go in from the reader's thread and come out as a `ContentReader`.
///
/// The credit bounds what it holds. Reading gives credit back; the last read checks what the sender promised.
final class IncomingContent: ContentReader, Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        var next = 0
        /// What the sender may still send.
        var credit: Int64
        /// The offset of the next chunk.
        var offset: Int64 = 0
        /// Taken by the reader and not given back as credit yet.
        var consumed: Int64 = 0
        var end: ContentEnd?
        var failure: ConnectorError?
        var digest: ContentDigest?
        var isClosed = false
    }

    private let promisedSize: Int64?
    private let promisedHash: String?
    private let grantSize: Int64
    private let grant: @Sendable (Int64) -> Void
    private let onClose: @Sendable () -> Void
    private let state: Mutex<State>
    private let arrival = Signal()
    /// Only `read` comes here. Apart from the state, so that chunks arrive while others are hashed.
    private let meter = Mutex(ContentMeter())

    /// - Parameters:
    ///   - grant: gives that many bytes of credit.
    ///   - onClose: called once, when the content is closed or given up.
    init(
        credit: Int64, promisedSize: Int64? = nil, promisedHash: String? = nil,
        grant: @escaping @Sendable (Int64) -> Void, onClose: @escaping @Sendable () -> Void
    ) {
        self.promisedSize = promisedSize
        self.promisedHash = promisedHash
        self.grant = grant
        self.onClose = onClose
        grantSize = min(credit / 4, 512 << 10)
        state = Mutex(State(credit: credit))
    }

    /// Takes a chunk from the wire.
    func receive(_ chunk: Chunk) {
        state.withLock { state in
            if state.isClosed || state.failure != nil || state.end != nil { return }
            if chunk.offset != state.offset {
                state.failure = ConnectorError(.corrupt, "the content has a gap", isRetryable: true)
            } else if Int64(chunk.bytes.count) > state.credit {
                state.failure = ConnectorError(.protocolViolation, "more content than there was credit for")
            } else {
                state.offset += Int64(chunk.bytes.count)
                state.credit -= Int64(chunk.bytes.count)
                state.chunks.append(chunk.bytes)
            }
        }
        arrival.signal()
    }

    func finish(_ end: ContentEnd) {
        if end.isCancelled {
            fail(ConnectorError(.cancelled, "the transfer was cancelled", isRetryable: true))
            return
        }
        state.withLock { state in if state.end == nil { state.end = end } }
        arrival.signal()
    }

    /// Ends the content with an error; what came before it is dropped.
    func fail(_ error: ConnectorError) {
        state.withLock { state in
            if state.failure == nil, state.digest == nil { state.failure = error }
            state.chunks = []
            state.next = 0
        }
        arrival.signal()
    }

    /// Size and hash, once `read` has returned nil.
    var digest: ContentDigest? { state.withLock { $0.digest } }

    /// What the content ended with, where it did not end well.
    var failure: ConnectorError? { state.withLock { $0.failure } }

    private enum Step {
        case wait, complete
        case chunk([UInt8], credit: Int64)
        case end(ContentEnd)
    }

    func read() async throws -> [UInt8]? {
        while true {
            switch try state.withLock({ try step(&$0) }) {
            case .wait: try await arrival.wait()
            case .complete: return nil
            case .end(let end):
                try check(end)
                return nil
            case .chunk(let bytes, let credit):
                if credit > 0 { grant(credit) }
                meter.withLock { $0.add(bytes) }
                return bytes
            }
        }
    }

    private func step(_ state: inout State) throws -> Step {
        if let failure = state.failure { throw failure }
        if state.isClosed { throw CancellationError() }
        if state.next < state.chunks.count {
            let bytes = state.chunks[state.next]
            state.chunks[state.next] = []
            state.next += 1
            if state.next == state.chunks.count {
                state.chunks = []
                state.next = 0
            }
            state.consumed += Int64(bytes.count)
            var credit: Int64 = 0
            if state.end == nil, state.consumed >= grantSize {
                credit = state.consumed
                state.consumed = 0
                state.credit += credit
            }
            return .chunk(bytes, credit: credit)
        }
        guard let end = state.end else { return .wait }
        return state.digest == nil ? .end(end) : .complete
    }

    /// Compares all that was read with what was promised.
    private func check(_ end: ContentEnd) throws {
        let meter = meter.withLock { $0 }
        guard let sha256 = meter.sha256 else { throw ConnectorError(.internalDefect, "a content was not hashed") }
        let digest = ContentDigest(size: meter.size, sha256: sha256)
        let error = fault(of: digest, end)
        try state.withLock { state in
            if let failure = state.failure ?? error {
                state.failure = failure
                throw failure
            }
            state.digest = digest
        }
    }

    private func fault(of digest: ContentDigest, _ end: ContentEnd) -> ConnectorError? {
        for size in [end.size, promisedSize] {
            if let size, size != digest.size {
                return ConnectorError(
                    .corrupt, "the content has \(digest.size) bytes in place of \(size)", isRetryable: true)
            }
        }
        for hash in [end.sha256, promisedHash] {
            if let hash, hash != digest.sha256 {
                return ConnectorError(.corrupt, "the hash of the content is not the one promised", isRetryable: true)
            }
        }
        return nil
    }

    func close() async { abandon() }

    func abandon() {
        let isFirst = state.withLock { state in
            if state.isClosed { return false }
            state.isClosed = true
            state.chunks = []
            state.next = 0
            return true
        }
        if isFirst { onClose() }
        arrival.signal()
    }
}
