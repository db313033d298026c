/// The bytes of one record, one after the other. Read by one task at a time.
public protocol ContentReader: Sendable {
    /// The next bytes, never empty; nil at the end. A content that cannot be read whole throws, it does not end.
    /// - Throws: ``ConnectorError``, or `CancellationError`.
    func read() async throws -> [UInt8]?

    /// Gives the content up and frees what it holds. May be called more than once, and after the end.
    func close() async
}

/// Content that is there for the asking: opened when the host wants it, and again where it broke.
public protocol ContentSource: Sendable {
    func open() async throws -> any ContentReader

    /// The host is done with the record; nothing will be opened again.
    func finished(_ status: RecordStatus) async

    /// The same, from a wire by which the host can tell what it holds now.
    /// - Parameter content: nil where it does not say.
    func finished(_ status: RecordStatus, holding content: HeldContent?) async
}

extension ContentSource {
    /// What the host holds is nothing to a source that does not ask.
    public func finished(_ status: RecordStatus, holding content: HeldContent?) async { await finished(status) }
}

/// What a host says of the content that it holds of a record.
public struct HeldContent: Sendable, Hashable {
    /// In 64 hexadecimal digits, in lower case.
    public let sha256: String
    /// Bytes.
    public let size: Int64

    /// - Returns: nil where the text is no SHA-256, or the size no size.
    public init?(sha256: String, size: Int64) {
        let digits = sha256.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
            default: false
            }
        }
        guard digits, sha256.utf8.count == 64, size >= 0 else { return nil }
        self.sha256 = sha256
        self.size = size
    }
}

extension ContentReader {
    /// The whole content. For what is known to be small, such as a catalog line or a test.
    public func readAll() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            while let chunk = try await read() { bytes.append(contentsOf: chunk) }
        } catch {
            await close()
            throw error
        }
        await close()
        return bytes
    }
}

/// Content in memory.
public actor MemoryContent: ContentReader, ContentSource {
    private let bytes: [UInt8]
    private var isSpent = false

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public func read() -> [UInt8]? {
        if isSpent || bytes.isEmpty { return nil }
        isSpent = true
        return bytes
    }

    public func close() { isSpent = true }

    public nonisolated func open() -> any ContentReader { MemoryContent(bytes) }

    public nonisolated func finished(_ status: RecordStatus) {}
}
