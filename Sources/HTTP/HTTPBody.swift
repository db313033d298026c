/// The bytes of one response, for one reader.
///
/// A reader that waits makes the server wait: no more than ``HTTPClient/Configuration/bodyWindow`` is held.
/// Dropping the body ends the transfer.
public final class HTTPBody: Sendable {
    private let exchange: Exchange
    /// Keeps the client's thread running for as long as somebody can read.
    private let lease: LoopLease

    init(_ exchange: Exchange, lease: LoopLease) {
        self.exchange = exchange
        self.lease = lease
    }

    deinit { exchange.cancel() }

    /// The next bytes, never empty, all that have come so far; nil at the end.
    ///
    /// Call it from one task at a time. Cancelling that task ends the transfer.
    /// - Throws: ``HTTPError``, also for a body that ends before its announced length; `CancellationError`; the error
    ///   of the request's body source.
    public func read() async throws -> [UInt8]? { try await exchange.read() }

    /// Ends the transfer and forgets what was not read. A `read()` after it throws `CancellationError`.
    public func close() { exchange.cancel() }

    /// The whole of the rest.
    /// - Throws: ``HTTPError/Code/bodyTooLong`` as soon as there are more than `limit` bytes; what ``read()`` throws.
    public func collect(limit: Int) async throws -> [UInt8] {
        guard var bytes = try await readWithin(limit) else { return [] }
        while let chunk = try await readWithin(limit - bytes.count) { bytes.append(contentsOf: chunk) }
        return bytes
    }

    private func readWithin(_ limit: Int) async throws -> [UInt8]? {
        guard let chunk = try await read() else { return nil }
        guard chunk.count <= limit else {
            close()
            throw HTTPError(.bodyTooLong, "the response is longer than expected")
        }
        return chunk
    }
}
