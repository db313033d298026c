/// Where libcurl is in a request's body.
struct UploadCursor {
    enum Step {
        case bytes(Int)
        case nothingYet
        case end
    }

    private var outbox: Outbox?
    private var chunk: [UInt8] = []
    /// What of the chunk has gone.
    private var offset = 0
    private var hasStarted = false
    private let canRewind: Bool

    init(_ exchange: Exchange) {
        outbox = exchange.outbox
        canRewind = outbox == nil
        if case .bytes(let bytes) = exchange.request.body { chunk = bytes }
    }

    mutating func fill(_ room: UnsafeMutableRawBufferPointer) -> Step {
        if offset == chunk.count, let outbox {
            switch outbox.take() {
            case .bytes(let next): (chunk, offset) = (next, 0)
            case .nothingYet: return .nothingYet
            case .end: return .end
            }
        }
        let count = min(room.count, chunk.count - offset)
        guard count > 0 else { return .end }
        chunk.withUnsafeBytes { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
        offset += count
        hasStarted = true
        return .bytes(count)
    }

    /// Back to the start: libcurl sends a request again when a kept connection turns out to be closed.
    mutating func rewind() -> Bool {
        guard canRewind || !hasStarted else { return false }
        offset = 0
        return true
    }

    /// Gives no more from now on.
    mutating func abandon() {
        outbox = nil
        chunk = []
        offset = 0
    }
}
