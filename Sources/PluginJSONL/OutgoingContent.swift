import ConnectorKit

/// Sends one content as chunks, as far as there is credit.
struct OutgoingContent: Sendable {
    let record: Int64
    /// Bytes of content in the largest chunk that the other side takes.
    let largestChunk: Int
    /// Waits for credit and takes up to that many bytes of it.
    let takeCredit: @Sendable (Int) async throws -> Int
    let send: @Sendable (Chunk) async throws -> Void

    /// Sends everything the reader has.
    /// - Returns: size and hash of it.
    func run(_ reader: any ContentReader) async throws -> ContentDigest {
        var meter = ContentMeter()
        while let bytes = try await reader.read() {
            var position = 0
            while position < bytes.count {
                let count = try await takeCredit(min(bytes.count - position, largestChunk))
                // The usual piece is sent as it is, without a copy.
                let piece = count == bytes.count ? bytes : Array(bytes[position..<position + count])
                try await send(Chunk(record: record, offset: meter.size, bytes: piece))
                meter.add(piece)
                position += count
            }
        }
        return meter.digest
    }
}

extension Wire {
    /// Bytes of content in the largest chunk: in base64 it has to fit into a line.
    static func largestChunk(raw: Bool, maxLine: Int) -> Int {
        raw ? largestChunk : min(largestChunk, (maxLine - 256) / 4 * 3)
    }
}
