import ConnectorKit
import Foundation
import Testing

@testable import Vault

@Suite(.enabled(if: TemporaryFileSystem.isPossible)) struct DiskFullTests {
    @Test func aFullDiskIsToldAndWhatIsStoredIsKept() async throws {
        let scratch = try Scratch()
        let disk = try TemporaryFileSystem(at: scratch.vaultDirectory, megabytes: 4)
        let vault = try scratch.vault()
        let random = SeededRandom(11)
        let first = try await vault.backUp([("/a", random.bytes(300_000))])
        let writer = try vault.lockForWriting(holder: "test")
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        var stored = 0
        let error = await #expect(throws: VaultError.self) {
            for number in 0..<40 {
                let entry = try writer.entry("/\(number)", random.bytes(300_000), fingerprint: "\(number)")
                try await snapshot.add([entry])
                try await snapshot.flush()
                stored += 1
            }
        }
        #expect(error?.kind == .full)
        #expect(error?.hint != nil)
        #expect(stored > 0)
        await snapshot.abandon()
        writer.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.vaultDirectory + "/tmp").isEmpty)

        #expect(try vault.snapshots() == [first])
        let report = try await vault.check(readData: true)
        #expect(report.errors.isEmpty)
        #expect(report.objects == stored + 1)
        withExtendedLifetime(disk) {}
    }

    @Test func aCatalogThatCannotGrowIsAFullDisk() async throws {
        let scratch = try Scratch()
        let disk = try TemporaryFileSystem(at: scratch.vaultDirectory, megabytes: 2)
        let vault = try scratch.vault()
        let writer = try vault.lockForWriting(holder: "test")
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        let error = await #expect(throws: VaultError.self) {
            for page in 0..<40 {
                try await snapshot.add(
                    (0..<1000).map { SnapshotEntry(record: try .test("/\(page)/\($0)", fingerprint: "f\($0)")) })
                try await snapshot.flush()
            }
        }
        #expect(error?.kind == .full)
        await snapshot.abandon()
        #expect(try vault.snapshots().isEmpty)
        withExtendedLifetime(disk) {}
    }
}
