import ConnectorKit
import Foundation
import GRDB
import Vault

/// The hashes of files that were read before, by path, size, time and inode: what was not touched is not read again.
///
/// It can be deleted at any time, which costs a reading of the files.
public final class FileHashes: Sendable {
    private let database: DatabaseQueue
    private let runtime: Runtime

    /// A file that was written in the last two seconds may be written again without a change of its time: its hash is
    /// not kept. FAT has no finer times.
    private static let settling: Int64 = 2

    /// - Parameters:
    ///   - path: of the file that keeps them, made where it is not there, for nobody else's eyes.
    ///   - warn: told where the file was damaged, and is begun anew.
    /// - Throws: ``VaultError`` of kind `cannotWrite` where it cannot be used.
    public init(path: String, runtime: Runtime, warn: (String) -> Void = { _ in }) throws(VaultError) {
        self.runtime = runtime
        do {
            database = try Self.open(path)
        } catch let error where DatabaseDamage.isDamage(error) {
            let aside = try DatabaseDamage.setAside(path, at: runtime.now())
            warn("the hashes of files in \(path) are damaged: they are \(aside) now, and every file is read again once")
            do { database = try Self.open(path) } catch { throw Self.unusable(path) }
        } catch {
            throw Self.unusable(path)
        }
    }

    private static func unusable(_ path: String) -> VaultError {
        VaultError(.cannotWrite, "\(path) cannot be used", hint: "remove it: it is made again")
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
        }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.write { db in
            try DatabaseDamage.check(db)
            try db.execute(
                sql: """
                    DROP TABLE IF EXISTS files;
                    CREATE TABLE IF NOT EXISTS hashes(
                        path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL,
                        mtime_nanoseconds INTEGER NOT NULL, inode INTEGER NOT NULL,
                        changed INTEGER NOT NULL, sha256 TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    SELECT path, size, mtime, mtime_nanoseconds, inode, changed, sha256 FROM hashes LIMIT 0
                    """)
        }
        return database
    }

    /// How a file is, and the SHA-256 of its content in hexadecimal digits.
    /// - Throws: ``ConnectorError`` where it cannot be read, or changes while it is.
    func hash(of name: String, in directory: LocalDirectory) async throws -> (FileStatus, String) {
        let file = try LocalFile(opening: name, in: directory)
        let status = file.status
        let key: StatementArguments = [
            directory.path + "/" + name, status.size, status.modificationTime.seconds,
            status.modificationTime.nanoseconds, Int64(bitPattern: status.inode), file.changeTime,
        ]
        // What the cache cannot say is read.
        let known = try? await database.read { db in
            try String.fetchOne(
                db,
                sql: """
                    SELECT sha256 FROM hashes
                    WHERE path = ? AND size = ? AND mtime = ? AND mtime_nanoseconds = ? AND inode = ? AND changed = ?
                    """, arguments: key)
        }
        if let known { return (status, known) }
        let settled = status.modificationTime.seconds + Self.settling < runtime.now().seconds
        let sha256 = try await file.sha256()
        if settled {
            try? await database.write { db in
                try db.execute(
                    sql: "INSERT OR REPLACE INTO hashes VALUES(?, ?, ?, ?, ?, ?, ?)", arguments: key + [sha256])
            }
        }
        return (status, sha256)
    }
}
