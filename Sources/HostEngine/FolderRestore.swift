import ConnectorKit
import Crypto
import Foundation
import Synchronization
import Vault

/// A part of a snapshot becomes a folder.
///
/// A file is written under a temporary name and renamed when its content was checked, so that no half file ever has a
/// name. What is there and is the same is left; what is there and differs is left too, and said: a restore destroys
/// nothing.
public final class FolderRestore: Sendable {
    private let selection: RestoreSelection
    private let folder: String
    private let observer: any RunObserver
    private let state = Mutex(RestoreSummary())
    /// Directories that are known to be there, and to be no links that lead elsewhere.
    private let directories = Mutex<Set<String>>([])

    private static let parallel = 4

    /// - Parameter folder: an absolute path; made where it is not there.
    public init(selection: RestoreSelection, folder: String, observer: any RunObserver) {
        self.selection = selection
        self.folder = folder
        self.observer = observer
    }

    /// - Throws: ``VaultError`` of kind `cannotWrite` or `full` where the folder does not take it.
    public func run() async throws -> RestoreSummary {
        try makeFolder()
        var times: [(String, Timestamp)] = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            try await selection.visit { entry, place in
                let path = place.isRoot ? folder : folder + place.string
                if entry.record.kind == .directory {
                    try makeDirectory(place)
                    times.append((path, entry.record.modificationTime))
                    return
                }
                if let parent = place.parent { try makeDirectory(parent) }
                if running >= Self.parallel {
                    try await group.next()
                    running -= 1
                }
                running += 1
                group.addTask { [self] in try await write(entry, at: place, to: path) }
            }
            try await group.waitForAll()
        }
        // Last, since writing into a directory changes its time; the deepest first does not matter.
        for (path, time) in times { Self.setTime(time, of: path) }
        return state.withLock { $0 }
    }

    private func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw VaultError(.cannotWrite, "cannot make the folder \(folder)", hint: "choose one that can be written")
        }
    }

    /// Makes a directory and those above it, below the folder. A link in its place would lead out of the folder.
    private func makeDirectory(_ place: Pathname) throws {
        for directory in place.ancestors + [place] where !directory.isRoot {
            let path = folder + directory.string
            if directories.withLock({ $0.contains(path) }) { continue }
            if mkdir(path, 0o777) != 0 {
                let failure = errno
                var status = stat()
                guard failure == EEXIST, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                    throw Self.failure(failure == EEXIST ? ENOTDIR : failure, "make the directory \(path)")
                }
            }
            directories.withLock { _ = $0.insert(path) }
        }
    }

    private func write(_ entry: SnapshotEntry, at place: Pathname, to path: String) async throws {
        let outcome: RecordOutcome
        do {
            outcome =
                entry.record.kind == .symlink
                ? try link(entry.record, at: place, path) : try await file(entry, at: path)
        } catch let error as ConnectorError {
            outcome = .failed(error)
        } catch let error as VaultError where [.cannotRead, .damaged].contains(error.kind) {
            // One content that cannot be read is no reason to leave the others.
            outcome = .failed(ConnectorError(.corrupt, error.message, hint: error.hint))
        }
        let progress = state.withLock { state in
            state.count(outcome.status, bytes: entry.record.size ?? 0)
            return state.progress
        }
        if let error = outcome.error { observer.failed(entry.record.pathname, error) }
        observer.progress(progress)
    }

    private func file(_ entry: SnapshotEntry, at path: String) async throws -> RecordOutcome {
        guard let object = entry.object else {
            return .failed(
                entry.record.error
                    ?? ConnectorError(.notFound, "the snapshot holds no content for it: the backup could not read it"))
        }
        var status = stat()
        if lstat(path, &status) == 0 {
            if try Self.isSame(path, status, object: object, size: entry.record.size) { return .unchanged() }
            return .failed(
                ConnectorError(
                    .rejected, "something else has its name: \(path)", hint: "move it away, or restore elsewhere"))
        }
        let reader = try selection.vault.object(object)
        let temporary = try TemporaryOutput(beside: path)
        do {
            while let chunk = try await reader.read() { try temporary.write(chunk) }
            await reader.close()
            try temporary.publish(entry.record)
            return .stored()
        } catch {
            await reader.close()
            temporary.discard()
            throw error
        }
    }

    private func link(_ record: Record, at place: Pathname, _ path: String) throws -> RecordOutcome {
        guard let target = record.target, !target.hasPrefix("/"), Self.staysInside(place, target) else {
            return .skipped(ConnectorError(.rejected, "a link that leads out of the snapshot"))
        }
        if symlink(target, path) == 0 { return .stored() }
        guard errno == EEXIST else { throw Self.failure(errno, "make the link \(path)") }
        let existing = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        return existing == target
            ? .unchanged() : .failed(ConnectorError(.rejected, "something else has its name: \(path)"))
    }

    private static func staysInside(_ pathname: Pathname, _ target: String) -> Bool {
        var depth = pathname.parts.count - 1
        for part in target.split(separator: "/") {
            depth += part == ".." ? -1 : (part == "." ? 0 : 1)
            if depth < 0 { return false }
        }
        return true
    }

    private static func isSame(_ path: String, _ status: stat, object: ObjectID, size: Int64?) throws -> Bool {
        guard status.st_mode & S_IFMT == S_IFREG, size == nil || Int64(status.st_size) == size,
            let handle = FileHandle(forReadingAtPath: path)
        else { return false }
        defer { try? handle.close() }
        var hasher = SHA256()
        while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty { hasher.update(data: data) }
        return Array(hasher.finalize()) == object.bytes
    }

    fileprivate static func setTime(_ time: Timestamp, of path: String) {
        let moment = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        // A file system that keeps no such time is no reason to fail a restore.
        _ = utimensat(AT_FDCWD, path, [moment, moment], AT_SYMLINK_NOFOLLOW)
    }

    fileprivate static func failure(_ code: Int32, _ action: String) -> VaultError {
        VaultError(
            code == ENOSPC || code == EDQUOT ? .full : .cannotWrite,
            "cannot \(action): \(String(cString: strerror(code)))",
            hint: code == ENOSPC ? "free some space and run it again: what is there already is left" : nil)
    }
}

/// A file in the making, beside its place.
private final class TemporaryOutput {
    private let path: String
    private let temporary: String
    private let descriptor: Int32

    init(beside path: String) throws {
        self.path = path
        let directory = (path as NSString).deletingLastPathComponent
        var template = Array("\(directory)/.gphotos-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw FolderRestore.failure(errno, "write in \(directory)") }
        temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw FolderRestore.failure(errno, "write \(path)") }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// Gives it its name. `link` and not `rename`: what came there in the meantime is not replaced.
    func publish(_ record: Record) throws {
        fchmod(descriptor, mode_t(record.permissions))
        FolderRestore.setTime(record.modificationTime, of: temporary)
        if link(temporary, path) != 0 {
            let failure = errno
            // File systems without hard links, such as FAT.
            if failure == EEXIST || failure == ENAMETOOLONG {
                discard()
                throw ConnectorError(
                    .rejected, "cannot write \(path): \(String(cString: strerror(failure)))",
                    hint: "two names may be one on this file system")
            }
            guard failure == EPERM || failure == ENOTSUP || failure == EMLINK, rename(temporary, path) == 0 else {
                discard()
                throw FolderRestore.failure(failure, "write \(path)")
            }
            return
        }
        unlink(temporary)
    }

    func discard() { unlink(temporary) }
}
