import ConnectorKit
import Foundation
import GRDB
import Testing

@testable import Vault

@Suite struct CheckTests {
    let scratch: Scratch
    let vault: Vault
    let random = SeededRandom(5)

    init() throws {
        scratch = try Scratch()
        vault = try scratch.vault()
    }

    private func object(_ path: String, of snapshot: Snapshot) throws -> ObjectID {
        try #require(try vault.entry(of: snapshot, at: Pathname(path))?.object)
    }

    @Test func anIntactVaultIsClean() async throws {
        try await vault.backUp([("/a", random.bytes(10_000)), ("/b", random.plainBytes(10_000)), ("/c", [])])
        let report = try await vault.check(readData: true)
        #expect(report == CheckReport(snapshots: 1, objects: 3, bytes: 20_000, errors: []))
    }

    @Test func damagedContentsAreReportedWithEveryPathThatNeedsThem() async throws {
        let flipped = random.bytes(400_000)
        let cut = random.plainBytes(400_000)
        let made = try await vault.backUp([
            ("/x/flipped", flipped), ("/y/the same", flipped), ("/cut", cut), ("/lost", random.bytes(10)),
            ("/fine", [7]),
        ])
        try await vault.backUp([("/x/flipped", flipped), ("/fine", [7])])
        var file = try Data(contentsOf: URL(fileURLWithPath: scratch.file(of: try object("/x/flipped", of: made))))
        file[300_000] ^= 1
        try file.write(to: URL(fileURLWithPath: scratch.file(of: try object("/x/flipped", of: made))))
        #expect(truncate(scratch.file(of: try object("/cut", of: made), compressed: true), 1000) == 0)
        try FileManager.default.removeItem(atPath: scratch.file(of: try object("/lost", of: made)))

        let quick = try await vault.check(readData: false)
        #expect(quick.errors.map(\.path) == ["/cut", "/lost"])
        #expect(quick.errors.map(\.object) == [try object("/cut", of: made), try object("/lost", of: made)])
        #expect(quick.errors.last?.message.hasSuffix("is missing") == true)

        let thorough = try await vault.check(readData: true)
        #expect(thorough.errors.map(\.path) == ["/cut", "/lost", "/x/flipped", "/y/the same"])
        #expect(thorough.objects == 4)

        let latest = try vault.snapshot(matching: "latest")
        let one = try await vault.check([latest], readData: true)
        #expect(one.errors.map(\.path) == ["/x/flipped"])
        #expect((one.snapshots, one.objects, one.bytes) == (1, 2, 400_001))
    }

    @Test func aCatalogThatContradictsItselfIsReported() async throws {
        try await vault.backUp([("/a", [1])])
        try await CatalogWriter(vault.layout).write { db in try db.execute(sql: "DELETE FROM objects") }
        let report = try await vault.check(readData: false)
        #expect(report.errors.contains { $0.message.contains("names a row of objects") })
    }

    @Test func aDamagedCatalogIsReportedOrRefused() async throws {
        try await vault.backUp((0..<300).map { ("/dir \($0)/a", [UInt8($0 & 255)]) })
        let path = scratch.vaultDirectory + "/catalog.sqlite"
        let intact = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(intact.count > 8 * 4096)
        for seed in UInt64(0)..<12 {
            let random = SeededRandom(seed)
            var damaged = intact
            let page = 4096 * (1 + random.below(intact.count / 4096 - 1))
            for index in page..<page + 4096 { damaged[index] = UInt8(truncatingIfNeeded: random.next()) }
            // Replaced, not overwritten: no connection of this test has seen this file.
            try FileManager.default.removeItem(atPath: path)
            for log in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + log) }
            try damaged.write(to: URL(fileURLWithPath: path))
            do {
                let report = try await Vault.open(at: scratch.vaultDirectory, runtime: .test()).check(readData: false)
                #expect(!report.errors.isEmpty, "seed \(seed)")
            } catch let error as VaultError {
                #expect(error.kind == .damaged, "seed \(seed)")
            }
        }
    }

    @Test func filesThatNobodyKnowsAreNoErrorAndArePruned() async throws {
        let kept = try await vault.backUp([("/a", random.bytes(1000))])
        let dropped = try await vault.backUp([("/b", random.bytes(2000))])
        let stray = scratch.file(of: try #require(ObjectID([UInt8](repeating: 0xAB, count: 32))))
        try FileManager.default.createDirectory(
            atPath: (stray as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(count: 5).write(to: URL(fileURLWithPath: stray))
        let report = try await vault.check(readData: true)
        #expect(report.errors.isEmpty)

        let writer = try vault.lockForWriting(holder: "test")
        try await writer.forget([dropped])
        #expect(try vault.snapshots() == [kept])
        let running = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        await #expect(throws: VaultError.self) { try await writer.prune() }
        await running.abandon()
        #expect(try await writer.prune() == VaultWriter.Pruned(objects: 2, bytes: 2005))
        #expect(try scratch.objectFiles().count == 1)
        let after = try await vault.check(readData: true)
        #expect(after.errors.isEmpty)
        #expect(try await vault.object(object("/a", of: kept)).readAll().count == 1000)
    }

    @Test func theStateOfASourceOutlivesTheSnapshotThatBroughtIt() async throws {
        let older = try await vault.backUp([("/a", [1])], state: "old")
        let other = try await vault.backUp([("/a", [1])], source: "@other", state: "theirs")
        let newest = try await vault.backUp([("/a", [2])], state: "new")
        let writer = try vault.lockForWriting(holder: "test")
        try await writer.forget([newest])
        #expect(try vault.snapshots().map(\.id).sorted() == [older.id, other.id].sorted())
        let next = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        #expect(try next.previousState() == "new")
        await next.abandon()
    }
}
