import ConnectorKit
import Foundation
import PhotosImporter
import TestSupport

/// A directory with exports, and the state that outlives several imports of it.
final class ExportBench: Sendable {
    let path: String
    let reporter = TestReporter()

    init() throws {
        path = NSTemporaryDirectory() + "gphotos-takeout-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path + "/exports", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var exports: String { path + "/exports" }

    func importer(_ more: [String: String] = [:]) throws -> any Importer {
        // Without a catalog, which is beside the point of most tests.
        let settings = Settings(["location": "takeout://" + exports, "catalog": "false"].merging(more) { $1 })
        return try SourceKind.makeImporter(
            settings: settings, options: ConnectorOptions(), reporter: reporter,
            runtime: TestClock().runtime(environment: ["XDG_STATE_HOME": path + "/state"]))
    }

    func run(_ more: [String: String] = [:]) async throws -> TestSink {
        let sink = TestSink()
        let importer = try importer(more)
        _ = try await importer.importRecords(state: nil, to: sink)
        try await importer.close()
        return sink
    }
}
