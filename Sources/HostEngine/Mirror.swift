import ConnectorKit
import PluginJSONL
import Synchronization
import Vault

/// A plain folder that is kept as a source is.
///
/// What the folder has already is not read again. What a person changed in it is left and said; what the source has no
/// more stays unless it is asked for, and then only what the mirror itself wrote is removed.
public final class Mirror: Sendable {
    public struct Summary: Sendable {
        public var progress: RunProgress
        /// Files that the source has no more and that are still here.
        public var gone: Int
        public var removed: Int
        /// Whether nothing was removed since that would have been too much.
        public var isRemovalRefused: Bool
        /// What the connector asked of its service, by name.
        public var counters: [String: Int64]
    }

    /// What becomes of files that the source has no more.
    public enum Removal: Sendable, Hashable {
        case never
        /// Up to a tenth of what the mirror wrote.
        case cautious
        case always
    }

    /// A record whose content, or whose file, is to be read.
    private struct Wanted {
        var imported: ImportedRecord
        var place: Pathname
        var step: MirrorStep
    }

    private let link: ConnectorLink
    private let folder: MirrorFolder
    private let survey: MirrorSurvey
    private let batch: MirrorBatch
    private let transfers: Int
    private let rereads: Bool
    private let tally: Tally

    /// What is counted and told, shared with the batch.
    private final class Tally: Sendable {
        let observer: any RunObserver
        private let state = Mutex(RunProgress())

        init(_ observer: any RunObserver) { self.observer = observer }

        var progress: RunProgress { state.withLock { $0 } }

        func count(_ change: (inout RunProgress) -> Void) {
            let progress = state.withLock { state in
                change(&state)
                return state
            }
            observer.progress(progress)
        }

        func fail(_ place: Pathname, _ error: ConnectorError) {
            observer.failed(place, error)
            count { $0.errors += 1 }
        }
    }

    /// Takes the folder, which one process at a time has.
    /// - Parameters:
    ///   - folder: an absolute path; made where it is not there.
    ///   - filters: what the source is narrowed by, in words: a mirror of another part is another mirror.
    ///   - transfers: contents that are read at a time.
    ///   - rereads: whether to read also what has not changed. A file with the same content is left as it is.
    ///   - observer: paths that it is told are those below the folder.
    ///   - warn: told where the mirror's index was damaged, and is begun anew.
    /// - Throws: ``VaultError``: `inUse`; `notAVault` where it is a mirror of something else; `cannotWrite`, `damaged`.
    public init(
        link: ConnectorLink, folder path: String, filters: String = "", transfers: Int, rereads: Bool = false,
        runtime: Runtime, observer: any RunObserver, warn: (String) -> Void = { _ in }
    ) throws {
        self.link = link
        self.transfers = transfers
        self.rereads = rereads
        let tally = Tally(observer)
        self.tally = tally
        let folder = try MirrorFolder(path, source: link.identity.mirrored(filters), now: runtime.now(), warn: warn)
        self.folder = folder
        survey = try MirrorSurvey(index: folder.index)
        batch = MirrorBatch(folder: folder, runtime: runtime) { file, error in
            tally.count { if file.isChange { $0.filesChanged -= 1 } else { $0.filesNew -= 1 } }
            tally.fail(file.entry.place, error)
        }
    }

    /// - Parameter removing: told what is about to be removed, or would be and is too much.
    /// - Throws: where nothing came of it: the listing failed, the folder cannot be written, the sign-in or the quota
    ///   ended. Nothing is removed then; what was read by then is kept.
    public func run(
        _ removal: Removal, removing: @Sendable (MirrorRemoval) throws -> Void
    ) async throws -> Summary {
        defer { folder.close() }
        let imported: ImportSummary
        do {
            imported = try await link.transfer(state: try folder.index.property("state"), parallel: transfers) {
                [self] batch, want in
                try await sort(batch, want: want)
            } read: { [self] wanted in
                try await read(wanted)
            }
        } catch {
            // Whatever is wrong with the disk, the caller is told already that something is.
            try? await batch.flush()
            throw error
        }
        try await batch.flush()
        try folder.index.setProperty("state", imported.state)
        let gone = try MirrorRemoval(survey, index: folder.index)
        var summary = Summary(
            progress: RunProgress(), gone: gone.files.count, removed: 0, isRemovalRefused: false,
            counters: imported.counters)
        if removal != .never {
            if !gone.files.isEmpty { try removing(gone) }
            summary.isRemovalRefused = removal == .cautious && gone.isLarge
            if !summary.isRemovalRefused {
                summary.removed = try folder.remove(survey) { tally.fail($0, $1) }
                summary.gone = 0
            }
        }
        try setTimes()
        try folder.finish()
        summary.progress = tally.progress
        return summary
    }

    /// Last, since writing into a directory changes its time.
    private func setTimes() throws {
        for (place, time) in survey.directories where !place.isRoot {
            guard let directory = try? folder.folder.directory(place) else { continue }
            if try directory.status(of: ".")?.modificationTime.isSame(as: time) == false {
                directory.setTime(time, of: ".")
            }
        }
    }

    // MARK: - The listing

    /// Takes in what needs no reading, and passes the rest on.
    private func sort(_ batch: [ImportedRecord], want: (Wanted) -> Void) async throws {
        var settled: [(ImportedRecord, RecordStatus, HeldContent?)] = []
        var recognised: [MirrorEntry] = []
        var files: [(ImportedRecord, Pathname)] = []
        var directories: [(ImportedRecord, Pathname)] = []
        for imported in batch {
            let record = imported.record
            guard let place = try link.identity.root.place(of: record.pathname, kind: record.kind) else {
                settled.append((imported, .skipped, nil))
                continue
            }
            if record.kind == .directory {
                directories.append((imported, place))
            } else {
                files.append((imported, place))
            }
        }
        let seen = files.count
        tally.count { $0.filesSeen += seen }
        settled += try makeDirectories(directories).map { ($0, $1, nil) }
        let rows = try folder.index.rows(at: files.map { $0.1 })
        for (imported, place) in files {
            let record = imported.record
            let row = rows[place]
            if let row { survey.see(row) }
            do {
                try Self.check(record, at: place)
                let found = try folder.folder.status(of: place)
                var step = MirrorStep.next(for: record, known: row?.entry, found: found)
                if rereads, step == .unchanged, record.kind == .file, let found { step = .refresh(found) }
                switch step {
                case .unchanged:
                    settle(unchanged: record, size: row?.entry.size)
                    settled.append((imported, .unchanged, row?.entry.held))
                case .recognise(let found):
                    recognised.append(
                        MirrorEntry(
                            place: place, standing: .recognised, fingerprint: record.fingerprint,
                            target: record.target, status: found))
                    settle(unchanged: record, size: found.size)
                    settled.append((imported, .unchanged, nil))
                case .refuse(let error): throw error
                case .write, .reread, .compare, .refresh:
                    if record.kind == .symlink {
                        try await write(record, at: place, replacing: found)
                        settled.append((imported, .stored, nil))
                    } else {
                        want(Wanted(imported: imported, place: place, step: step))
                    }
                }
            } catch let error as ConnectorError {
                fail(place, error)
                settled.append((imported, .failed, nil))
            }
        }
        try folder.index.put(recognised)
        link.session.finish(holding: settled)
    }

    private func makeDirectories(
        _ directories: [(ImportedRecord, Pathname)]
    ) throws -> [(ImportedRecord, RecordStatus)] {
        var settled: [(ImportedRecord, RecordStatus)] = []
        var wanted: [(ImportedRecord, Pathname)] = []
        func fail(_ imported: ImportedRecord, _ place: Pathname, _ error: ConnectorError) {
            tally.fail(place, error)
            survey.fail(directory: place)
            settled.append((imported, .failed))
        }
        for (imported, place) in directories {
            do {
                try Self.check(imported.record, at: place)
                survey.see(directory: place, time: imported.record.modificationTime)
                if try folder.folder.directory(place) == nil {
                    wanted.append((imported, place))
                } else {
                    settled.append((imported, .stored))
                }
            } catch let error as ConnectorError {
                fail(imported, place, error)
            }
        }
        // Noted before they are made: killed in between, the next run makes them, and they are still its own.
        try folder.index.addDirectories(wanted.map { $0.1 })
        for (imported, place) in wanted {
            do {
                _ = try folder.folder.makeDirectory(place)
                settled.append((imported, .stored))
            } catch let error as ConnectorError {
                fail(imported, place, error)
            }
        }
        return settled
    }

    /// What cannot be in a mirror, whatever is there.
    private static func check(_ record: Record, at place: Pathname) throws {
        if let error = record.error { throw error }
        if place.parts.contains(where: { $0.hasPrefix(MirrorIndex.reserved) }) {
            throw ConnectorError(
                .rejected, "the mirror keeps the names that begin with \(MirrorIndex.reserved) for itself")
        }
        switch record.kind {
        case .directory: break
        case .file:
            if !record.hasContent { throw ConnectorError(.notFound, "the source has no content for it") }
        case .symlink:
            guard let target = record.target, place.leadsInside(target) else {
                throw ConnectorError(.rejected, "a link that leads out of the mirror")
            }
        }
    }

    private func settle(unchanged record: Record, size: Int64?) {
        tally.count {
            $0.count(.unchanged)
            if record.kind == .symlink { $0.links += 1 }
            $0.bytes += record.kind == .file ? size ?? 0 : 0
        }
    }

    private func fail(_ place: Pathname, _ error: ConnectorError) {
        tally.count { $0.files += 1 }
        tally.fail(place, error)
    }

    // MARK: - Files

    private func read(_ wanted: Wanted) async throws {
        let (imported, place) = (wanted.imported, wanted.place)
        let outcome = try await imported.attempt { try await carryOut(wanted.step, imported, at: place) }
        switch outcome {
        case .success(let (status, held)): imported.finish(status, holding: held)
        case .failure(let error):
            fail(place, error)
            imported.finish(.failed)
        }
    }

    private func carryOut(
        _ step: MirrorStep, _ imported: ImportedRecord, at place: Pathname
    ) async throws -> (RecordStatus, HeldContent?) {
        let record = imported.record
        let directory = try folder.folder.makeDirectory(place.parent ?? .root)
        if case .reread(var known, _) = step {
            guard directory.sha256(of: place.name) == known.sha256 else { throw MirrorStep.changed }
            directory.setTime(known.modificationTime, of: place.name)
            guard let found = try directory.status(of: place.name) else { throw MirrorStep.changed }
            (known.size, known.modificationTime) = (found.size, found.modificationTime)
            try folder.index.put([known])
            if record.fingerprint != nil, record.fingerprint == known.fingerprint {
                settle(unchanged: record, size: found.size)
                return (.unchanged, known.held)
            }
        }
        let temporary = try TemporaryOutput(in: directory, prefix: MirrorFolder.temporaryPrefix, mode: 0o666)
        let sha256 = try await copy(imported, to: temporary)
        if case .compare(let found) = step {
            return (try compare(record, at: place, in: directory, found: found, sha256: sha256), nil)
        }
        if case .refresh(let found) = step, directory.sha256(of: place.name) == sha256 {
            settle(unchanged: record, size: found.size)
            return (.unchanged, HeldContent(sha256: sha256, size: found.size))
        }
        let status = try temporary.finish(time: record.modificationTime)
        let entry = MirrorEntry(
            place: place, standing: .written, fingerprint: record.fingerprint, status: status, sha256: sha256)
        temporary.keep()
        let isChange = step != .write(replacing: nil)
        try await batch.add(PendingFile(temporary: temporary.name, entry: entry, isChange: isChange))
        tally.count {
            $0.count(isChange ? .changed : .new)
            $0.bytes += entry.size
            $0.bytesRead += entry.size
        }
        return (.stored, entry.held)
    }

    /// - Returns: the hash of the content.
    private func copy(_ imported: ImportedRecord, to temporary: TemporaryOutput) async throws -> String {
        // A local pipe does not change bytes; offsets and size are checked, and what arrives is hashed here.
        let reader = try await imported.open(comparingHashes: false)
        do {
            while let chunk = try await reader.read() { try temporary.write(chunk) }
        } catch {
            await reader.close()
            throw error
        }
        guard let digest = reader.digest else {
            throw ConnectorError(.internalDefect, "a content came without its hash")
        }
        return digest.sha256
    }

    /// What was there before the mirror knew it, against the content of the source.
    private func compare(
        _ record: Record, at place: Pathname, in directory: LocalDirectory, found: FileStatus, sha256: String
    ) throws -> RecordStatus {
        var entry = MirrorEntry(
            place: place, standing: .refused, fingerprint: record.fingerprint, status: found, sha256: nil)
        guard directory.sha256(of: place.name) == sha256 else {
            try folder.index.put([entry])
            throw MirrorStep.taken
        }
        directory.setTime(record.modificationTime, of: place.name)
        if let found = try directory.status(of: place.name) {
            entry = MirrorEntry(
                place: place, standing: .recognised, fingerprint: record.fingerprint, status: found, sha256: sha256)
            try folder.index.put([entry])
        }
        settle(unchanged: record, size: found.size)
        return .unchanged
    }

    private func write(_ record: Record, at place: Pathname, replacing found: FileStatus?) async throws {
        let directory = try folder.folder.makeDirectory(place.parent ?? .root)
        let temporary = TemporaryOutput.makeName(MirrorFolder.temporaryPrefix)
        try directory.makeLink(temporary, to: record.target ?? "")
        guard let status = try directory.status(of: temporary) else { throw MirrorStep.changed }
        let entry = MirrorEntry(
            place: place, standing: .written, fingerprint: record.fingerprint, target: record.target, status: status)
        try await batch.add(PendingFile(temporary: temporary, entry: entry, isChange: found != nil))
        tally.count {
            $0.count(found == nil ? .new : .changed)
            $0.links += 1
        }
    }
}

extension ConnectorIdentity {
    /// What a mirror is a mirror of.
    func mirrored(_ filters: String) -> String { "\(origin):\(root)" + (filters.isEmpty ? "" : " " + filters) }
}
