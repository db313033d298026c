import ConnectorKit
import Crypto
import StrictJSON

/// The lines of a catalog, page by page, from the start: never all of them are in memory.
struct CatalogLines: ContentSource {
    /// The next lines; nil at the end. Throws where the index is no longer what was listed: a catalog is never cut short.
    typealias NextPage = @Sendable () async throws -> [JSON]?

    private let pages: @Sendable () -> NextPage
    private let settle: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - start: where each reading begins.
    ///   - settle: comes before a host reads: what was learnt since is in the lines, too.
    ///   - page: the lines from there on, and where to go on; nil at the end.
    init<Position: Sendable>(
        from start: Position, settle: @escaping @Sendable () async throws -> Void = {},
        _ page: @escaping @Sendable (Position) async throws -> (lines: [JSON], next: Position)?
    ) {
        self.settle = settle
        pages = {
            let walk = Walk(start, page)
            return { try await walk.next() }
        }
    }

    /// Lines that are known, and few.
    init(_ lines: [JSON]) {
        self.init(from: false) { isDone in isDone ? nil : (lines, true) }
    }

    func open() async throws -> any ContentReader {
        try await settle()
        return CatalogReader(pages())
    }

    func finished(_ status: RecordStatus) {}

    /// What tells this content from another: it is read for that.
    func fingerprint() async throws -> String {
        var digest = CatalogDigest()
        let next = pages()
        while let lines = try await next() {
            for line in lines { digest.add(line) }
            try Task.checkCancellation()
        }
        return digest.finish()
    }

    private actor Walk<Position: Sendable> {
        private var position: Position
        private let page: @Sendable (Position) async throws -> (lines: [JSON], next: Position)?

        init(
            _ start: Position, _ page: @escaping @Sendable (Position) async throws -> (lines: [JSON], next: Position)?
        ) {
            position = start
            self.page = page
        }

        func next() async throws -> [JSON]? {
            guard let (lines, next) = try await page(position) else { return nil }
            position = next
            return lines
        }
    }
}

/// Makes the fingerprint of a catalog of its lines.
///
/// What is learnt by reading contents is left out: a host that has read everything would have to read the catalog once
/// more, for what it knows itself.
struct CatalogDigest {
    private var hash = SHA256()

    mutating func add(_ line: JSON) {
        var told = line.objectValue ?? JSONObject()
        told.members.removeAll { $0.key == "size" || $0.key == "sha256" }
        hash.update(data: JSON.object(told).bytes + [UInt8(ascii: "\n")])
    }

    mutating func finish() -> String { String(hexadecimal: Array(hash.finalize().prefix(16))) }
}

/// Reads the lines of a catalog as bytes.
private actor CatalogReader: ContentReader {
    private var next: CatalogLines.NextPage?

    init(_ next: @escaping CatalogLines.NextPage) { self.next = next }

    func read() async throws -> [UInt8]? {
        while let next {
            try Task.checkCancellation()
            guard let lines = try await next() else {
                self.next = nil
                break
            }
            if lines.isEmpty { continue }
            var writer = JSONWriter(reservingCapacity: lines.count * 512)
            for line in lines {
                writer.value(line)
                writer.newline()
            }
            return writer.take()
        }
        return nil
    }

    func close() { next = nil }
}
