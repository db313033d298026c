import ConnectorKit
import Foundation
import GRDB

/// A row of the index holds what no run has written.
struct DamagedIndex: Error {}

/// What becomes of an index that is damaged: it is set aside, and learnt anew.
enum IndexDamage {
    /// Whether an error can only come from a file that is no database, or not the one that was written.
    static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case is DamagedIndex, is RowDecodingError: true
        // No statement of ours breaks a constraint or names what is not there, unless an index of the tables has lost a
        // row, or the schema is another.
        case let error as DatabaseError:
            [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CONSTRAINT, .SQLITE_ERROR].contains(
                error.resultCode.primaryResultCode)
        default: false
        }
    }

    /// Whether an error may come from damage that SQLite did not see: only then the whole file is worth a look.
    static func isSuspect(_ error: any Error) -> Bool {
        guard let error = error as? ConnectorError else { return false }
        return [.internalDefect, .protocolViolation].contains(error.code) || error.message == Shelf.disturbed.message
    }

    /// Gives the file and what SQLite keeps beside it another name.
    /// - Returns: that name.
    static func rename(_ path: String, at time: Timestamp) throws -> String {
        let stamp = time.description.prefix(19).replacingOccurrences(of: ":", with: "-")
        let aside = "\(path).damaged-\(stamp)"
        for suffix in ["", "-wal", "-shm"]
        where Foundation.rename(path + suffix, aside + suffix) != 0 && suffix.isEmpty {
            throw ConnectorError(
                .config, "\(path) is damaged, and cannot be set aside: \(String(cString: strerror(errno)))",
                hint: "remove it: it is learnt again")
        }
        return aside
    }

    /// Sets an index aside.
    /// - Returns: what to say of it.
    static func setAside(_ path: String, of kind: Index.Kind, at time: Timestamp) throws -> String {
        let aside = try rename(path, at: time)
        return "the index \(path) is damaged: it is \(aside) now, and \(kind.loss)"
    }
}

extension Index {
    /// What an index is of: what is lost with it.
    public enum Kind: Sendable {
        case account
        /// The names of what exports hold.
        case exports
        /// What was chosen in the Picker.
        case picker

        /// For a person.
        var loss: String {
            switch self {
            case .account:
                """
                what it knew is learnt anew by a full listing; what it knew of uploads is lost, so that an export may send \
                again what is there already, of which Google keeps one
                """
            case .exports:
                """
                what it knew is learnt anew from the exports; which of two with one name came first is decided by their \
                dates again
                """
            case .picker:
                """
                what was chosen in the Picker so far is known nowhere else: choose it again to have it in the next \
                snapshots, where nothing is read twice; earlier snapshots are as they were
                """
            }
        }

        /// What to do where a file cannot be used at all.
        func hint(_ path: String) -> String {
            self == .picker
                ? "check \(path); it can be removed, and what was chosen so far is forgotten with it"
                : "check \(path); it can be removed: it is learnt again"
        }
    }
}

extension Row {
    /// A pathname that the index holds.
    func pathname(atIndex index: Int) throws -> Pathname { try Pathname(stored: decode(atIndex: index)) }
}

extension Pathname {
    /// - Throws: ``DamagedIndex`` where it is none.
    init(stored text: String) throws {
        do { try self.init(text) } catch { throw DamagedIndex() }
    }

    /// - Throws: ``DamagedIndex`` where the name is none.
    func appending(stored name: String) throws -> Pathname {
        do { return try appending(name) } catch { throw DamagedIndex() }
    }
}
