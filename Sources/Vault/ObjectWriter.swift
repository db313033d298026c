import ConnectorKit
import Crypto
import Synchronization

/// What became of a content that was written.
public struct StoredObject: Sendable, Hashable {
    public var id: ObjectID
    /// Bytes of content.
    public var size: Int64
    /// False where the vault had the content already.
    public var isNew: Bool

    public init(id: ObjectID, size: Int64, isNew: Bool) {
        self.id = id
        self.size = size
        self.isNew = isNew
    }
}

/// Takes one content into the vault. Any number may be at work at a time, each used by one task.
///
/// It works in the caller's task, on purpose: a write of 256 KiB goes to the page cache in some 100 microseconds, less
/// than a hop to another thread and back costs for the many small files of a library. What does wait for the disk is
/// done elsewhere, once per batch (``SnapshotWriter/flush()``). A content of up to 128 KiB is kept in memory until
/// ``finish(sha256:)``, so that one which the vault has costs no file at all.
///
/// A writer that goes away before ``finish(sha256:)`` leaves nothing behind.
public final class ObjectWriter: Sendable {
    private let store: ObjectStore
    private let state: Mutex<State>

    private struct State {
        /// Nil where the caller has the hash.
        var hasher: SHA256?
        var size: Int64 = 0
        var phase = Phase.gathering([])
    }

    private enum Phase {
        /// Too little yet to tell whether it is worth compressing.
        case gathering([UInt8])
        case raw(TemporaryFile)
        case compressing(TemporaryFile, ZstdEncoder)
        case over
    }

    init(store: ObjectStore, hashing: Bool) {
        self.store = store
        state = Mutex(State(hasher: hashing ? SHA256() : nil))
    }

    /// Takes the next bytes.
    /// - Throws: ``VaultError``: `full` or `cannotWrite`. The content is given up then.
    public func write(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            do {
                try write(bytes, &state)
            } catch {
                state.phase = .over
                throw error
            }
        }
    }

    private func write(_ bytes: [UInt8], _ state: inout State) throws {
        if bytes.isEmpty { return }
        bytes.withUnsafeBytes { state.hasher?.update(bufferPointer: $0) }
        state.size += Int64(bytes.count)
        switch state.phase {
        case .gathering(var start):
            // The array must have one owner, or it is copied with every chunk.
            state.phase = .over
            start.append(contentsOf: bytes)
            state.phase =
                start.count > Compressibility.probeLength ? try beginFile(with: start) : .gathering(start)
        case .raw(let file):
            try bytes.withUnsafeBytes { try file.write($0) }
        case .compressing(let file, let encoder):
            try bytes.withUnsafeBytes { try encoder.encode($0, isLast: false, to: file.write) }
        case .over:
            throw Self.misuse
        }
    }

    private func beginFile(with start: [UInt8]) throws -> Phase {
        let file = try store.makeTemporaryFile()
        guard Compressibility.isLikely(start) else {
            try start.withUnsafeBytes { try file.write($0) }
            return .raw(file)
        }
        let encoder = try ZstdEncoder()
        try start.withUnsafeBytes { try encoder.encode($0, isLast: false, to: file.write) }
        return .compressing(file, encoder)
    }

    /// The content is complete: gives it its place. It survives a crash once its batch was flushed.
    /// - Parameter sha256: what the source says the hash is. Compared with the true one, unless the writer was made
    ///   with `hashing: false`: then it is needed, and believed.
    /// - Throws: ``ConnectorError`` with code `corrupt` where the hashes differ; ``VaultError``.
    public func finish(sha256: ObjectID? = nil) throws -> StoredObject {
        try state.withLock { state in
            defer { state.phase = .over }
            return try finish(sha256, &state)
        }
    }

    private func finish(_ expected: ObjectID?, _ state: inout State) throws -> StoredObject {
        guard let id = state.hasher.map({ ObjectID(of: $0) }) ?? expected else { throw Self.misuse }
        if let expected, expected != id {
            throw ConnectorError(
                .corrupt, "the content that arrived is not the one that was promised: its hash differs",
                isRetryable: true)
        }
        let size = state.size
        let isKnown = try store.has(id)
        switch state.phase {
        case .over: throw Self.misuse
        case _ where isKnown: return StoredObject(id: id, size: size, isNew: false)
        case .gathering(let content):
            let frame = Compressibility.isLikely(content) ? content.withUnsafeBytes { ZstdEncoder.frame(of: $0) } : nil
            if let frame, Compressibility.pays(stored: Int64(frame.count), content: size) {
                return try install(try file(of: frame), id, size, isCompressed: true)
            }
            return try install(try file(of: content), id, size, isCompressed: false)
        case .raw(let file):
            return try install(file, id, size, isCompressed: false)
        case .compressing(let file, let encoder):
            try encoder.encode(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true, to: file.write)
            if Compressibility.pays(stored: file.size, content: size) {
                return try install(file, id, size, isCompressed: true)
            }
            return try install(try expand(file), id, size, isCompressed: false)
        }
    }

    private func file(of bytes: [UInt8]) throws -> TemporaryFile {
        let file = try store.makeTemporaryFile()
        try bytes.withUnsafeBytes { try file.write($0) }
        return file
    }

    /// A content whose start promised more than its whole kept: written once more, as it is.
    private func expand(_ compressed: TemporaryFile) throws -> TemporaryFile {
        let file = try store.makeTemporaryFile()
        let decoder = try ZstdDecoder()
        compressed.rewind()
        while true {
            let input = try compressed.read(upTo: ObjectReader.chunkLength)
            if input.isEmpty { break }
            var position = 0
            while true {
                let content = try decoder.decode(input, position: &position, limit: ObjectReader.chunkLength)
                try content.withUnsafeBytes { try file.write($0) }
                if content.count < ObjectReader.chunkLength, position == input.count { break }
            }
        }
        return file
    }

    private func install(_ file: TemporaryFile, _ id: ObjectID, _ size: Int64, isCompressed: Bool) throws
        -> StoredObject
    {
        let form = StoredForm(size: size, storedSize: file.size, isCompressed: isCompressed)
        return StoredObject(id: id, size: size, isNew: try store.install(file, as: id, form))
    }

    /// Gives the content up. May be called at any time; after ``finish(sha256:)`` it does nothing.
    public func abort() { state.withLock { $0.phase = .over } }

    private static let misuse = ConnectorError(.internalDefect, "an object writer was used after its end")
}

extension ObjectID {
    init?(of hasher: SHA256) { self.init(Array(hasher.finalize())) }
}
