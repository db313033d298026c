import ConnectorKit
import Foundation
import Vault

extension Stage {
    /// Puts a snapshot into the vault `foreign` that another connector might have made: files and the folders above them.
    func makeSnapshot(_ files: [(String, [UInt8])]) async throws {
        let vault = try Vault.openOrCreate(at: sandbox.home + "/foreign", runtime: .live)
        let writer = try vault.lockForWriting(holder: "test")
        defer { writer.close() }
        let snapshot = try await writer.beginSnapshot(source: "rclone", origin: "o", kind: "k", root: .root)
        let folders = Set(try files.flatMap { try Pathname($0.0).ancestors })
        for folder in folders.sorted() {
            try await snapshot.add([SnapshotEntry(record: .directory(folder, modificationTime: .epoch))])
        }
        for (path, bytes) in files {
            let object = writer.makeObjectWriter()
            try object.write(bytes)
            let record = Record(
                pathname: try Pathname(path), kind: .file, permissions: 0o600, modificationTime: .epoch)
            try await snapshot.add([SnapshotEntry(record: record, object: try object.finish().id)])
        }
        _ = try await snapshot.commit()
    }
}
