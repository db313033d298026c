import ConnectorKit
import Foundation

/// A content on its way through a temporary file, for several readers: it is fetched once, and each reads it from its
/// start, also while it is still coming in.
///
/// The file is 0600 and unlinked at once: it is gone with the process, however that ends.
actor Spool {
    private let descriptor: Int32
    /// It holds on to the spools that wait.
    private weak var room: SpoolRoom?
    private var written: Int64 = 0
    /// Bytes that the room knows of.
    private var counted: Int64 = 0
    private var outcome: Result<Void, any Error>?
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var filling: Task<Void, Never>?
    private var isDiscarded = false
    /// Whoever made it is the first.
    private var readers = 1
    /// It was whole, and made room for others.
    private(set) var isDropped = false
    /// The disk is full: each reader has to fetch the content for itself.
    private(set) var hasNoRoom = false

    init(filling reader: any ContentReader, directory: String, room: SpoolRoom) throws {
        self.room = room
        var template = Array("\(directory)/gphotos-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw ConnectorError(
                .unavailable, "cannot make a temporary file in \(directory): \(String(cString: strerror(errno)))",
                hint: "set TMPDIR to a directory with room")
        }
        unlink(template)
        Task { await self.start(reader) }
    }

    deinit {
        filling?.cancel()
        close(descriptor)
    }

    private func start(_ reader: any ContentReader) {
        if isDiscarded { return }
        filling = Task { [weak self] in
            do {
                while let chunk = try await reader.read() {
                    guard let self else { break }
                    try await self.append(chunk)
                    await self.count(Int64(chunk.count))
                }
                await self?.end(.success(()))
                await self?.restIfIdle()
            } catch {
                await self?.end(.failure(error))
            }
            await reader.close()
        }
    }

    private func append(_ chunk: [UInt8]) throws {
        var done = 0
        while done < chunk.count {
            let count = chunk.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + done, $0.count - done, off_t(written))
            }
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                hasNoRoom = true
                // Readers find the failure, and the disk its room.
                written = 0
                ftruncate(descriptor, 0)
                throw ConnectorError(
                    .unavailable, "cannot write a temporary file: \(reason)",
                    isRetryable: true, hint: "set TMPDIR to a directory with room")
            }
            done += count
            written += Int64(count)
        }
        wake()
    }

    private func count(_ bytes: Int64) async {
        if isDiscarded { return }
        counted += bytes
        await room?.take(bytes)
    }

    private func end(_ result: Result<Void, any Error>) {
        outcome = outcome ?? result
        wake()
    }

    private func wake() {
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    /// Whether it is worth reading: it has not failed.
    private var isUsable: Bool {
        if case .failure = outcome { return false }
        return !isDiscarded
    }

    private var isWhole: Bool { if case .success = outcome { true } else { false } }

    /// Nobody will read any more.
    func discard() async {
        await room?.take(out: self)
        await free()
    }

    /// Makes room, where nobody is reading.
    func dropIfIdle() async {
        guard readers == 0, isWhole, !isDiscarded else { return }
        isDropped = true
        await free()
    }

    private func free() async {
        if isDiscarded { return }
        isDiscarded = true
        filling?.cancel()
        end(.failure(CancellationError()))
        // The descriptor lives as long as this; the bytes need not.
        ftruncate(descriptor, 0)
        await room?.give(back: counted)
        counted = 0
    }

    /// For whoever made it, once.
    nonisolated var firstReader: any ContentReader { SpoolReader(self) }

    /// One more reader, from the start; nil where there is nothing to read any more.
    func reader() async -> (any ContentReader)? {
        guard isUsable else { return nil }
        readers += 1
        if readers == 1, isWhole { await room?.take(out: self) }
        return SpoolReader(self)
    }

    fileprivate func leave() async {
        readers -= 1
        await restIfIdle()
    }

    private func restIfIdle() async {
        if readers == 0, isWhole, !isDiscarded { await room?.rest(self) }
    }

    /// Up to 256 KiB from an offset; waits for them where they are still coming. Nil at the end.
    fileprivate func read(at offset: Int64) async throws -> [UInt8]? {
        while offset >= written {
            switch outcome {
            case .success: return nil
            case .failure(let error): throw error
            case nil: await withCheckedContinuation { waiters.append($0) }
            }
            try Task.checkCancellation()
        }
        let length = Int(min(written - offset, 256 << 10))
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            let got = pread(descriptor, buffer.baseAddress, length, off_t(offset))
            if got < 0 { failure = errno }
            count = max(0, got)
        }
        guard !bytes.isEmpty else {
            throw ConnectorError(.internalDefect, "cannot read a temporary file: \(String(cString: strerror(failure)))")
        }
        return bytes
    }
}

/// One of the readers of a spool.
private actor SpoolReader: ContentReader {
    private var spool: Spool?
    private var offset: Int64 = 0

    init(_ spool: Spool) { self.spool = spool }

    func read() async throws -> [UInt8]? {
        guard let spool else { throw CancellationError() }
        guard let chunk = try await spool.read(at: offset) else { return nil }
        offset += Int64(chunk.count)
        return chunk
    }

    func close() async {
        guard let left = spool else { return }
        spool = nil
        await left.leave()
    }
}
