import FakePhotos
import StrictJSON
import Testing

@testable import Commands

/// A service with its two accounts as the source `demo` and the destination `demo2`.
struct Stage {
    var service: FakePhotosServer
    var sandbox: Sandbox

    func backup(_ more: String = "") async throws -> JSON {
        let outcome = await sandbox.run("backup @demo --json \(more)")
        return try outcome.summary()
    }

    func hashes(ofAlbum title: String, account: String) throws -> [String]? {
        let items = Dictionary(
            uniqueKeysWithValues: try service.library.items(of: account).map { ($0.id, $0.sha256) })
        return try service.library.albums(of: account).first { $0.title == title }?.items.map { items[$0] ?? "" }
    }

    /// Runs a body with a stage of its own.
    static func run(_ items: Int = 40, _ body: (Stage) async throws -> Void) async throws {
        var options = FakeOptions()
        options.plan.items = items
        let service = try await FakePhotosServer.start(options: options)
        do {
            let sandbox = try Sandbox()
            let config = try service.rcloneConfig()
            for line in ["source import demo", "destination import demo2"] {
                let outcome = await sandbox.run(line, stdin: config)
                try #require(outcome.status == 0, "\(outcome.err)")
            }
            try await body(Stage(service: service, sandbox: sandbox))
        } catch {
            try? await service.stop()
            throw error
        }
        try await service.stop()
    }
}

extension Sandbox.Outcome {
    /// The last line of JSON Lines.
    func summary(status expected: Int32 = 0) throws -> JSON {
        try #require(status == expected, "\(err)")
        let line = try #require(out.split(separator: "\n").last)
        let json = try JSON(parsing: String(line))
        #expect(json["type"]?.stringValue == "summary")
        return json
    }
}
