import ConnectorKit
import Foundation
import GRDB
import Vault

/// What becomes of a small database that can be made again: where it is damaged it is set aside, and begun anew.
enum DatabaseDamage {
    /// Whether an error can only come from a file that is no database, or not the one that was written.
    static func isDamage(_ error: any Error) -> Bool {
        if error is RowDecodingError { return true }
        guard let error = error as? DatabaseError else { return false }
        // SQLITE_ERROR: a statement of ours that the file has not the tables for.
        return [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_MISMATCH].contains(
            error.resultCode.primaryResultCode)
    }

    /// Looks at the whole file: damage that is found in the midst of a run would end it.
    static func check(_ db: Database) throws {
        let found = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
        if found != "ok" { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: found) }
    }

    /// Gives the file, and what SQLite keeps beside it, another name.
    /// - Returns: that name.
    static func setAside(_ path: String, at time: Timestamp) throws(VaultError) -> String {
        let stamp = time.description.prefix(19).replacingOccurrences(of: ":", with: "-")
        let aside = "\(path).damaged-\(stamp)"
        for suffix in ["", "-wal", "-shm", "-journal"]
        where rename(path + suffix, aside + suffix) != 0 && suffix.isEmpty {
            throw VaultError(
                .cannotWrite, "\(path) is damaged, and cannot be set aside: \(String(cString: strerror(errno)))",
                hint: "remove it: it is made again")
        }
        return aside
    }
}
