import ConnectorKit
import Crypto
import NIOCore

/// Takes the bytes of one upload as they come: into the spool, and through the hashes.
struct UploadSink: Sendable {
    /// Bytes are kept in blocks of this size, the granularity of resumable uploads: what a broken connection leaves of
    /// a block is dropped, as the service does.
    static let blockSize = 262_144

    private let stored: SpooledBytes
    private var pending = ByteBuffer()
    private var sha256 = SHA256()
    private var sha1 = Insecure.SHA1()

    init(spool: Spool, expectedCount: Int64?) {
        stored = SpooledBytes(in: spool, expectedCount: expectedCount)
    }

    /// Bytes that are kept, whatever happens next.
    var storedCount: Int64 { stored.count }
    /// All bytes so far.
    var count: Int64 { stored.count + Int64(pending.readableBytes) }

    mutating func append(_ bytes: ByteBuffer) throws(ConnectorError) {
        pending.writeImmutableBuffer(bytes)
        while let block = pending.readSlice(length: Self.blockSize) { try keep(block) }
        if pending.readerIndex > 4 * Self.blockSize { pending.discardReadBytes() }
    }

    private mutating func keep(_ block: ByteBuffer) throws(ConnectorError) {
        block.withUnsafeReadableBytes { bytes in
            sha256.update(bufferPointer: bytes)
            sha1.update(bufferPointer: bytes)
        }
        try stored.append(block)
    }

    /// Forgets the bytes that are no whole block.
    mutating func dropPending() { pending.clear() }

    /// The content, once all of it is there.
    mutating func finish() throws(ConnectorError) -> StoredContent {
        if pending.readableBytes > 0 {
            try keep(pending)
            pending.clear()
        }
        return StoredContent(
            bytes: stored, count: stored.count, sha256: Array(sha256.finalize()), sha1: Array(sha1.finalize()))
    }
}

/// A whole upload.
final class StoredContent: Sendable {
    let bytes: SpooledBytes
    let count: Int64
    let sha256: [UInt8]
    let sha1: [UInt8]

    init(bytes: SpooledBytes, count: Int64, sha256: [UInt8], sha1: [UInt8]) {
        self.bytes = bytes
        self.count = count
        self.sha256 = sha256
        self.sha1 = sha1
    }
}
