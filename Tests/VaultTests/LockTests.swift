import ConnectorKit
import Foundation
import Testing

@testable import Vault

@Suite struct LockTests {
    let scratch: Scratch
    let vault: Vault

    init() throws {
        scratch = try Scratch()
        vault = try scratch.vault()
    }

    @Test func theSecondWriterIsToldOfTheFirst() throws {
        let first = try vault.lockForWriting(holder: "gphotos backup @me")
        let error = #expect(throws: VaultError.self) { try vault.lockForWriting(holder: "another") }
        #expect(error?.kind == .inUse)
        #expect(
            error?.message == "the vault \(scratch.vaultDirectory) is in use by process \(getpid()) "
                + "(gphotos backup @me) since 2027-01-15T08:00:00Z")
        first.close()
        let second = try vault.lockForWriting(holder: "another")
        second.close()
    }

    @Test func theLockEndsWithItsOwner() throws {
        do { _ = try vault.lockForWriting(holder: "one") }
        _ = try vault.lockForWriting(holder: "two")
    }

    @Test(.enabled(if: Command.exists("flock"))) func theLockHoldsAcrossProcesses() throws {
        let writer = try vault.lockForWriting(holder: "one")
        let lock = scratch.vaultDirectory + "/lock"
        #expect(try Command("flock", ["-n", lock, "true"], in: scratch.directory).status == 1)
        writer.close()
        #expect(try Command("flock", ["-n", lock, "true"], in: scratch.directory).status == 0)
    }

    @Test func readersDoNotWaitForTheWriter() async throws {
        let made = try await vault.backUp([("/a", [1])])
        let writer = try vault.lockForWriting(holder: "one")
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        try await snapshot.add([try writer.entry("/b", [2])])
        try await snapshot.flush()
        let reader = try Vault.open(at: scratch.vaultDirectory, runtime: .test())
        #expect(try reader.snapshots() == [made])
        _ = try await snapshot.commit()
        #expect(try reader.snapshots().count == 2)
    }
}
