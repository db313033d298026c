import ConnectorKit
import FakePhotos
import PhotosImporter
import PhotosLibrary
import TestSupport
import Testing

/// A person with an account, and the index on their disk.
struct PickerBench {
    let service: FakeService
    let index: Index
    let reporter = TestReporter()

    init(_ service: FakeService, index: Index? = nil) throws {
        self.service = service
        self.index = try index ?? Index(path: nil)
    }

    static func run(_ options: FakeOptions = .empty, _ body: (PickerBench) async throws -> Void) async throws {
        try await FakeService.run(options) { try await body(PickerBench($0)) }
    }

    var library: FakeLibrary { service.library }

    func importer(_ more: [String: String] = [:], keepsState: Bool = false) throws -> PickerImporter {
        try PickerImporter(
            settings: service.settings("demo", ["location": "picker://", "catalog": "false"].merging(more) { $1 }),
            options: ConnectorOptions(keepsState: keepsState), reporter: reporter, runtime: service.clock.runtime(),
            index: index)
    }

    /// What an import sends, before any host has done something with it.
    func list(_ more: [String: String] = [:]) async throws -> TestSink {
        let sink = TestSink()
        _ = try await importer(more).importRecords(state: nil, to: sink)
        return sink
    }

    @discardableResult
    func add(_ filename: String, _ time: String = "2024-05-06T10:00:00Z", video: Bool = false) throws -> String {
        var item = NewFakeItem(filename)
        item.creationTime = Timestamp(time)
        if video { item.kind = .mp4 }
        return try library.addItem(item)
    }

    func remembered() async throws -> [PickerMemory.Session] {
        try await PickerMemory(index).sessions(of: FakeLibrary.clientID)
    }

    /// The error of a body that has to fail.
    static func error(_ body: () async throws -> Void) async -> ConnectorError? {
        do {
            try await body()
            Issue.record("nothing was thrown")
        } catch let error as ConnectorError {
            return error
        } catch {
            Issue.record("another error was thrown: \(error)")
        }
        return nil
    }
}

/// A host that backs up: it reads what it does not have by pathname and fingerprint.
final class PickerHost {
    private let bench: PickerBench
    private let keepsState: Bool
    private var state: String?
    private(set) var contents: [String: [UInt8]] = [:]
    private var fingerprints: [String: String] = [:]

    struct Outcome {
        var paths: [String] = []
        var read: [String] = []
        var errors: [String: ConnectorError] = [:]
    }

    init(_ bench: PickerBench, keepsState: Bool = false) {
        self.bench = bench
        self.keepsState = keepsState
    }

    /// - Parameter isKilled: whether the host is gone when every result is in, before anything was kept.
    func backUp(_ more: [String: String] = [:], isKilled: Bool = false) async throws -> Outcome {
        let before = (contents, fingerprints)
        let sink = TestSink()
        let importer = try bench.importer(more, keepsState: keepsState)
        let new = try await importer.importRecords(state: state, to: sink)
        var outcome = Outcome()
        for record in await sink.records {
            let path = record.pathname.string
            if let error = record.error {
                outcome.errors[path] = error
                continue
            }
            guard record.kind == .file, let content = await sink.content(record.pathname) else { continue }
            outcome.paths.append(path)
            if contents[path] != nil, fingerprints[path] == record.fingerprint {
                await content.finished(.unchanged)
                continue
            }
            do {
                contents[path] = try await content.open().readAll()
                fingerprints[path] = record.fingerprint
                outcome.read.append(path)
                await content.finished(.stored)
            } catch let error as ConnectorError {
                outcome.errors[path] = error
                await content.finished(.failed)
            }
        }
        if isKilled {
            (contents, fingerprints) = before
        } else {
            await importer.acknowledged()
            if keepsState { state = new }
        }
        try await importer.close()
        outcome.paths.sort()
        outcome.read.sort()
        return outcome
    }
}
