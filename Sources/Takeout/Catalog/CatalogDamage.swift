import ConnectorKit
import Foundation
import GRDB

/// What becomes of a catalog that is damaged: it is set aside, and learnt anew.
enum CatalogDamage {
    /// Whether an error can only come from a file that is no database, or not the one that was written.
    static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case is RowDecodingError: true
        case let error as DatabaseError:
            [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CONSTRAINT, .SQLITE_ERROR].contains(
                error.resultCode.primaryResultCode)
        default: false
        }
    }

    /// Gives the file and what SQLite keeps beside it another name.
    /// - Returns: what to say of it.
    static func setAside(_ path: String, at time: Timestamp) throws -> String {
        let stamp = time.description.prefix(19).replacing(":", with: "-")
        let aside = "\(path).damaged-\(stamp)"
        for suffix in ["", "-wal", "-shm"] where rename(path + suffix, aside + suffix) != 0 && suffix.isEmpty {
            throw ConnectorError(
                .config, "\(path) is damaged, and cannot be set aside: \(String(cString: strerror(errno)))",
                hint: "remove it: it is learnt again")
        }
        return """
            what was learnt of the exports is damaged: \(path) is \(aside) now, and all parts are read again; nothing but \
            that time is lost
            """
    }
}
