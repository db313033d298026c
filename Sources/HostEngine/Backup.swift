import ConnectorKit
import PluginJSONL
import Synchronization
import Vault

/// What a run tells while it goes on.
public protocol RunObserver: Sendable {
    func progress(_ progress: RunProgress)
    /// An item that could not be read or written; the run goes on.
    func failed(_ pathname: Pathname, _ error: ConnectorError)
    /// A file that a destination does not take.
    func skipped(_ pathname: Pathname, _ error: ConnectorError)
    /// A file that is brought to a destination, or would be.
    func settled(_ pathname: Pathname, _ status: RecordStatus)
}

extension RunObserver {
    public func skipped(_ pathname: Pathname, _ error: ConnectorError) { failed(pathname, error) }
    public func settled(_ pathname: Pathname, _ status: RecordStatus) {}
}

/// One backup: the records of a connector become a snapshot.
///
/// What the vault knows by pathname and fingerprint is not read again. What cannot be read now and was there before is
/// carried forward from the parent, marked: a failure never looks like a removal.
public final class Backup: Sendable {
    public struct Summary: Sendable {
        public var snapshot: Snapshot
        public var progress: RunProgress
        /// What the connector asked of its service, by name.
        public var counters: [String: Int64]
    }

    private let link: ConnectorLink
    private let writer: VaultWriter
    private let source: String
    private let observer: any RunObserver
    private let transfers: Int
    private let rereads: Bool
    private let state = Mutex(RunProgress())
    private let failedDirectories = Mutex<[Pathname]>([])

    /// - Parameters:
    ///   - source: as the person named it.
    ///   - transfers: contents that are read at a time.
    ///   - rereads: whether to read also what the vault knows. What is the same is stored once all the same.
    public init(
        link: ConnectorLink, writer: VaultWriter, source: String, transfers: Int, rereads: Bool = false,
        observer: any RunObserver
    ) {
        self.link = link
        self.writer = writer
        self.source = source
        self.transfers = transfers
        self.rereads = rereads
        self.observer = observer
    }

    /// - Throws: where nothing came of it: the listing failed, the vault cannot be written, the sign-in or the quota
    ///   ended. What was stored by then is used by the next backup.
    public func run() async throws -> Summary {
        let snapshot = try await writer.beginSnapshot(
            source: source, origin: link.identity.origin, kind: link.identity.kind, root: link.identity.root)
        do {
            let summary = try await transfer(into: snapshot)
            for directory in failedDirectories.withLock({ $0 }) {
                _ = try await snapshot.carryForward(below: directory)
            }
            if summary.isUnchanged { try await takeParent(into: snapshot) }
            var progress = state.withLock { $0 }
            let isWhole = summary.errors == 0 && progress.errors == 0
            let finished = try await snapshot.commit(
                state: summary.state, fingerprint: isWhole ? summary.fingerprint : nil)
            if progress.errors > 0 { progress.filesCarried = try snapshot.carriedFiles(of: finished) }
            return Summary(snapshot: finished, progress: progress, counters: summary.counters)
        } catch {
            await snapshot.abandon()
            throw error
        }
    }

    private func transfer(into snapshot: SnapshotWriter) async throws -> ImportSummary {
        let held = rereads ? nil : try await snapshot.heldImport()
        return try await link.transfer(
            state: try snapshot.previousState(), fingerprint: held, parallel: transfers
        ) { [self] batch, want in
            try await sort(batch, into: snapshot, want: want)
        } read: { [self] record in
            try await read(record, into: snapshot)
        }
    }

    /// The source has nothing to tell that the parent does not have.
    private func takeParent(into snapshot: SnapshotWriter) async throws {
        let taken = try await snapshot.takeParent()
        count {
            $0.files += taken.files
            $0.filesUnchanged += taken.files
            $0.links += taken.links
            $0.bytes += taken.bytes
        }
    }

    /// Takes in what needs no content, and passes the rest on.
    private func sort(
        _ batch: [ImportedRecord], into snapshot: SnapshotWriter, want: (ImportedRecord) -> Void
    ) async throws {
        var entries: [SnapshotEntry] = []
        var settled: [(ImportedRecord, RecordStatus, HeldContent?)] = []
        let known = try known(batch, in: snapshot)
        var counted = RunProgress()
        counted.filesSeen = batch.count { $0.record.kind != .directory }
        for (imported, content) in zip(batch, known) {
            let record = imported.record
            if let error = record.error {
                note(record.pathname, error)
                if record.kind == .directory {
                    failedDirectories.withLock { $0.append(record.pathname) }
                } else {
                    counted.files += 1
                }
                entries.append(try substitute(for: record, error: error, in: snapshot))
                settled.append((imported, .failed, nil))
            } else if !record.hasContent {
                entries.append(SnapshotEntry(record: record))
                settled.append((imported, .stored, nil))
                if record.kind == .symlink {
                    counted.links += 1
                    counted.count(try change(of: record, in: snapshot) { $0.record.target == record.target })
                }
            } else if let content {
                entries.append(content.entry)
                settled.append((imported, .unchanged, Self.held(content.entry.object, content.size)))
                counted.count(.unchanged)
                counted.bytes += content.size
            } else {
                want(imported)
            }
        }
        count { [counted] in
            $0.files += counted.files
            $0.filesSeen += counted.filesSeen
            $0.filesNew += counted.filesNew
            $0.filesChanged += counted.filesChanged
            $0.filesUnchanged += counted.filesUnchanged
            $0.links += counted.links
            $0.bytes += counted.bytes
        }
        if !entries.isEmpty { try await snapshot.add(entries) }
        link.session.finish(holding: settled)
    }

    /// What the vault has already of a batch, in its order.
    private func known(_ batch: [ImportedRecord], in snapshot: SnapshotWriter) throws -> [KnownContent?] {
        var known = [KnownContent?](repeating: nil, count: batch.count)
        if rereads { return known }
        let indices = batch.indices.filter { index in
            let record = batch[index].record
            return record.error == nil && record.hasContent && record.fingerprint != nil
        }
        let found = try snapshot.known(indices.map { batch[$0].record })
        for (index, content) in zip(indices, found) { known[index] = content }
        return known
    }

    /// What stands for an item that could not be read: what the parent has of it, where it has something.
    private func substitute(
        for record: Record, error: ConnectorError, in snapshot: SnapshotWriter
    ) throws -> SnapshotEntry {
        if record.kind == .file, var previous = try snapshot.previous(record.pathname), previous.object != nil {
            previous.record.error = error
            previous.isCarried = true
            return previous
        }
        var failed = record
        failed.error = error
        failed.hasContent = false
        return SnapshotEntry(record: failed)
    }

    private static func held(_ object: ObjectID?, _ size: Int64?) -> HeldContent? {
        guard let object, let size else { return nil }
        return HeldContent(sha256: object.hex, size: size)
    }

    private func read(_ imported: ImportedRecord, into snapshot: SnapshotWriter) async throws {
        let record = imported.record
        let outcome = try await imported.attempt {
            let object = try await store(imported)
            try await snapshot.add([SnapshotEntry(record: record, object: object.id)])
            return object
        }
        switch outcome {
        case .success(let object):
            let isSame = try rereads && isKnown(record, as: object.id, in: snapshot)
            let change = try isSame ? .unchanged : change(of: record, in: snapshot) { _ in false }
            imported.finish(isSame ? .unchanged : .stored, holding: Self.held(object.id, object.size))
            count {
                $0.count(change)
                $0.bytes += object.size
                $0.bytesRead += object.size
            }
        case .failure(let error):
            note(record.pathname, error)
            count { $0.files += 1 }
            try await snapshot.add([try substitute(for: record, error: error, in: snapshot)])
            imported.finish(.failed)
        }
    }

    /// What a record is against the parent.
    private func change(
        of record: Record, in snapshot: SnapshotWriter, isSame: (SnapshotEntry) -> Bool
    ) throws -> RunProgress.Change {
        // What could not be read before was not there.
        guard let old = try snapshot.previous(record.pathname), old.record.kind == record.kind,
            old.object != nil || !record.hasContent
        else { return .new }
        return isSame(old) ? .unchanged : .changed
    }

    private func isKnown(_ record: Record, as object: ObjectID, in snapshot: SnapshotWriter) throws -> Bool {
        guard let fingerprint = record.fingerprint else { return false }
        return try snapshot.known(record.pathname, fingerprint: fingerprint)?.object == object
    }

    private func store(_ imported: ImportedRecord) async throws -> StoredObject {
        // A local pipe does not change bytes, and the offsets of chunks and the size at the end are checked. Hashing on
        // its other side as well costs a sixth of all the CPU time of a backup.
        let reader = try await imported.open(comparingHashes: false)
        // The session hashes what it receives.
        let object = writer.makeObjectWriter(hashing: false)
        do {
            while let chunk = try await reader.read() { try object.write(chunk) }
            guard let digest = reader.digest, let id = ObjectID(hex: digest.sha256) else {
                throw ConnectorError(.internalDefect, "a content came without its hash")
            }
            return try object.finish(sha256: id)
        } catch {
            object.abort()
            await reader.close()
            throw error
        }
    }

    private func note(_ pathname: Pathname, _ error: ConnectorError) {
        observer.failed(pathname, error)
        count { $0.errors += 1 }
    }

    private func count(_ change: (inout RunProgress) -> Void) {
        let progress = state.withLock { state in
            change(&state)
            return state
        }
        observer.progress(progress)
    }
}
