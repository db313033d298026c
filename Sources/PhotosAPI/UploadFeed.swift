import ConnectorKit
import Crypto
import HTTP

/// The content of a resumable upload: read once, from its start to its end, with its last bytes held to be sent again.
actor UploadFeed {
    /// How many of the bytes that were read last are held at least.
    ///
    /// A content cannot be read again, and a request of any length may break. What was given to the connection and has
    /// not been stored is then sent again from here: it lies in our own buffers (three parts of ``UploadPiece``), in our
    /// socket (4 MiB at most, by Linux's tcp_wmem), in the other one (6 MiB where it is Linux, by tcp_rmem) or in the
    /// server itself. So a break costs no more than this, the whole file can be one request, and the memory is the
    /// number of uploads times this. Where a server had stored even less, the upload fails and its session lives on.
    static let window: Int64 = 16 << 20

    nonisolated let size: Int64
    private let content: any HTTPBodySource
    private var held: [[UInt8]] = []
    private var heldCount: Int64 = 0
    /// How many bytes were read.
    private var end: Int64 = 0
    private var isAtEnd = false
    private var hasher = Insecure.SHA1()
    private var reading: Task<Void, any Error>?
    /// Why the content could not be read on.
    private(set) var failure: (any Error)?

    init(_ content: any HTTPBodySource, size: Int64) {
        self.content = content
        self.size = size
    }

    /// Whether the bytes from an offset on can still be sent.
    func holds(_ offset: Int64) -> Bool { offset >= end - heldCount }

    /// Reads on to an offset; what lies before it is hashed and not sent.
    func skip(to offset: Int64) async throws {
        while end < offset { try await readMore() }
    }

    /// Some of the bytes at a position, at least one.
    func bytes(at position: Int64, limit: Int64) async throws -> [UInt8] {
        try await skip(to: position + 1)
        var start = end
        for chunk in held.reversed() {
            start -= Int64(chunk.count)
            if start > position { continue }
            let first = Int(position - start)
            let count = Int(min(Int64(chunk.count - first), limit))
            return count == chunk.count ? chunk : Array(chunk[first..<first + count])
        }
        throw ConnectorError(.internalDefect, "bytes of an upload were let go too early")
    }

    /// Reads to the end of the content: only there it turns out whether it is what was promised.
    func finish() async throws {
        while !isAtEnd { try await readMore() }
    }

    /// The hash of the whole content.
    func sha1() async throws -> [UInt8] {
        try await finish()
        return Array(hasher.finalize())
    }

    /// Nothing more will be read.
    func stop() { reading?.cancel() }

    /// A read outlives the request that asked for it: a request that breaks is cancelled, and what its read brings
    /// belongs to the next one.
    private func readMore() async throws {
        if let failure { throw failure }
        if isAtEnd { throw ConnectorError(.corrupt, "the content is shorter than its size says", isRetryable: true) }
        let task = reading ?? Task { try await take() }
        reading = task
        try await task.value
    }

    private func take() async throws {
        defer { reading = nil }
        do {
            guard let chunk = try await content.next() else {
                if end != size { throw Self.otherSize }
                isAtEnd = true
                return
            }
            end += Int64(chunk.count)
            if end > size { throw Self.otherSize }
            hasher.update(data: chunk)
            held.append(chunk)
            heldCount += Int64(chunk.count)
            while let first = held.first, heldCount - Int64(first.count) >= Self.window {
                heldCount -= Int64(first.count)
                held.removeFirst()
            }
        } catch {
            failure = error
            throw error
        }
    }

    static let otherSize = ConnectorError(
        .corrupt, "the content does not have the size that was promised", isRetryable: true)
}

/// A range of a content as the body of one request.
actor UploadPiece: HTTPBodySource {
    /// In bytes: what is handed over at a time, so that little of it is out of our hands.
    private static let part: Int64 = 256 << 10

    private let feed: UploadFeed
    private var rest: Range<Int64>

    init(_ feed: UploadFeed, _ range: Range<Int64>) {
        self.feed = feed
        rest = range
    }

    func next() async throws -> [UInt8]? {
        guard !rest.isEmpty else {
            // The last bytes are not let go before the content turned out to be whole.
            if rest.upperBound == feed.size { try await feed.finish() }
            return nil
        }
        let bytes = try await feed.bytes(at: rest.lowerBound, limit: min(Int64(rest.count), Self.part))
        rest = rest.lowerBound + Int64(bytes.count)..<rest.upperBound
        return bytes
    }
}
