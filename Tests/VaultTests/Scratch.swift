import ConnectorKit
import Foundation
import Testing

@testable import Vault

/// A directory for one test, gone with it, and a vault in it.
final class Scratch: Sendable {
    let directory: String
    var vaultDirectory: String { directory + "/vault" }

    init() throws {
        directory = NSTemporaryDirectory() + "vault-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func vault() throws -> Vault { try Vault.openOrCreate(at: vaultDirectory, runtime: .test()) }

    /// Every file below `objects/`, as paths from the vault's directory.
    func objectFiles() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: vaultDirectory + "/objects")
            .filter { $0.utf8.count > 2 }.map { "objects/" + $0 }.sorted()
    }

    func file(of object: ObjectID, compressed: Bool = false) -> String {
        VaultLayout(directory: vaultDirectory).file(of: object, compressed: compressed)
    }
}

extension Runtime {
    /// A clock that stands, and chance from a seed.
    static func test(now: Int64 = 1_800_000_000, seed: UInt64 = 7) -> Runtime {
        let random = SeededRandom(seed)
        return Runtime(
            now: { Timestamp(seconds: now) }, sleep: { _ in }, random: { random.unit() }, environment: [:])
    }
}

extension Vault {
    /// Makes a snapshot of files: pathname and content.
    @discardableResult
    func backUp(
        _ files: [(String, [UInt8])], source: String = "@me", fingerprint: String? = nil, state: String? = nil
    ) async throws -> Snapshot {
        let writer = try lockForWriting(holder: "test")
        defer { writer.close() }
        let snapshot = try await writer.beginSnapshot(source: source, origin: "o", kind: "k", root: .root)
        for (path, content) in files {
            try await snapshot.add([try writer.entry(path, content, fingerprint: fingerprint)])
        }
        return try await snapshot.commit(state: state)
    }

    func list(_ snapshot: Snapshot, under path: String = "/", recursive: Bool = true) async throws -> [String] {
        var paths: [String] = []
        for try await entry in try entries(of: snapshot, under: Pathname(path), recursive: recursive) {
            paths.append(entry.record.pathname.string)
        }
        return paths
    }
}

extension VaultWriter {
    func store(_ content: [UInt8], chunk: Int = 100_000) throws -> StoredObject {
        let object = makeObjectWriter()
        for start in stride(from: 0, to: content.count, by: chunk) {
            try object.write(Array(content[start..<min(start + chunk, content.count)]))
        }
        return try object.finish()
    }

    func entry(_ path: String, _ content: [UInt8], fingerprint: String? = nil) throws -> SnapshotEntry {
        SnapshotEntry(record: try .test(path, fingerprint: fingerprint), object: try store(content).id)
    }
}

extension ConnectorKit.Record {
    static func test(_ path: String, fingerprint: String? = nil) throws -> ConnectorKit.Record {
        .init(
            pathname: try Pathname(path), kind: .file, permissions: 0o600,
            modificationTime: Timestamp(seconds: 1_700_000_000, nanoseconds: 5), fingerprint: fingerprint)
    }
}

/// A process that ran to its end.
struct Command {
    var status: Int32
    var output: String

    static func exists(_ name: String) -> Bool { path(of: name) != nil }

    static func path(of name: String) -> String? {
        ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"].map { $0 + name }.first { access($0, X_OK) == 0 }
    }

    init(_ name: String, _ arguments: [String], in directory: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.path(of: name)))
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationStatus
    }
}
