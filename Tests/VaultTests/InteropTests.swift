import ConnectorKit
import Foundation
import Testing

@testable import Vault

/// What docs/vault.md promises to somebody who has only common tools.
@Suite struct InteropTests {
    let scratch: Scratch
    let vault: Vault
    let random = SeededRandom(21)

    init() throws {
        scratch = try Scratch()
        vault = try scratch.vault()
    }

    @Test(.enabled(if: Command.exists("zstd"))) func zstdReadsCompressedObjects() async throws {
        for size in [5000, 800_000] {
            let content = random.plainBytes(size)
            let made = try await vault.backUp([("/a", content)])
            let object = try #require(try vault.entry(of: made, at: Pathname("/a"))?.object)
            let out = scratch.directory + "/out"
            let command = try Command(
                "zstd", ["-q", "-d", "-f", scratch.file(of: object, compressed: true), "-o", out], in: scratch.directory
            )
            #expect(command.status == 0, "\(command.output)")
            #expect(FileManager.default.contents(atPath: out).map { Array($0) } == content)
        }
    }

    @Test(.enabled(if: Command.exists("sha256sum"))) func rawObjectsAreNamedByTheirHash() async throws {
        try await vault.backUp((0..<20).map { ("/\($0)", random.bytes(1000 * $0 + 1)) })
        let files = try scratch.objectFiles()
        #expect(files.count == 20)
        let sums = try Command("sha256sum", files, in: scratch.vaultDirectory).output
        let expected = files.map { "\($0.split(separator: "/")[2])  \($0)\n" }.joined()
        #expect(sums == expected)
    }

    @Test(.enabled(if: Command.exists("sqlite3"))) func sqliteReadsTheCatalog() async throws {
        let made = try await vault.backUp([("/album/Trip/a 'b'.jpg", random.bytes(100))])
        let ask = { (sql: String) in
            try Command("sqlite3", ["-readonly", "catalog.sqlite", sql], in: scratch.vaultDirectory).output
        }
        #expect(try ask("PRAGMA integrity_check") == "ok\n")
        #expect(try ask("PRAGMA foreign_key_check") == "")
        let file = try ask("SELECT snapshot, path, size, object_file FROM files WHERE kind = 'file'")
        #expect(file == "\(made.id)|/album/Trip/a 'b'.jpg|100|\(try scratch.objectFiles()[0])\n")
    }
}
