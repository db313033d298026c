import ConnectorKit
import PluginJSONL
import Synchronization
import Vault

/// What a restore did. Counts are of files.
public struct RestoreSummary: Sendable, Hashable {
    public var stored = 0
    public var unchanged = 0
    public var skipped = 0
    public var failed = 0
    /// Of the files that are there now, whether they were before or not.
    public var bytes: Int64 = 0
    public var counters: [String: Int64] = [:]
    /// Why the destination took no more: no sign-in, no quota, no room.
    public var end: ConnectorError?

    public var files: Int { stored + unchanged + skipped + failed }

    public init() {}

    mutating func count(_ status: RecordStatus, bytes size: Int64) {
        switch status {
        case .stored: stored += 1
        case .unchanged: unchanged += 1
        case .skipped: skipped += 1
        case .failed: failed += 1
        }
        if status == .stored || status == .unchanged { bytes += size }
    }

    var progress: RunProgress {
        var progress = RunProgress()
        progress.files = files
        progress.filesNew = stored
        progress.filesUnchanged = unchanged
        progress.bytes = bytes
        progress.errors = failed + skipped
        return progress
    }
}

/// A part of a snapshot, and how it is called where it goes: what is in the part goes into the destination itself.
public struct RestoreSelection: Sendable {
    public var vault: Vault
    public var snapshot: Snapshot
    public var part: Pathname

    public init(vault: Vault, snapshot: Snapshot, part: Pathname) {
        self.vault = vault
        self.snapshot = snapshot
        self.part = part
    }

    /// Gives every entry and its pathname at the destination. A file that is the part itself goes under its name.
    func visit(_ body: (SnapshotEntry, Pathname) async throws -> Void) async throws {
        try await SnapshotWalk(vault: vault, snapshot: snapshot).visit(part) { entry in
            let pathname = entry.record.pathname
            guard let place = try part.place(of: pathname, kind: entry.record.kind) else { return }
            try await body(entry, place)
        }
    }
}

/// A part of a snapshot goes to a connector.
public final class ExportRestore: Sendable {
    private let selection: RestoreSelection
    private let link: ConnectorLink
    private let observer: any RunObserver
    private let state = Mutex(RestoreSummary())
    /// What failed and may succeed when it is sent again.
    private let again = Mutex<[Pending]>([])

    /// An entry on its way, and its place in the order in which entries are sent.
    private struct Pending {
        var entry: SnapshotEntry
        var place: Pathname
        var sequence: Int
    }

    private static let window = 64
    private static let attempts = 3

    public init(selection: RestoreSelection, link: ConnectorLink, observer: any RunObserver) {
        self.selection = selection
        self.link = link
        self.observer = observer
    }

    /// - Throws: where nothing more can be done: the connector died, the vault cannot be read.
    public func run() async throws -> RestoreSummary {
        for attempt in 1...Self.attempts {
            let isLast = attempt == Self.attempts
            let session = try await link.session.export(window: Self.window)
            let pending = again.withLock { list in
                defer { list = [] }
                return list.sorted { $0.sequence < $1.sequence }
            }
            try await withThrowingDiscardingTaskGroup { group in
                do {
                    if attempt == 1 {
                        var sequence = 0
                        try await selection.visit { entry, place in
                            sequence += 1
                            let next = Pending(entry: entry, place: place, sequence: sequence)
                            try await self.send(next, session: session, group: &group, isLast: isLast)
                        }
                    } else {
                        for next in pending { try await send(next, session: session, group: &group, isLast: isLast) }
                    }
                    // The outcomes of the last batch come only when it knows that it is the last.
                    let summary = try await session.finish()
                    state.withLock { $0.counters = summary.counters }
                } catch {
                    // Else the group would wait for outcomes that may take minutes to come.
                    session.cancel()
                    throw error
                }
            }
            if again.withLock({ $0.isEmpty }) { break }
        }
        return state.withLock { $0 }
    }

    private func send(
        _ pending: Pending, session: ExportSession,
        group: inout ThrowingDiscardingTaskGroup<any Error>, isLast: Bool
    ) async throws {
        let (entry, place) = (pending.entry, pending.place)
        var record = entry.record
        record.pathname = place
        if record.kind == .file {
            guard let object = entry.object else {
                let error = record.error ?? ConnectorError(.notFound, "the snapshot holds no content for it")
                return settle(pending, .failed(error), isLast: true)
            }
            record.sha256 = object.hex
            record.hasContent = true
        }
        record.error = nil
        let exported = try await session.begin(record)
        group.addTask { [self, record] in
            var content: (any ContentReader)?
            if record.kind == .file, let object = entry.object {
                do {
                    content = try selection.vault.object(object)
                } catch {
                    // A content that the vault has lost: the connector is told by a content that fails.
                    content = LostContent(error: ConnectorError(wrapping: error))
                }
            }
            let outcome = await exported.outcome(content: content)
            await content?.close()
            settle(pending, outcome, isLast: isLast)
        }
    }

    private func settle(_ pending: Pending, _ outcome: RecordOutcome, isLast: Bool) {
        let entry = pending.entry
        guard entry.record.kind == .file else { return }
        if outcome.status == .failed, outcome.error?.isRetryable == true, !isLast {
            again.withLock { $0.append(pending) }
            return
        }
        let progress = state.withLock { state in
            state.count(outcome.status, bytes: entry.record.size ?? 0)
            if let error = outcome.error, [.auth, .quota].contains(error.code) { state.end = state.end ?? error }
            return state.progress
        }
        if let error = outcome.error { observer.failed(entry.record.pathname, error) }
        observer.progress(progress)
    }
}

/// A content that cannot be read.
private struct LostContent: ContentReader {
    let error: ConnectorError

    func read() async throws -> [UInt8]? { throw error }
    func close() async {}
}
