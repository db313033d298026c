import ConnectorKit
import Synchronization

/// Remembers what a connector said.
public final class TestReporter: ConnectorReporter {
    private let state = Mutex<(logs: [String], values: [String: String], links: [String])>(([], [:], []))

    public init() {}

    public var logs: [String] { state.withLock { $0.logs } }
    public var values: [String: String] { state.withLock { $0.values } }

    /// The pages that a person was asked to open.
    public var links: [String] { state.withLock { $0.links } }

    public func progress(_ progress: Progress) {}
    public func log(_ level: LogLevel, _ message: String, pathname: Pathname?) {
        state.withLock { $0.logs.append(message) }
    }
    public func ask(_ message: String, link: String) { state.withLock { $0.links.append(link) } }
    public func configChanged(_ values: [String: String]) {
        state.withLock { $0.values.merge(values) { $1 } }
    }
}

/// Takes every record of an import.
public actor TestSink: RecordSink {
    public private(set) var records: [Record] = []
    private var contents: [Pathname: any ContentSource] = [:]

    public init() {}

    public func emit(_ record: Record, content: (any ContentSource)?) {
        records.append(record)
        contents[record.pathname] = content
    }

    public var paths: [String] { records.map(\.pathname.string) }
    public var files: [Record] { records.filter { $0.kind == .file } }

    public func record(_ path: String) -> Record? { records.first { $0.pathname.string == path } }
    public func content(_ path: Pathname) -> (any ContentSource)? { contents[path] }

    /// Reads a content whole and reports it as stored.
    public func store(_ path: Pathname) async throws -> [UInt8] {
        guard let content = contents[path] else { throw ConnectorError(.notFound, "no content at \(path)") }
        let bytes = try await content.open().readAll()
        await content.finished(.stored)
        return bytes
    }
}
