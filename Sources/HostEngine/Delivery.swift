import ConnectorKit
import PluginJSONL
import Synchronization

/// What was brought to a destination. Counts are of files.
public struct DeliverySummary: Sendable, Hashable {
    public var stored = 0
    public var unchanged = 0
    public var skipped = 0
    public var failed = 0
    /// What the destination was not asked to take any more, or refused for the reason that is ``end``.
    public var left = 0
    /// Of the files that are there now, whether they were before or not.
    public var bytes: Int64 = 0
    /// Of those that were not there before.
    public var bytesStored: Int64 = 0
    public var bytesLeft: Int64 = 0
    /// What the connector asked of its service, and what it says beside its results, by name.
    public var counters: [String: Int64] = [:]
    /// Why the destination took no more: no sign-in, no quota, no room, another run.
    public var end: ConnectorError?

    public var files: Int { stored + unchanged + skipped + failed + left }

    public init() {}

    mutating func count(_ status: RecordStatus, bytes size: Int64) {
        switch status {
        case .stored: stored += 1
        case .unchanged: unchanged += 1
        case .skipped: skipped += 1
        case .failed: failed += 1
        }
        if status == .stored { bytesStored += size }
        if status == .stored || status == .unchanged { bytes += size }
    }

    var progress: RunProgress {
        var progress = RunProgress()
        progress.files = files - left
        progress.filesNew = stored
        progress.filesUnchanged = unchanged
        progress.bytes = bytes
        progress.bytesRead = bytesStored
        progress.errors = failed + skipped
        return progress
    }
}

/// Something on its way to a destination.
struct Parcel: Sendable {
    /// As the destination gets it.
    var record: Record
    /// As the person knows it.
    var origin: Pathname
    /// How its content is had; nil where it has none.
    var open: (@Sendable () throws -> any ContentReader)?
    /// Whether what follows is understood by it, so that nothing else is sent before its outcome is there. It counts for
    /// nothing by itself.
    var comesFirst = false
    /// Why it could not be read, where it could not.
    var failure: ConnectorError?
}

/// Brings records to a connector in their order; again, twice at most, what failed and may succeed then.
final class Delivery: Sendable {
    private let link: ConnectorLink
    private let observer: any RunObserver
    private let state = Mutex(DeliverySummary())
    /// What failed and may succeed when it is sent again.
    private let again = Mutex<[Pending]>([])
    /// What comes first in every attempt.
    private let first = Mutex<[Parcel]>([])

    /// A parcel, and its place in the order in which they are sent.
    private struct Pending {
        var parcel: Parcel
        var sequence: Int
    }

    private static let window = 64
    private static let attempts = 3

    init(link: ConnectorLink, observer: any RunObserver) {
        self.link = link
        self.observer = observer
    }

    /// - Parameter feed: hands everything over, in its order.
    /// - Throws: where nothing more can be done: the connector died, or what `feed` throws.
    func run(_ feed: ((Parcel) async throws -> Void) async throws -> Void) async throws -> DeliverySummary {
        for attempt in 1...Self.attempts {
            let isLast = attempt == Self.attempts
            let session = try await link.session.export(window: Self.window)
            let pending = takeAgain()
            try await withThrowingDiscardingTaskGroup { group in
                do {
                    if attempt == 1 {
                        var sequence = 0
                        try await feed { parcel in
                            sequence += 1
                            let next = Pending(parcel: parcel, sequence: sequence)
                            try await self.send(next, session: session, group: &group, isLast: isLast)
                        }
                    } else {
                        for parcel in first.withLock({ $0 }) {
                            let next = Pending(parcel: parcel, sequence: 0)
                            try await send(next, session: session, group: &group, isLast: true)
                        }
                        for next in pending { try await send(next, session: session, group: &group, isLast: isLast) }
                    }
                    // The outcomes of the last batch come only when it knows that it is the last.
                    try await finish(session)
                } catch {
                    // Else the group would wait for outcomes that may take minutes to come.
                    session.cancel()
                    throw explained(error)
                }
            }
            if isOver || again.withLock({ $0.isEmpty }) { break }
        }
        for pending in takeAgain() { leave(pending) }
        return state.withLock { $0 }
    }

    /// Every record has its outcome by now: what fails after that ends the run, and is no reason to forget them.
    private func finish(_ session: ExportSession) async throws {
        do {
            let summary = try await session.finish()
            state.withLock { $0.counters = summary.counters }
        } catch let error as ConnectorError where error.code != .cancelled {
            session.cancel()
            let reason = ConnectorError(wrapping: explained(error))
            state.withLock { $0.end = $0.end ?? reason }
        }
    }

    /// Where an export ends before anything came of it, what is not available is the right to write: another run has it,
    /// and is done some time.
    private func explained(_ error: any Error) -> any Error {
        guard var known = error as? ConnectorError, known.code == .unavailable, known.isRetryable,
            state.withLock({ $0.stored + $0.unchanged + $0.left == 0 })
        else { return error }
        known.code = .rateLimited
        return known
    }

    /// What could not be read, as the destination hears of it: else it would take it for gone.
    func lost(_ origin: Pathname, at place: Pathname, _ error: ConnectorError) -> Parcel {
        let told = ConnectorError(.notFound, error.message)
        let record = Record(
            pathname: place, kind: .file, permissions: 0o600, modificationTime: .epoch, error: told)
        return Parcel(record: record, origin: origin, failure: error)
    }

    private var isOver: Bool { state.withLock { $0.end != nil } }

    private func takeAgain() -> [Pending] {
        again.withLock { list in
            defer { list = [] }
            return list.sorted { $0.sequence < $1.sequence }
        }
    }

    private func send(
        _ pending: Pending, session: ExportSession, group: inout ThrowingDiscardingTaskGroup<any Error>, isLast: Bool
    ) async throws {
        if isOver { return leave(pending) }
        let parcel = pending.parcel
        let exported: ExportedRecord
        do {
            exported = try await session.begin(parcel.record)
        } catch let error as ConnectorError where error.code == .tooLarge {
            return settle(pending, .failed(error), isLast: true)
        }
        if let failure = parcel.failure {
            group.addTask { [self] in
                _ = await exported.outcome(content: nil)
                count(parcel.origin, .failed(failure), bytes: 0)
            }
            return
        }
        if parcel.comesFirst {
            if pending.sequence > 0 { first.withLock { $0.append(parcel) } }
            settle(pending, await Self.outcome(of: exported, parcel), isLast: true)
            return
        }
        group.addTask { [self] in
            settle(pending, await Self.outcome(of: exported, parcel), isLast: isLast)
        }
    }

    private static func outcome(of exported: ExportedRecord, _ parcel: Parcel) async -> RecordOutcome {
        var content: (any ContentReader)?
        do {
            content = try parcel.open?()
        } catch {
            // The connector is told by a content that fails.
            content = LostContent(error: ConnectorError(wrapping: error))
        }
        let outcome = await exported.outcome(content: content)
        await content?.close()
        return outcome
    }

    private func settle(_ pending: Pending, _ outcome: RecordOutcome, isLast: Bool) {
        let record = pending.parcel.record
        if outcome.error == nil, record.kind == .directory || pending.parcel.comesFirst { return }
        if outcome.status == .failed, let error = outcome.error {
            if Self.endsTheRun(error) || (isLast && error.code == .rateLimited) {
                state.withLock { $0.end = $0.end ?? error }
                return leave(pending)
            }
            if error.isRetryable, !isLast { return again.withLock { $0.append(pending) } }
        }
        count(pending.parcel.origin, outcome, bytes: record.size ?? 0)
    }

    /// Whether everything else would fail in the same way: no sign-in, no quota, no room.
    private static func endsTheRun(_ error: ConnectorError) -> Bool { [.auth, .quota].contains(error.code) }

    private func count(_ origin: Pathname, _ outcome: RecordOutcome, bytes: Int64) {
        let progress = state.withLock { state in
            state.count(outcome.status, bytes: bytes)
            return state.progress
        }
        if let error = outcome.error {
            outcome.status == .skipped ? observer.skipped(origin, error) : observer.failed(origin, error)
        } else {
            observer.settled(origin, outcome.status)
        }
        observer.progress(progress)
    }

    private func leave(_ pending: Pending) {
        let record = pending.parcel.record
        if record.kind == .directory || pending.parcel.comesFirst { return }
        state.withLock { state in
            state.left += 1
            state.bytesLeft += record.size ?? 0
        }
    }
}

/// A content that cannot be read.
private struct LostContent: ContentReader {
    let error: ConnectorError

    func read() async throws -> [UInt8]? { throw error }
    func close() async {}
}
