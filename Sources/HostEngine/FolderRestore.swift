import ConnectorKit
import Synchronization
import Vault

/// A part of a snapshot becomes a folder.
///
/// A file is written under a temporary name and renamed when its content was checked, so that no half file ever has a
/// name. What is there and is the same is left; what is there and differs is left too, and said: a restore destroys
/// nothing. A link stays one where it leads to something that is restored with it, else it becomes a file.
public final class FolderRestore: Sendable {
    private let selection: RestoreSelection
    private let path: String
    private let observer: any RunObserver
    private let state = Mutex(DeliverySummary())

    private static let parallel = 4
    /// What a source says that has no permissions of its own, as Google Photos.
    private static let noPermissions: UInt16 = 0o600

    /// - Parameter folder: an absolute path; made where it is not there.
    public init(selection: RestoreSelection, folder: String, observer: any RunObserver) {
        self.selection = selection
        path = folder
        self.observer = observer
    }

    /// - Throws: ``VaultError`` of kind `cannotWrite` or `full` where the folder does not take it.
    public func run() async throws -> DeliverySummary {
        let folder = try LocalFolder(making: path)
        var times: [(Pathname, Timestamp)] = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            try await selection.visit { entry, place in
                if entry.record.kind == .directory {
                    do {
                        _ = try folder.makeDirectory(place)
                        times.append((place, entry.record.modificationTime))
                    } catch let error as ConnectorError {
                        throw VaultError(.cannotWrite, error.message, hint: error.hint)
                    }
                    return
                }
                if running >= Self.parallel {
                    try await group.next()
                    running -= 1
                }
                running += 1
                group.addTask { [self] in try await write(entry, at: place, in: folder) }
            }
            try await group.waitForAll()
        }
        // Last, since writing into a directory changes its time; the deepest first does not matter.
        for (place, time) in times { try folder.directory(place)?.setTime(time, of: ".") }
        return state.withLock { $0 }
    }

    private func write(_ entry: SnapshotEntry, at place: Pathname, in folder: LocalFolder) async throws {
        let outcome: RecordOutcome
        do {
            let directory = try folder.makeDirectory(place.parent ?? .root)
            let entry = try selection.placed(entry, at: place)
            outcome =
                entry.record.kind == .symlink
                ? try link(entry.record, at: place, in: directory) : try await file(entry, place.name, in: directory)
        } catch let error as ConnectorError {
            outcome = .failed(error)
        } catch let error as VaultError where [.cannotRead, .noAccess, .damaged].contains(error.kind) {
            // One content that cannot be read is no reason to leave the others.
            outcome = .failed(ConnectorError(.corrupt, error.message, hint: error.hint))
        }
        let progress = state.withLock { state in
            state.count(outcome.status, bytes: entry.record.size ?? 0)
            return state.progress
        }
        if let error = outcome.error {
            let pathname = entry.record.pathname
            outcome.status == .skipped ? observer.skipped(pathname, error) : observer.failed(pathname, error)
        }
        observer.progress(progress)
    }

    private func file(
        _ entry: SnapshotEntry, _ name: String, in directory: LocalDirectory
    ) async throws -> RecordOutcome {
        guard let object = entry.object else {
            return .failed(
                entry.record.error
                    ?? ConnectorError(.notFound, "the snapshot holds no content for it: the backup could not read it"))
        }
        if let found = try directory.status(of: name) {
            let isSame =
                found.kind == .file && (entry.record.size ?? found.size) == found.size
                && directory.sha256(of: name) == object.hex
            return isSame ? .unchanged() : .failed(Self.taken(name, in: directory))
        }
        let reader = try selection.vault.object(object)
        let temporary = try TemporaryOutput(in: directory, prefix: ".gphotos-", mode: 0o666)
        do {
            while let chunk = try await reader.read() { try temporary.write(chunk) }
            await reader.close()
            let permissions = entry.record.permissions
            _ = try temporary.finish(
                time: entry.record.modificationTime,
                permissions: permissions == Self.noPermissions ? nil : permissions)
            try temporary.publish(as: name)
            return .stored()
        } catch {
            await reader.close()
            throw error
        }
    }

    private func link(_ record: Record, at place: Pathname, in directory: LocalDirectory) throws -> RecordOutcome {
        guard let target = record.target, place.leadsInside(target) else {
            return .skipped(ConnectorError(.rejected, "a link that leads out of the snapshot"))
        }
        if let found = try directory.status(of: place.name) {
            return found.target == target ? .unchanged() : .failed(Self.taken(place.name, in: directory))
        }
        try directory.makeLink(place.name, to: target)
        return .stored()
    }

    private static func taken(_ name: String, in directory: LocalDirectory) -> ConnectorError {
        ConnectorError(
            .rejected, "something else has its name: \(directory.path)/\(name)",
            hint: "move it away, or restore elsewhere")
    }
}
