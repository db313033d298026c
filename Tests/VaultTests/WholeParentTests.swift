import ConnectorKit
import Foundation
import GRDB
import Testing

@testable import Vault

/// A snapshot that a source need not tell again.
@Suite struct WholeParentTests {
    private let scratch: Scratch
    private let vault: Vault

    init() throws {
        scratch = try Scratch()
        vault = try scratch.vault()
    }

    private static let large = SeededRandom(5).bytes(5000)

    /// A snapshot that has everything of an import.
    private func makeParent(fingerprint: String? = "whole") async throws -> Snapshot {
        let writer = try vault.lockForWriting(holder: "test")
        defer { writer.close() }
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        try await snapshot.add([
            try writer.entry("/a/x", Self.large, fingerprint: "1"), try writer.entry("/b/x", Self.large),
            try writer.entry("/b/y", Array(repeating: 7, count: 5000)),
            SnapshotEntry(record: .directory(try Pathname("/a"), modificationTime: Timestamp(seconds: 9))),
        ])
        var link = try ConnectorKit.Record.test("/b/link")
        (link.kind, link.target) = (.symlink, "y")
        try await snapshot.add([SnapshotEntry(record: link)])
        return try await snapshot.commit(state: "s", fingerprint: fingerprint)
    }

    private func begin(_ writer: VaultWriter, source: String = "@me") async throws -> SnapshotWriter {
        try await writer.beginSnapshot(source: source, origin: "o", kind: "k", root: .root)
    }

    private func held() async throws -> String? {
        let writer = try vault.lockForWriting(holder: "test")
        defer { writer.close() }
        return try await begin(writer).heldImport()
    }

    private func entries(_ snapshot: Snapshot) async throws -> [SnapshotEntry] {
        var entries: [SnapshotEntry] = []
        for try await entry in try vault.entries(of: snapshot, under: .root, recursive: true) { entries.append(entry) }
        return entries
    }

    @Test func allOfItIsTakenOver() async throws {
        let parent = try await makeParent()
        let writer = try vault.lockForWriting(holder: "test")
        let next = try await begin(writer)
        #expect(try await next.heldImport() == "whole")
        let taken = try await next.takeParent()
        #expect(taken == .init(files: 4, links: 1, bytes: 15_000))
        let made = try await next.commit(state: "t", fingerprint: "whole")
        #expect(made.parent == parent.id)
        #expect(made.files == parent.files)
        #expect(made.directories == parent.directories)
        #expect(made.errors == 0)
        #expect(made.bytes == parent.bytes)
        #expect(try await entries(made) == entries(parent))
        #expect(try await begin(writer).previousState() == "t")
        // The next one finds it in turn; another source does not.
        #expect(try await begin(writer).heldImport() == "whole")
        #expect(try await begin(writer, source: "@you").heldImport() == nil)
    }

    @Test func aStateThatIsNotToldAnewStays() async throws {
        _ = try await makeParent()
        let writer = try vault.lockForWriting(holder: "test")
        let next = try await begin(writer)
        _ = try await next.takeParent()
        _ = try await next.commit(fingerprint: "whole")
        #expect(try await begin(writer).previousState() == "s")
        // Where records came, none is none.
        let other = try await begin(writer)
        try await other.add([try writer.entry("/a/x", Self.large)])
        _ = try await other.commit()
        #expect(try await begin(writer).previousState() == nil)
    }

    @Test func whatIsNotWholeIsNotHeld() async throws {
        #expect(try await held() == nil)
        _ = try await makeParent(fingerprint: nil)
        #expect(try await held() == nil)
    }

    @Test(arguments: ["gone", "short", "long", "directory"]) func aContentThatIsNotThereIsFound(_ how: String)
        async throws
    {
        _ = try await makeParent()
        let files = try scratch.objectFiles()
        #expect(files.count == 2)
        for file in files {
            let path = scratch.vaultDirectory + "/" + file
            let bytes = try #require(FileManager.default.contents(atPath: path))
            try FileManager.default.removeItem(atPath: path)
            switch how {
            case "short": try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: path))
            case "long": try Data(bytes + [0]).write(to: URL(fileURLWithPath: path))
            case "directory": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            default: break
            }
            #expect(try await held() == nil, "\(file)")
            try? FileManager.default.removeItem(atPath: path)
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(try await held() == "whole")
        }
    }

    @Test func aContentThatTheCatalogHasLostIsFound() async throws {
        _ = try await makeParent()
        try await CatalogWriter(vault.layout).write { db in
            try db.execute(sql: "DELETE FROM objects WHERE compressed = 1")
        }
        #expect(try await held() == nil)
    }

    @Test func aVaultFromBeforeIsWrittenTo() async throws {
        let parent = try await makeParent()
        try await CatalogWriter(vault.layout).write { db in
            try db.execute(sql: "ALTER TABLE snapshots DROP COLUMN fingerprint")
        }
        #expect(try vault.snapshots() == [parent])
        #expect(try await held() == nil)
        #expect(try await entries(makeParent()) == entries(parent))
        #expect(try await held() == "whole")
    }
}
