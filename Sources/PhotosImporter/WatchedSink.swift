import ConnectorKit
import Synchronization

/// Passes records on, and knows whether there were any.
final class WatchedSink: RecordSink {
    private let sink: any RecordSink
    private let state = Atomic(false)
    private let unchanged = Atomic(false)

    init(_ sink: any RecordSink) { self.sink = sink }

    var isUsed: Bool { state.load(ordering: .relaxed) }

    /// Whether the host has everything already.
    var isUnchanged: Bool { unchanged.load(ordering: .relaxed) }

    func emit(_ record: Record, content: (any ContentSource)?) async throws {
        state.store(true, ordering: .relaxed)
        try await sink.emit(record, content: content)
    }

    func hasAll(of fingerprint: String) async -> Bool {
        let hasAll = await sink.hasAll(of: fingerprint)
        if hasAll { unchanged.store(true, ordering: .relaxed) }
        return hasAll
    }
}
