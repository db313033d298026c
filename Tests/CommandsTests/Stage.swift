import Crypto
import FakePhotos
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// A service with its two accounts as the source `demo` and the destination `demo2`. The source has no catalog, which is
/// beside the point of most tests.
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
            try #require(await sandbox.run("source set demo catalog=false").status == 0)
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

/// A mirror of the source in the folder `Photos`.
extension Stage {
    var folder: String { sandbox.home + "/Photos" }

    func mirror(_ more: String = "", source: String = "@demo") async throws -> JSON {
        let options = more.split(separator: " ").map(String.init)
        return try await sandbox.run(["mirror", source, "Photos", "--json"] + options).summary()
    }

    /// The SHA-256 of each file, by its path below the folder; without what is the mirror's own.
    func mirrored() throws -> [String: String] {
        var files: [String: String] = [:]
        if !FileManager.default.fileExists(atPath: folder) { return files }
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where !path.contains(".gphotos-mirror") {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + path))
            files["/" + path] = SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
        }
        return files
    }

    /// What a mirror should not leave behind.
    func leftovers() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            path.contains(".gphotos-mirror") && ![".gphotos-mirror.sqlite", ".gphotos-mirror.lock"].contains(path)
        }
    }
}
