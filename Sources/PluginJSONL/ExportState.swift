import ConnectorKit

/// The records of one export, as the connector sees them.
struct ExportState {
    enum Content: Hashable { case none, coming, complete }
    struct Entry {
        var kind: Record.Kind
        var content: Content
        var isCancelled = false
    }

    let id: Int64
    let window: Int
    var isFinished = false
    private(set) var last: Int64 = 0
    private(set) var unfinished: [Int64: Entry] = [:]
    /// Files by what became of them.
    private(set) var counts: [RecordStatus: Int64] = [:]

    init(id: Int64, window: Int) {
        self.id = id
        self.window = window
    }

    mutating func receive(_ message: HostMessage, refuse: ImportState.Refuse) -> [ConnectorAction] {
        switch message {
        case .record(let number, let record):
            if isFinished { return [refuse(number, "a record after finished", .protocolViolation)] }
            if number != last + 1 { return [refuse(number, "records are numbered 1, 2, 3", .protocolViolation)] }
            if unfinished.count >= window {
                return [refuse(number, "more records than the window holds", .protocolViolation)]
            }
            last = number
            unfinished[number] = Entry(kind: record.kind, content: record.hasContent ? .coming : .none)
            return [.store(record: number, record)]
        case .chunk(let chunk):
            return content(of: chunk.record, refuse) ?? [.chunk(chunk)]
        case .end(let number, let end):
            if let actions = content(of: number, refuse) { return actions }
            unfinished[number]?.content = .complete
            return [.contentEnd(record: number, end)]
        case .cancelRecord(let number):
            guard unfinished[number] != nil else { return [] }
            unfinished[number]?.isCancelled = true
            return [.cancelStore(record: number)]
        case .open(let number, _, _, _): return [refuse(number, "this is an export", .protocolViolation)]
        default: return []
        }
    }

    /// What to do with content for a record that takes none; nil where it does.
    private func content(of number: Int64, _ refuse: ImportState.Refuse) -> [ConnectorAction]? {
        guard let entry = unfinished[number] else {
            // It has its result: the content was under way.
            if number <= last { return [] }
            return [refuse(number, "there is no such record", .protocolViolation)]
        }
        switch entry.content {
        case .coming: return nil
        case .none: return [refuse(number, "the record has no content", .protocolViolation)]
        case .complete: return [refuse(number, "the content has ended", .protocolViolation)]
        }
    }

    /// The exporter is done with a record.
    mutating func stored(_ number: Int64, _ outcome: RecordOutcome) -> [ConnectorAction] {
        guard let entry = unfinished.removeValue(forKey: number) else { return [] }
        var outcome = outcome
        // What was committed before the cancellation arrived stays true.
        if entry.isCancelled, outcome.status == .failed {
            outcome = .failed(ConnectorError(.cancelled, "the host cancelled the record"))
        }
        if entry.kind == .file { counts[outcome.status, default: 0] += 1 }
        return [.send(.result(record: number, outcome))] + (isFinished && unfinished.isEmpty ? [.allOutcomes] : [])
    }
}

extension ConnectorStateMachine {
    /// Lets `body` change the export under way; nil where there is none of that id.
    mutating func withExport<Value>(_ id: Int64, _ body: (inout ExportState) -> Value) -> Value? {
        guard phase != .ended, case .exporting(var state) = operation, state.id == id else { return nil }
        operation = .none
        let value = body(&state)
        operation = .exporting(state)
        return value
    }
}
