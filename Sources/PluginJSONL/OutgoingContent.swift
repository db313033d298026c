import ConnectorKit

/// Sends one content as chunks, as far as there is credit.
struct OutgoingContent: Sendable {
    /// What a chunk that was queued leaves behind.
    struct Sent: Sendable {
        var credit: Int64
        var queueIsLong: Bool
    }

    let record: Int64
    let raw: Bool
    let isHashed: Bool
    /// Bytes of content in the largest chunk that the other side takes.
    let largestChunk: Int
    /// The credit there is; nil where the other side wants no more of this content.
    let credit: @Sendable () -> Int64?
    /// Takes so much of the credit and queues the encoded chunk for it, under one lock; nil where it is not wanted.
    let send: @Sendable ([[UInt8]], Int) -> Sent?
    let waitForCredit: @Sendable () async throws -> Void
    let waitForRoom: @Sendable () async throws -> Void

    /// Sends everything the reader has.
    /// - Returns: size and, where it is wanted, hash of it.
    /// - Throws: what the reader throws; `CancellationError` where the content is not wanted any more.
    func run(_ reader: any ContentReader) async throws -> ContentEnd {
        var meter = ContentMeter(isHashing: isHashed)
        // Nobody else takes of this credit, so that there is at least as much of it as when it was looked at.
        var known: Int64 = 0
        while let bytes = try await reader.read() {
            var position = 0
            while position < bytes.count {
                let wanted = min(bytes.count - position, largestChunk)
                if known < wanted { known = try await someCredit() }
                let count = min(wanted, Int(known))
                // The usual piece is sent as it is, without a copy.
                let piece = count == bytes.count ? bytes : Array(bytes[position..<position + count])
                let parts = Chunk(record: record, offset: meter.size, bytes: piece).encoded(raw: raw)
                guard let sent = send(parts, count) else { throw CancellationError() }
                meter.add(piece)
                position += count
                known = sent.credit
                if sent.queueIsLong { try await waitForRoom() }
            }
        }
        return ContentEnd(size: meter.size, sha256: meter.sha256)
    }

    private func someCredit() async throws -> Int64 {
        while let credit = credit() {
            if credit > 0 { return credit }
            try await waitForCredit()
        }
        throw CancellationError()
    }
}

extension Wire {
    /// Bytes of content in the largest chunk: in base64 it has to fit into a line.
    static func largestChunk(raw: Bool, maxLine: Int) -> Int {
        raw ? largestChunk : min(largestChunk, (maxLine - 256) / 4 * 3)
    }
}
