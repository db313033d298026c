import ConnectorKit
import Crypto
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import Synchronization
import TakeoutSupport
import TestSupport

/// A service, a directory of exports, and the state that outlives several imports of both as one library.
struct OneLibraryBench: Sendable {
    let service: FakeService
    let home: ExportBench
    let contents = Contents()
    var fake: FakeLibrary { service.library }
    var exports: String { home.exports }
    var summary: String { home.reporter.logs.last { $0.hasSuffix("only by the API") } ?? "" }

    /// - Parameter changesContents: whether the service hands out other bytes than it was given, as Google does: else the
    ///   ways would give the same.
    static func run(
        _ options: FakeOptions = .empty, changesContents: Bool = true, _ body: (OneLibraryBench) async throws -> Void
    ) async throws {
        var options = options
        options.rules.stripsLocation = changesContents
        options.rules.transcodesVideos = changesContents
        try await FakeService.run(options) { service in
            try await body(OneLibraryBench(service: service, home: try ExportBench()))
        }
    }

    private var environment: [String: String] { ["XDG_STATE_HOME": home.path + "/state"] }

    private func settings(_ more: [String: String], withExports: Bool) throws -> Settings {
        let extra = ["catalog": "false"].merging(withExports ? ["takeout": exports] : [:]) { $1 }
        return try service.settings("demo", extra.merging(more) { $1 })
    }

    /// One import by a host that reads everything, and says what it holds.
    func run(_ more: [String: String] = [:], withExports: Bool = true) async throws -> TestSink {
        let importer = try SourceKind.makeImporter(
            settings: try settings(more, withExports: withExports), options: ConnectorOptions(),
            reporter: home.reporter, runtime: service.clock.runtime(environment: environment))
        let sink = TestSink()
        do { _ = try await importer.importRecords(state: nil, to: sink) } catch {
            try? await importer.close()
            throw error
        }
        // Contents are read while the importer is open.
        for record in await sink.files where record.hasContent {
            guard let content = await sink.content(record.pathname) else { continue }
            let bytes = try await content.open().readAll()
            contents.note(record.pathname.string, bytes)
            await content.finished(
                .stored, holding: HeldContent(sha256: FakeHash.of(bytes), size: Int64(bytes.count)))
        }
        contents.note(await importer.counters())
        try await importer.close()
        return sink
    }

    /// A host that keeps what it has, and the state of its imports: it reads what it does not have.
    final class Host {
        struct Outcome {
            var files: [String] = []
            var read: [String] = []
            var errors: [String: ConnectorError] = [:]
            var records: [String: Record] = [:]
        }

        var state: String?
        private(set) var contents: [String: [UInt8]] = [:]
        private var fingerprints: [String: String] = [:]

        /// - Parameter isKilled: whether it is gone when every result is in, before anything was kept.
        func backUp(
            _ bench: OneLibraryBench, _ more: [String: String] = ["picker": "true"], withExports: Bool = false,
            isKilled: Bool = false
        ) async throws -> Outcome {
            let before = (contents, fingerprints)
            let importer = try SourceKind.makeImporter(
                settings: try bench.settings(more, withExports: withExports),
                options: ConnectorOptions(keepsState: true), reporter: bench.home.reporter,
                runtime: bench.service.clock.runtime(environment: bench.environment))
            let sink = TestSink()
            var outcome = Outcome()
            do {
                let new = try await importer.importRecords(state: state, to: sink)
                for record in await sink.records {
                    let path = record.pathname.string
                    outcome.records[path] = record
                    outcome.errors[path] = record.error
                    guard record.kind == .file, let content = await sink.content(record.pathname) else { continue }
                    outcome.files.append(path)
                    if contents[path] != nil, fingerprints[path] == record.fingerprint {
                        await content.finished(.unchanged)
                        continue
                    }
                    do {
                        let bytes = try await content.open().readAll()
                        (contents[path], fingerprints[path]) = (bytes, record.fingerprint)
                        outcome.read.append(path)
                        await content.finished(
                            .stored, holding: HeldContent(sha256: FakeHash.of(bytes), size: Int64(bytes.count)))
                    } catch let error as ConnectorError {
                        outcome.errors[path] = error
                        await content.finished(.failed)
                    }
                }
                if isKilled {
                    (contents, fingerprints) = before
                } else {
                    await importer.acknowledged()
                    state = new
                }
                bench.contents.note(await importer.counters())
                try await importer.close()
            } catch {
                try? await importer.close()
                throw error
            }
            outcome.files.sort()
            outcome.read.sort()
            return outcome
        }
    }

    /// An item that the service does not show, since another app put it there: it can be chosen.
    func addHidden(_ name: String, at time: Timestamp = time) throws -> (id: String, bytes: [UInt8]) {
        fake.addClient(id: "other", secret: "x")
        return try add(name, at: time, client: "other")
    }

    /// What changes in the library's index whenever anything known does.
    func revision() async throws -> String {
        let settings = try LibrarySettings(settings([:], withExports: true))
        return try await Index(path: Index.path(for: settings, environment: environment)).revision
    }

    /// What was read, by pathname, and what the last import counted.
    final class Contents: Sendable {
        private let state = Mutex<(bytes: [String: [UInt8]], counters: [String: Int64])>(([:], [:]))
        func note(_ path: String, _ bytes: [UInt8]) { state.withLock { $0.bytes[path] = bytes } }
        func note(_ counters: [String: Int64]) { state.withLock { $0.counters = counters } }
        subscript(path: String) -> [UInt8]? { state.withLock { $0.bytes[path] } }
        var counters: [String: Int64] { state.withLock { $0.counters } }
    }

    /// What the last import found changed, without what it found as it was.
    var changes: [String: Int64] { contents.counters.filter { $0.key.hasPrefix("items_") && $0.value != 0 } }

    static let time = Timestamp(seconds: 1_714_989_600)

    /// A JPEG of the fake with a place in it, and an item of it at the service.
    @discardableResult
    func add(
        _ name: String, at time: Timestamp = time, description: String = "", client: String = FakeLibrary.clientID
    ) throws -> (id: String, bytes: [UInt8]) {
        var new = NewFakeItem(name)
        new.creationTime = time
        new.description = description
        new.clientID = client
        let id = try fake.addItem(new)
        guard let bytes = fake.content(ofItem: id) else { throw ConnectorError(.notFound, "the fake lost an item") }
        return (id, bytes)
    }

    static func exported(_ name: String, _ bytes: [UInt8], at time: Timestamp = time) -> TakeoutBuilder.Item {
        TakeoutBuilder.Item(name, bytes, taken: time.seconds)
    }
}

enum FakeHash {
    static func of(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    }
}
