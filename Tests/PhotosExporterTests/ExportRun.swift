import ConnectorKit
import PhotosExporter
import PhotosLibrary
import StrictJSON
import TestSupport

/// A record as a host sends it, with its content.
struct Sent: Sendable {
    var record: Record
    var bytes: [UInt8]?

    static func file(
        _ path: String, _ bytes: [UInt8], created: Timestamp = .epoch, attributes: [String: String] = [:],
        knowsHash: Bool = true
    ) throws -> Sent {
        Sent(
            record: Record(
                pathname: try Pathname(path), kind: .file, size: Int64(bytes.count), permissions: 0o600,
                modificationTime: created, attributes: attributes, hasContent: true,
                sha256: knowsHash ? ExportBench.hash(bytes) : nil),
            bytes: bytes)
    }

    static func directory(_ path: String, title: String? = nil) throws -> Sent {
        var record = Record.directory(try Pathname(path), modificationTime: .epoch)
        if let title { record.attributes[Attribute.albumTitle] = title }
        return Sent(record: record)
    }

    static func link(_ path: String, to target: String) throws -> Sent {
        Sent(
            record: Record(
                pathname: try Pathname(path), kind: .symlink, target: target, permissions: 0o777,
                modificationTime: .epoch))
    }

    /// `/.gphotos/items.jsonl` or `/.gphotos/albums.jsonl`.
    static func catalog(_ name: String, _ lines: [JSON]) throws -> Sent {
        try file("/.gphotos/\(name)", lines.flatMap { $0.bytes + [10] })
    }
}

/// What became of an export.
struct ExportResult: Sendable {
    var outcomes: [RecordOutcome]
    var counters: [String: Int64]
    var logs: [String]

    var statuses: [RecordStatus] { outcomes.map(\.status) }
}

extension ExportBench {
    /// Sends records as a host does: a directory is done before what follows it, files overlap.
    func run(
        _ sent: [Sent], _ more: [String: String] = [:], index other: Index? = nil, albumLimit: Int = 20_000,
        options: ConnectorOptions = ConnectorOptions()
    ) async throws -> ExportResult {
        let reporter = TestReporter()
        let exporter = try PhotosExporter(
            settings: service.settings("demo2", more), options: options, reporter: reporter,
            runtime: service.clock.runtime(), index: other ?? index, albumLimit: albumLimit)
        let outcomes = try await send(sent, to: exporter)
        let counters = await exporter.counters()
        await exporter.close()
        return ExportResult(outcomes: outcomes, counters: counters, logs: reporter.logs)
    }

    func send(_ sent: [Sent], to exporter: PhotosExporter) async throws -> [RecordOutcome] {
        try await exporter.beginStoring()
        var outcomes: [Int: RecordOutcome] = [:]
        try await withThrowingTaskGroup(of: (Int, RecordOutcome).self) { group in
            for (position, next) in sent.enumerated() {
                @Sendable func store() async -> RecordOutcome {
                    await exporter.store(
                        next.record, sequence: position + 1, content: next.bytes.map { MemoryContent($0) })
                }
                if next.record.kind == .directory {
                    outcomes[position] = await store()
                } else {
                    group.addTask { (position, await store()) }
                }
            }
            await exporter.finishStoring()
            for try await (position, outcome) in group { outcomes[position] = outcome }
        }
        try await exporter.endStoring()
        return sent.indices.compactMap { outcomes[$0] }
    }

    /// Titles of the account's albums, sorted.
    func titles() throws -> [String] { try service.library.albums(of: "demo2").map(\.title).sorted() }

    /// The hashes of each album of a title, in their order.
    func albums(_ title: String) throws -> [[String]] {
        let hashes = Dictionary(uniqueKeysWithValues: try service.library.items(of: "demo2").map { ($0.id, $0.sha256) })
        return try service.library.albums(of: "demo2").filter { $0.title == title }
            .map { $0.items.map { hashes[$0] ?? "" } }
    }
}
