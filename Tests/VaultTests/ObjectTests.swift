import ConnectorKit
import Crypto
import Foundation
import Testing

@testable import Vault

@Suite struct ObjectTests {
    let scratch: Scratch
    let vault: Vault
    let writer: VaultWriter
    let random = SeededRandom(1)

    init() throws {
        scratch = try Scratch()
        vault = try scratch.vault()
        writer = try vault.lockForWriting(holder: "test")
    }

    private func flush() async throws {
        try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root).flush()
    }

    @Test(arguments: [0, 1, 20_000, 128 << 10, (128 << 10) + 1, 700_001], [false, true])
    func contentComesBackAsItWas(size: Int, compressible: Bool) async throws {
        let content = compressible ? random.plainBytes(size) : random.bytes(size)
        let stored = try writer.store(content)
        #expect(stored.isNew)
        #expect(stored.size == Int64(size))
        #expect(stored.id.bytes == Array(SHA256.hash(data: content)))
        try await flush()
        let reader = try vault.object(stored.id)
        var read: [UInt8] = []
        while let chunk = try await reader.read() {
            #expect(!chunk.isEmpty && chunk.count <= 256 << 10)
            read += chunk
        }
        #expect(read == content)
        #expect(try await reader.read() == nil)
        let isSmaller = compressible && size > 1
        #expect(FileManager.default.fileExists(atPath: scratch.file(of: stored.id, compressed: isSmaller)))
    }

    @Test func rawObjectIsTheContentAndOnlyTheOwnerReadsIt() throws {
        let content = random.bytes(50_000)
        let path = scratch.file(of: try writer.store(content).id)
        #expect(FileManager.default.contents(atPath: path).map { Array($0) } == content)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func sameContentIsStoredOnce() async throws {
        let content = random.bytes(300_000)
        let first = try writer.store(content)
        let beforeTheFlush = try writer.store(content, chunk: 7_000)
        try await flush()
        let afterTheFlush = try writer.store(content)
        #expect(first.isNew)
        #expect(!beforeTheFlush.isNew)
        #expect(!afterTheFlush.isNew)
        #expect(try scratch.objectFiles().count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.vaultDirectory + "/tmp").isEmpty)
    }

    @Test func twoWritersOfOneContentAgree() async throws {
        let content = random.bytes(400_000)
        let writers = (0..<8).map { _ in writer.makeObjectWriter() }
        for writer in writers { try writer.write(content) }
        let stored = try writers.map { try $0.finish() }
        #expect(stored.filter(\.isNew).count == 1)
        #expect(Set(stored.map(\.id)).count == 1)
        #expect(try scratch.objectFiles().count == 1)
    }

    /// A content that saves less than 5 % as a whole stays raw, also where its start promised more.
    @Test(arguments: [(plain: 40_000, random: 960_000), (plain: 300_000, random: 15_000_000)])
    func aStartThatPromisesTooMuchIsNotBelieved(plain: Int, random count: Int) async throws {
        let content = [UInt8](repeating: 0, count: plain) + random.bytes(count)
        #expect(Compressibility.isLikely(content))
        let id = try writer.store(content).id
        #expect(try scratch.objectFiles() == ["objects/\(id.hex.prefix(2))/\(id.hex)"])
        try await flush()
        let read = try await vault.object(id).readAll()
        #expect(read == content)
    }

    @Test func fivePercentIsTheLimit() {
        #expect(Compressibility.pays(stored: 95, content: 100))
        #expect(!Compressibility.pays(stored: 96, content: 100))
        #expect(!Compressibility.pays(stored: 10, content: 0 + 9))
    }

    @Test func aContentThatIsNotThePromisedOneIsRefused() throws {
        let object = writer.makeObjectWriter()
        try object.write(random.bytes(200_000))
        let other = try #require(ObjectID([UInt8](repeating: 9, count: 32)))
        let error = #expect(throws: ConnectorError.self) { try object.finish(sha256: other) }
        #expect(error?.code == .corrupt)
        #expect(try scratch.objectFiles().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.vaultDirectory + "/tmp").isEmpty)
    }

    @Test func aHashOfTheCallerIsTaken() throws {
        let content = random.bytes(200_000)
        let hash = try #require(ObjectID(Array(SHA256.hash(data: content))))
        let object = writer.makeObjectWriter(hashing: false)
        try object.write(content)
        #expect(try object.finish(sha256: hash).id == hash)
        let withoutOne = writer.makeObjectWriter(hashing: false)
        #expect(throws: ConnectorError.self) { try withoutOne.finish() }
    }

    @Test func whatIsAbortedLeavesNothing() throws {
        let object = writer.makeObjectWriter()
        try object.write(random.bytes(400_000))
        let temporary = scratch.vaultDirectory + "/tmp"
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).count == 1)
        object.abort()
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
        #expect(throws: ConnectorError.self) { try object.finish() }
        #expect(try scratch.objectFiles().isEmpty)
    }

    @Test(arguments: [false, true]) func damageIsSeenWhileReading(compressed: Bool) async throws {
        let content = compressed ? random.plainBytes(600_000) : random.bytes(600_000)
        let id = try writer.store(content).id
        try await flush()
        let path = scratch.file(of: id, compressed: compressed)
        let intact = try #require(FileManager.default.contents(atPath: path))
        var flipped = intact
        flipped[intact.count / 2] ^= 4
        for damaged in [flipped, intact.dropLast(), intact + [0], Data()] {
            try Data(damaged).write(to: URL(fileURLWithPath: path))
            let error = await #expect(throws: ConnectorError.self) { try await vault.object(id).readAll() }
            #expect(error?.code == .corrupt)
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: ConnectorError.self) { try vault.object(id) }
    }

    /// After a loss of power a file that no catalog knows can have any content.
    @Test func aFileThatTheCatalogDoesNotKnowIsNotTrusted() async throws {
        let content = random.bytes(30_000)
        let id = try #require(ObjectID(Array(SHA256.hash(data: content))))
        let path = scratch.file(of: id)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(count: 30_000).write(to: URL(fileURLWithPath: path))
        #expect(try writer.store(content).isNew)
        try await flush()
        #expect(try await vault.object(id).readAll() == content)
    }

    @Test func aCutFileIsRepairedByTheSameContent() async throws {
        let content = random.bytes(30_000)
        let id = try writer.store(content).id
        try await flush()
        #expect(truncate(scratch.file(of: id), 100) == 0)
        #expect(try writer.store(content).isNew)
        try await flush()
        #expect(try await vault.object(id).readAll() == content)
    }

    /// Where there is no syncfs, each file and its directory is written on its own.
    @Test func batchIsMadeDurableWithoutSyncfs() throws {
        let store = ObjectStore(layout: vault.layout, catalog: vault.catalog)
        let id = try writer.store(random.bytes(1000)).id
        let form = StoredForm(size: 1000, storedSize: 1000, isCompressed: false)
        try store.makeDurable([id: form], usingSyncfs: false)
        try FileManager.default.removeItem(atPath: scratch.file(of: id))
        #expect(throws: VaultError.self) { try store.makeDurable([id: form], usingSyncfs: false) }
    }

    @Test func identifiersAreReadAndWritten() throws {
        let id = try #require(ObjectID(Array(0..<32)))
        #expect(id.hex == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
        #expect(ObjectID(hex: id.hex.uppercased()) == id)
        #expect(id.bytes == Array(0..<32))
        #expect(ObjectID(Array(0..<31)) == nil)
        #expect(ObjectID(hex: String(repeating: "g", count: 64)) == nil)
    }
}
