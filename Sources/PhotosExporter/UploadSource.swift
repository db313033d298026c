import ConnectorKit
import Crypto
import HTTP

/// The content of a record on its way into an upload: counted and hashed as it passes.
actor UploadSource: HTTPBodySource {
    private let content: any ContentReader
    private var hasher = SHA256()
    private var isAtEnd = false
    private(set) var failure: (any Error)?

    init(_ content: any ContentReader) { self.content = content }

    func next() async throws -> [UInt8]? {
        if isAtEnd { return nil }
        do {
            guard let chunk = try await content.read() else {
                isAtEnd = true
                return nil
            }
            hasher.update(data: chunk)
            return chunk
        } catch {
            // An upload that was refused early cancels its source; that is not the reason then.
            if !(error is CancellationError) { failure = error }
            throw error
        }
    }

    /// The hash of the content, after its end.
    ///
    /// An upload of a known length is over with its last byte, before anybody asked whether more comes; but only the
    /// read after that tells whether the content was what was promised.
    /// - Throws: where it was not, or goes on.
    func finish() async throws -> String {
        if try await next() != nil {
            throw ConnectorError(.corrupt, "the content is longer than its size says")
        }
        return String(hexadecimal: Array(hasher.finalize()))
    }
}

/// So many at a time; the others wait in line.
actor TransferSlots {
    private var free: Int
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiters.append($0) }
        }
    }

    func giveBack() {
        if waiters.isEmpty {
            free += 1
        } else {
            waiters.removeFirst().resume()
        }
    }
}
