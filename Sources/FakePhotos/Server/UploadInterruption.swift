import NIOCore

/// What a fault does to the body of an upload while it comes in.
struct UploadInterruption {
    enum Step {
        case goOn
        /// The next bytes are taken after a while.
        case pause(seconds: Double)
        /// The next bytes are taken when the faults are cleared.
        case stall
        /// The connection ends.
        case end
    }

    let fault: FakeFault
    private var taken: Int64 = 0
    private var hasStalled = false

    init(_ fault: FakeFault) { self.fault = fault }

    /// Takes as many bytes as may come in now, and says what happens after them.
    mutating func take(_ bytes: inout ByteBuffer) -> (part: ByteBuffer, then: Step) {
        let available = Int64(bytes.readableBytes)
        let count: Int64
        if fault.kind == .throttle {
            count = min(available, Int64(max(1, fault.bytes / LibraryState.piecesPerSecond)))
        } else if hasStalled {
            count = available
        } else {
            count = min(available, Int64(fault.bytes) - taken)
        }
        let part = bytes.readSlice(length: Int(count)) ?? ByteBuffer()
        taken += count
        return (part, step(after: count))
    }

    private mutating func step(after count: Int64) -> Step {
        if fault.kind == .throttle { return .pause(seconds: Double(count) / Double(fault.bytes)) }
        if hasStalled || taken < Int64(fault.bytes) { return .goOn }
        if fault.kind != .stall { return .end }
        hasStalled = true
        return .stall
    }
}
