import NIOCore

/// What is left to send of an answer.
struct ResponseWriting {
    /// Most bytes that are handed to the socket at a time.
    static let pieceSize = 256 << 10

    let response: FakeResponse
    private var reader: ContentReader
    private(set) var sent: Int64 = 0
    /// Whether a stall is over.
    var hasStalled = false
    /// Bytes of the next piece that may go out; the others wait.
    private let pieceSize: Int

    init(_ response: FakeResponse) {
        self.response = response
        reader = ContentReader(response.content, range: response.isHeadOnly ? 0..<0 : response.range)
        pieceSize = min(Self.pieceSize, response.delivery.pieceSize)
    }

    enum Step {
        case piece(ByteBuffer)
        /// The answer stops until the faults are cleared.
        case stall
        /// The connection ends in the middle of the body.
        case cut
        case end
    }

    mutating func next() -> Step {
        var limit = Int64(pieceSize)
        if let bytes = response.delivery.closesAfter {
            if sent >= Int64(bytes) { return .cut }
            limit = min(limit, Int64(bytes) - sent)
        }
        if let bytes = response.delivery.stallsAfter, !hasStalled {
            if sent >= Int64(bytes) { return .stall }
            limit = min(limit, Int64(bytes) - sent)
        }
        guard let piece = reader.next(upTo: Int(limit)) else { return .end }
        sent += Int64(piece.readableBytes)
        return .piece(piece)
    }
}
