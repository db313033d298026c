import ConnectorKit
import Foundation
import Vault

/// Backs a made-up source up into a vault, for a test that kills it: `vault-crash-writer VAULT SEED FILES`.
///
/// The content of each file follows from the seed and its number, so that the test knows what must come back. What a
/// killed run has left is used as a host uses it. Prints a dot for each content it stored, and last how many files it
/// reused.
struct CrashWriter {
    var vault: String
    var seed: UInt64
    var files: Int

    func run() async throws {
        let vault = try Vault.openOrCreate(at: vault, runtime: .live)
        let writer = try vault.lockForWriting(holder: "vault-crash-writer")
        let snapshot = try await writer.beginSnapshot(source: "@crash", origin: "test", kind: "test", root: .root)
        let reused = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<4 {
                group.addTask { try await backUp(stride(from: worker, to: files, by: 4), writer, snapshot) }
            }
            return try await group.reduce(0, +)
        }
        _ = try await snapshot.commit()
        writer.close()
        FileHandle.standardOutput.write(Data("\nreused \(reused)\n".utf8))
    }

    private func backUp(_ numbers: StrideTo<Int>, _ writer: VaultWriter, _ snapshot: SnapshotWriter) async throws -> Int
    {
        var reused = 0
        for number in numbers {
            let pathname = try Pathname("/album/\(number % 7)/file-\(number).bin")
            let fingerprint = "\(seed)-\(number)"
            if let known = try snapshot.known(pathname, fingerprint: fingerprint) {
                try await snapshot.add([known])
                reused += 1
                continue
            }
            let object = writer.makeObjectWriter()
            for chunk in MadeUpContent(seed: seed, number: number) { try object.write(chunk) }
            let record = Record(
                pathname: pathname, kind: .file, permissions: 0o600,
                modificationTime: Timestamp(seconds: 1_700_000_000),
                fingerprint: fingerprint)
            try await snapshot.add([SnapshotEntry(record: record, object: object.finish().id)])
            FileHandle.standardOutput.write(Data(".".utf8))
            // Small batches, so that a kill meets every step many times.
            if number % 23 == 0 { try await snapshot.flush() }
        }
        return reused
    }
}

/// Chunks of a content: some compress, some do not, a few are large enough for a file of their own while they come in.
struct MadeUpContent: Sequence {
    var seed: UInt64
    var number: Int

    func makeIterator() -> AnyIterator<[UInt8]> {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number)
        var chunks = number % 11 == 0 ? 6 : 1
        return AnyIterator {
            if chunks == 0 { return nil }
            chunks -= 1
            let mask: UInt64 = number % 3 == 0 ? 0x0101_0101_0101_0101 : .max
            var bytes: [UInt8] = []
            for _ in 0..<(number % 11 == 0 ? 5000 : 500) {
                // xorshift64*, Vigna 2016.
                state ^= state >> 12
                state ^= state << 25
                state ^= state >> 27
                let word = (state &* 0x2545_F491_4F6C_DD1D) & mask
                for shift in stride(from: 0, to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
                }
            }
            return bytes
        }
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let seed = UInt64(arguments[2]), let files = Int(arguments[3]) else {
    FileHandle.standardError.write(Data("usage: vault-crash-writer VAULT SEED FILES\n".utf8))
    exit(64)
}
try await CrashWriter(vault: arguments[1], seed: seed, files: files).run()
