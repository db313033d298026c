import ConnectorKit
import Foundation
import Vault

/// The folder of a mirror and its index: what is in one is in the other, whenever the process is killed.
///
/// A file is complete under a temporary name first. A batch of them is made durable by one call, noted as pending,
/// given its names, and noted as written. Killed on the way, the next run finds the notes and goes on.
final class MirrorFolder: Sendable {
    let folder: LocalFolder
    let index: MirrorIndex
    private let lock: MirrorLock

    static let temporaryPrefix = MirrorIndex.reserved + "-"

    /// Opens the folder for a run, made where it is not there; one process at a time has it.
    /// - Parameters:
    ///   - source: what it is a mirror of: the same in every run.
    ///   - now: names an index that is damaged and set aside.
    ///   - warn: told of that.
    /// - Throws: ``VaultError``: `inUse`; `notAVault` where the folder is a mirror of something else; `cannotWrite`.
    init(_ path: String, source: String, now: Timestamp, warn: (String) -> Void) throws {
        folder = try LocalFolder(making: path)
        lock = try MirrorLock(folder)
        index = try MirrorIndex(in: folder, now: now, warn: warn)
        if let other = try index.property("source"), other != source {
            throw Self.refusal(path, other)
        }
        try index.setProperty("source", source)
        if try index.property("running") != nil || index.lastID == 0 {
            try recover()
            try removeTemporaryFiles()
        }
        try index.setProperty("running", "true")
    }

    static func refusal(_ path: String, _ other: String) -> VaultError {
        VaultError(.notAVault, "\(path) is a mirror of \(other)", hint: "choose another folder")
    }

    /// The end of a run that was not cut short: nothing is left to be tidied up.
    func finish() throws { try index.setProperty("running", nil) }

    func close() { index.close() }

    // MARK: - Writing

    /// Gives a batch of complete files their names.
    /// - Returns: those that could not get theirs, and why.
    func publish(_ files: [PendingFile]) throws -> [(PendingFile, ConnectorError)] {
        if files.isEmpty { return [] }
        try folder.sync()
        try index.begin(files)
        let known = try index.rows(at: files.map(\.entry.place))
        var named: [MirrorEntry] = []
        var failed: [(PendingFile, ConnectorError)] = []
        var replacesAny = false
        for file in files {
            do {
                let replaces = try publish(file, known: known[file.entry.place]?.entry)
                replacesAny = replacesAny || replaces
                named.append(file.entry)
            } catch let error as ConnectorError {
                try discard(file)
                failed.append((file, error))
            }
        }
        // A name that the disk forgets while the index remembers it would look like a change by a person.
        if replacesAny { try folder.sync() }
        try index.settle(files, named: named)
        return failed
    }

    /// - Returns: whether something had the name.
    private func publish(_ file: PendingFile, known: MirrorEntry?) throws -> Bool {
        let place = file.entry.place
        guard let directory = try folder.directory(place.parent ?? .root) else {
            throw ConnectorError(.rejected, "its directory was removed while it was written", isRetryable: true)
        }
        let found = try directory.status(of: place.name)
        // What came there in the meantime is somebody's.
        if let found, known?.matches(found) != true || known?.standing == .refused { throw MirrorStep.taken }
        try directory.publish(file.temporary, as: place.name, replacing: found != nil)
        return found != nil
    }

    private func discard(_ file: PendingFile) throws {
        try folder.directory(file.entry.place.parent ?? .root)?.remove(file.temporary)
    }

    // MARK: - After a run that was killed

    private func recover() throws {
        let pending = try index.pending()
        let known = try index.rows(at: pending.map(\.entry.place))
        var named: [MirrorEntry] = []
        for file in pending {
            let place = file.entry.place
            guard let directory = try? folder.directory(place.parent ?? .root) else { continue }
            let found = try directory.status(of: place.name)
            if let temporary = try directory.status(of: file.temporary), file.entry.matches(temporary) {
                if found?.inode == temporary.inode {
                    directory.remove(file.temporary)
                } else {
                    guard (try? publish(file, known: known[place]?.entry)) != nil else {
                        directory.remove(file.temporary)
                        continue
                    }
                }
                named.append(file.entry)
            } else if let found, file.entry.matches(found) {
                named.append(file.entry)
            }
        }
        try index.settle(pending, named: named)
    }

    private func removeTemporaryFiles() throws {
        try folder.root.walk { directory, _, name, status in
            if name.hasPrefix(Self.temporaryPrefix), status.kind == .file || status.kind == .symlink {
                directory.remove(name)
            }
        }
    }
}

/// The right to change a mirror: flock(2) on a file in it. It ends with the process, however that ends.
private final class MirrorLock: Sendable {
    private let descriptor: Int32

    /// Not one of the temporary names, which begin with a dash after this.
    private static let name = MirrorIndex.reserved + ".lock"

    init(_ folder: LocalFolder) throws {
        descriptor = openat(
            folder.root.descriptor, Self.name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600 as mode_t)
        if descriptor < 0 { throw VaultError.writing("write in \(folder.path)", errno) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            let code = errno
            if code == EWOULDBLOCK {
                throw VaultError(
                    .inUse, "another process writes to the mirror \(folder.path)",
                    hint: "wait until it is done, and try again")
            }
            throw VaultError.writing("lock \(folder.path)", code)
        }
    }

    /// Said aloud, since a child process that is just being started has the file open too, until its exec(3).
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
