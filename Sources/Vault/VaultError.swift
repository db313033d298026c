import Foundation
import GRDB

/// Why a vault could not do what it was asked for.
public struct VaultError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// There is nothing at that place.
        case noVault
        /// There is something else.
        case notAVault
        /// A later version of this program made it.
        case newerFormat
        /// The catalog cannot be understood, or contradicts itself.
        case damaged
        /// Another process writes to it.
        case inUse
        /// No snapshot, or more than one, has that name.
        case noSuchSnapshot
        /// The snapshot has nothing at that pathname.
        case noSuchPath
        case cannotRead
        /// The system does not let this user read it.
        case noAccess
        case cannotWrite
        /// No space, or the disk quota is used up.
        case full
    }

    public var kind: Kind
    /// One sentence for a person.
    public var message: String
    /// What the person can do.
    public var hint: String?

    public init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    public var description: String { message }
}

extension VaultError {
    /// What a failed system call means for a vault.
    /// - Parameter action: what was tried, such as `write to /backup/tmp/1`.
    init(errno code: Int32, trying action: String, reading: Bool = false) {
        let reason = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT:
            self.init(.full, "cannot \(action): \(reason)", hint: "free some space; what is stored already is kept")
        case EACCES, EPERM, EROFS:
            self.init(
                reading ? .noAccess : .cannotWrite, "cannot \(action): \(reason)",
                hint: "check the owner and the permissions of the vault's directory")
        default:
            self.init(reading ? .cannotRead : .cannotWrite, "cannot \(action): \(reason)")
        }
    }

    /// What a failure of SQLite means for a vault (https://sqlite.org/rescode.html); other errors stay as they are.
    static func from(_ error: any Error, catalog: String) -> any Error {
        if error is RowDecodingError {
            return VaultError(.damaged, "\(catalog) is damaged: it has a value of the wrong kind")
        }
        guard let error = error as? DatabaseError else { return error }
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_FULL:
            return VaultError(
                .full, "cannot write to \(catalog): \(reason)", hint: "free some space; what is stored already is kept")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return VaultError(.inUse, "another program uses \(catalog)")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_CANTOPEN:
            return VaultError(
                .cannotWrite, "cannot use \(catalog): \(reason)",
                hint: "check the owner and the permissions of the vault's directory")
        case .SQLITE_IOERR:
            return VaultError(
                isFull(catalog) ? .full : .cannotWrite, "cannot read or write \(catalog): \(reason)",
                hint: "check the disk and the space that is left on it")
        case .SQLITE_MISUSE, .SQLITE_NOMEM, .SQLITE_INTERRUPT, .SQLITE_ABORT:
            return VaultError(.cannotWrite, "cannot use \(catalog): \(reason)")
        default:
            return VaultError(
                .damaged, "\(catalog) is damaged: \(reason)",
                hint: "the contents in objects/ are files of their own; see docs/vault.md")
        }
    }

    /// SQLite tells a full disk as an I/O error where it could not enlarge its shared memory.
    private static func isFull(_ path: String) -> Bool {
        var status = statvfs()
        return statvfs(path, &status) == 0 && status.f_bavail * status.f_bsize < 1 << 20
    }
}
