import ConnectorKit
import Foundation
import Glibc
import Synchronization

@testable import PluginJSONL

/// A pipe's two ends.
struct Pipe {
    let read: Int32
    let write: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ConnectorError(.internalDefect, "no pipe") }
        (read, write) = (ends[0], ends[1])
        // Not for the programs that other tests start: who reads to the end would wait for theirs.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        Descriptors.prepare(read, write)
    }

    static func put(_ bytes: some Collection<UInt8>, to descriptor: Int32) {
        let bytes = Array(bytes)
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + position }, bytes.count - position)
            }
            if count <= 0 { return }
            position += count
        }
    }

    /// The next line; nil at the end. Waits on a thread of its own: whoever writes it may need the one that asks.
    static func line(from descriptor: Int32) async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: nextLine(descriptor)) }
        }
    }

    private static func nextLine(_ descriptor: Int32) -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while Glibc.read(descriptor, &byte, 1) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }

    /// Everything until the other end is closed; closes this one.
    static func drain(_ descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count <= 0 { break }
            bytes.append(contentsOf: piece[0..<count])
        }
        _ = Glibc.close(descriptor)
        return bytes
    }
}

/// A source that does what a closure says.
struct ScriptedImporter: Importer {
    var script: @Sendable (String?, any RecordSink) async throws -> String?
    var onPing: @Sendable () async throws -> Void = {}
    var onClose: @Sendable () async throws -> Void = {}

    var identity: ConnectorIdentity {
        ConnectorIdentity(origin: "me", kind: "scripted", root: .root, flags: ["stream"])
    }
    func ping() async throws { try await onPing() }
    func close() async throws { try await onClose() }
    func counters() async -> [String: Int64] { ["api_requests": 7] }
    func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
        try await script(state, sink)
    }
}

/// A destination that does what a closure says.
struct ScriptedExporter: Exporter {
    var script: @Sendable (Record, Int, (any ContentReader)?) async -> RecordOutcome
    var onFinish: @Sendable () async -> Void = {}
    var onBegin: @Sendable () async throws -> Void = {}
    var onEnd: @Sendable () async throws -> Void = {}

    var identity: ConnectorIdentity { ConnectorIdentity(origin: "me", kind: "scripted", root: .root) }
    func ping() async throws {}
    func close() async throws {}
    func store(_ record: Record, sequence: Int, content: (any ContentReader)?) async -> RecordOutcome {
        await script(record, sequence, content)
    }
    func beginStoring() async throws { try await onBegin() }
    func finishStoring() async { await onFinish() }
    func endStoring() async throws { try await onEnd() }
}

/// A content that does what closures say.
struct ScriptedContent: ContentSource, ContentReader {
    var onRead: @Sendable () async throws -> [UInt8]?
    var onOpen: @Sendable () async throws -> (any ContentReader)? = { nil }
    var onFinished: @Sendable (RecordStatus) -> Void = { _ in }

    func open() async throws -> any ContentReader { try await onOpen() ?? self }
    func finished(_ status: RecordStatus) async { onFinished(status) }
    func read() async throws -> [UInt8]? { try await onRead() }
    func close() async {}
}

/// A value that several tasks change.
final class Box<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func change(_ body: @Sendable (inout Value) -> Void) { state.withLock { body(&$0) } }
}

extension ConnectorPlugin {
    static func importing(_ importer: ScriptedImporter) -> ConnectorPlugin {
        ConnectorPlugin(
            name: "scripted", version: "1", title: "Scripted",
            settings: [SettingDefinition("token", .text, "A token.", secret: true)],
            makeImporter: { _, _, _ in importer }, makeExporter: nil)
    }
    static func exporting(_ exporter: ScriptedExporter) -> ConnectorPlugin {
        ConnectorPlugin(
            name: "scripted", version: "1", title: "Scripted", settings: [], makeImporter: nil,
            makeExporter: { _, _, _ in exporter })
    }
    var role: ConnectorRole { makeImporter != nil ? .importer : .exporter }
}

extension Runtime {
    /// A clock that stands still.
    static let still = Runtime(
        now: { .epoch }, sleep: { _ in }, random: { 0.5 }, environment: [:])
}

/// A connector in this process, with the host that talks to it.
struct Pair {
    let host: HostSession
    let connector: ConnectorSession
    let status: Task<Int32, Never>
    let events: Box<[HostEvent]>

    init(
        _ plugin: ConnectorPlugin, capabilities: [String] = [Wire.rawChunks, Wire.configUpdate],
        maxLine: Int = Wire.defaultMaxLine, grace: Duration = .seconds(30)
    ) throws {
        let (down, up) = (try Pipe(), try Pipe())
        let events = Box<[HostEvent]>([])
        let connector = try ConnectorSession(
            plugin, role: plugin.role, input: down.read, output: up.write, runtime: .still)
        let hello = HostHello(name: "test", version: "1", capabilities: capabilities, maxLine: maxLine)
        host = HostSession(input: up.read, output: down.write, hello: hello) { event in
            events.change { $0.append(event) }
        }
        self.connector = connector
        self.events = events
        status = Task { await connector.run(grace: grace) }
    }

    func ready(maxConcurrency: Int = 8) async throws {
        _ = try await host.start()
        _ = try await host.initialize(config: [:], options: ConnectorOptions(maxConcurrency: maxConcurrency))
    }
}

/// Runs a connector against everything a host says, written beforehand.
func transcript(
    of plugin: ConnectorPlugin, _ input: [UInt8], grace: Duration = .seconds(30)
) async throws -> (lines: [String], status: Int32) {
    let (down, up) = (try Pipe(), try Pipe())
    let session = try ConnectorSession(
        plugin, role: plugin.role, input: down.read, output: up.write, runtime: .still)
    Pipe.put(input, to: down.write)
    _ = Glibc.close(down.write)
    let status = await session.run(grace: grace)
    let output = Pipe.drain(up.read)
    return (output.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }, status)
}

extension Record {
    static func file(_ path: String, size: Int64? = nil, hasContent: Bool = false) throws -> Record {
        Record(
            pathname: try Pathname(path), kind: .file, size: size, permissions: 0o600,
            modificationTime: Timestamp(seconds: 1_700_000_000, nanoseconds: 5_000_000), hasContent: hasContent)
    }
}

let hostHello =
    #"{"type":"hello","protocol":"kloset.jsonl","versions":[1],"name":"h","version":"1","capabilities":[]}"#

func readSome(_ descriptor: Int32, _ space: inout [UInt8]) -> Int { Glibc.read(descriptor, &space, space.count) }
