import ConnectorKit
import Glibc
import Synchronization

/// A pipe's two ends.
struct Pipe {
    let read: Int32
    let write: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ConnectorError(.internalDefect, "no pipe") }
        (read, write) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
}

/// A source that does what a closure says.
struct ScriptedImporter: Importer {
    var onPing: @Sendable () async throws -> Void = {}
    var onClose: @Sendable () async throws -> Void = {}
    var script: @Sendable (any RecordSink) async throws -> Void

    var identity: ConnectorIdentity {
        ConnectorIdentity(origin: "me", kind: "scripted", root: .root, flags: ["stream"])
    }
    func ping() async throws { try await onPing() }
    func close() async throws { try await onClose() }
    func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        try await script(sink)
        return nil
    }
}

/// A destination that does what a closure says.
struct ScriptedExporter: Exporter {
    var onFinish: @Sendable () async -> Void = {}
    var onPass: @Sendable (Int) -> Void = { _ in }
    var found: [String: Int64] = [:]
    var script: @Sendable (Record, Int, (any ContentReader)?) async -> RecordOutcome

    var identity: ConnectorIdentity { ConnectorIdentity(origin: "me", kind: "scripted", root: .root) }
    func ping() async throws {}
    func close() async throws {}
    func store(_ record: Record, sequence: Int, content: (any ContentReader)?) async -> RecordOutcome {
        await script(record, sequence, content)
    }
    func pass(sequence: Int) async { onPass(sequence) }
    func counters() async -> [String: Int64] { found }
    func finishStoring() async { await onFinish() }
}

/// A content that does what closures say.
struct ScriptedContent: ContentSource, ContentReader {
    var onClose: @Sendable () async -> Void = {}
    var onFinished: @Sendable (RecordStatus) -> Void = { _ in }
    var onRead: @Sendable () async throws -> [UInt8]?

    func open() async throws -> any ContentReader { self }
    func finished(_ status: RecordStatus) async { onFinished(status) }
    func read() async throws -> [UInt8]? { try await onRead() }
    func close() async { await onClose() }
}

/// A value that several tasks change.
final class Box<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func change(_ body: @Sendable (inout Value) -> Void) { state.withLock { body(&$0) } }
}

extension ConnectorPlugin {
    static func importing(
        _ onMake: @escaping @Sendable (Settings) throws -> Void = { _ in }, _ importer: ScriptedImporter
    ) -> ConnectorPlugin {
        ConnectorPlugin(
            name: "scripted", version: "1", title: "Scripted", settings: [],
            makeImporter: { settings, _, _ in
                try onMake(settings)
                return importer
            }, makeExporter: nil)
    }
    static func importing(_ script: @escaping @Sendable (any RecordSink) async throws -> Void) -> ConnectorPlugin {
        importing({ _ in }, ScriptedImporter(script: script))
    }
    static func exporting(_ exporter: ScriptedExporter) -> ConnectorPlugin {
        ConnectorPlugin(
            name: "scripted", version: "1", title: "Scripted", settings: [], makeImporter: nil,
            makeExporter: { _, _, _ in exporter })
    }
}

extension Record {
    static func file(_ path: String, size: Int64? = nil, fingerprint: String? = nil) throws -> Record {
        Record(
            pathname: try Pathname(path), kind: .file, size: size, permissions: 0o600,
            modificationTime: Timestamp(seconds: 1_700_000_000, nanoseconds: 5), fingerprint: fingerprint,
            hasContent: true)
    }
}
