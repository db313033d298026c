import ConnectorKit
import Foundation
import Testing

@testable import Vault

@Suite struct FormatTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func kind(_ body: () throws -> Vault) -> VaultError.Kind? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? VaultError)?.kind
        }
    }

    private func open() throws -> Vault { try Vault.open(at: scratch.vaultDirectory, runtime: .test()) }

    private func write(_ text: String, to name: String) throws {
        try FileManager.default.createDirectory(atPath: scratch.vaultDirectory, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: scratch.vaultDirectory + "/" + name))
    }

    @Test func aVaultIsMadeOnFirstUse() async throws {
        let nested = scratch.directory + "/new/one/"
        #expect(kind { try Vault.open(at: nested, runtime: .test()) } == .noVault)
        let vault = try Vault.openOrCreate(at: nested, runtime: .test())
        #expect(vault.directory == scratch.directory + "/new/one")
        let again = try Vault.open(at: nested, runtime: .test())
        #expect(try again.snapshots().isEmpty)
        var status = stat()
        #expect(stat(vault.directory, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
    }

    @Test func somethingElseIsLeftAlone() throws {
        try write("precious", to: "notes.txt")
        #expect(kind(open) == .notAVault)
        #expect(kind(scratch.vault) == .notAVault)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.vaultDirectory) == ["notes.txt"])
        let file = scratch.vaultDirectory + "/notes.txt"
        #expect(kind { try Vault.openOrCreate(at: file, runtime: .test()) } == .notAVault)
        try write("{\"format\":\"other\"}", to: "vault.json")
        #expect(kind(scratch.vault) == .notAVault)
    }

    @Test func aNewFileSystemCanBecomeAVault() throws {
        try FileManager.default.createDirectory(
            atPath: scratch.vaultDirectory + "/lost+found", withIntermediateDirectories: true)
        #expect(kind(open) == .noVault)
        #expect(kind(scratch.vault) == nil)
    }

    @Test func aLaterFormatIsRefused() throws {
        _ = try scratch.vault()
        try write("{\"format\":\"gphotos-vault\",\"version\":2}", to: "vault.json")
        #expect(kind(open) == .newerFormat)
        #expect(kind(scratch.vault) == .newerFormat)
    }

    @Test func aLostOrUnreadableCatalogIsDamage() async throws {
        try await scratch.vault().backUp([("/a", [1])])
        let path = scratch.vaultDirectory + "/catalog.sqlite"
        try FileManager.default.removeItem(atPath: path)
        #expect(kind(open) == .damaged)
        #expect(kind(scratch.vault) == .damaged)
        try write("this is no database, but it is long enough to be taken for one", to: "catalog.sqlite")
        #expect(kind(open) == .damaged)
        try write("", to: "catalog.sqlite")
        #expect(kind(open) == .damaged)
    }

    /// Whatever of a vault was there when its making was killed, the next run makes the rest.
    @Test func aVaultThatWasHalfMadeIsMadeWhole() async throws {
        for missing in [["vault", "catalog", "objects"], ["catalog", "objects"], ["objects"]] {
            let scratch = try Scratch()
            _ = try scratch.vault()
            for name in try FileManager.default.contentsOfDirectory(atPath: scratch.vaultDirectory)
            where missing.contains(where: name.hasPrefix) {
                try FileManager.default.removeItem(atPath: scratch.vaultDirectory + "/" + name)
            }
            let made = try await scratch.vault().backUp([("/a", [1])])
            #expect(made.files == 1)
        }
    }

    @Test func leftoversInTmpAreRemovedByTheNextWriter() throws {
        let vault = try scratch.vault()
        try write("half", to: "tmp/1-1")
        let writer = try vault.lockForWriting(holder: "test")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.vaultDirectory + "/tmp").isEmpty)
        writer.close()
    }

    @Test(.enabled(if: TemporaryFileSystem.isPossible)) func aReadOnlyVaultIsReadAndNotWritten() async throws {
        let disk = try TemporaryFileSystem(at: scratch.vaultDirectory, megabytes: 8)
        let made = try await scratch.vault().backUp([("/a/b", [1, 2, 3])])
        try disk.makeReadOnly()
        let vault = try open()
        #expect(try vault.snapshots() == [made])
        #expect(try await vault.list(made) == ["/a", "/a/b"])
        let object = try #require(try vault.entry(of: made, at: Pathname("/a/b"))?.object)
        #expect(try await vault.object(object).readAll() == [1, 2, 3])
        let report = try await vault.check(readData: true)
        #expect(report.errors.isEmpty)
        let error = #expect(throws: VaultError.self) { try vault.lockForWriting(holder: "test") }
        #expect(error?.kind == .cannotWrite)
        #expect(error?.message.contains("Read-only file system") == true)
    }

    @Test(.enabled(if: TemporaryFileSystem.isPossible)) func aVaultThatCannotBeMadeSaysWhy() throws {
        let disk = try TemporaryFileSystem(at: scratch.vaultDirectory, megabytes: 1)
        try disk.makeReadOnly()
        let error = #expect(throws: VaultError.self) { try scratch.vault() }
        #expect(error?.kind == .cannotWrite)
    }
}
