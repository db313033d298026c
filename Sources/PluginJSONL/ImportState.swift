import ConnectorKit

/// The records of one import, as the connector sees them.
struct ImportState {
    struct Entry {
        var hasContent: Bool
        /// The transfer that is under way.
        var transfer: Int?
        var credit: Int64 = 0
        /// The last transfer ended in an error.
        var hasFailed = false
    }

    let id: Int64
    let window: Int
    private(set) var last: Int64 = 0
    /// Records with an error, and contents that failed for good.
    private(set) var errors: Int64 = 0
    private(set) var unfinished: [Int64: Entry] = [:]
    private var transfers = 0
    private var isListed = false
    /// What stands for an earlier import of which the host has everything, and for this one.
    private let held: String?
    private(set) var fingerprint: String?
    /// The host has all of this import: it has no records.
    private(set) var isUnchanged = false

    typealias Refuse = (Int64, String, ConnectorError.Code) -> ConnectorAction

    init(id: Int64, window: Int, held: String? = nil) {
        self.id = id
        self.window = window
        self.held = held
    }

    /// Takes what stands for all records.
    /// - Returns: whether the host has them.
    mutating func begin(_ fingerprint: String) -> Bool {
        self.fingerprint = fingerprint
        isUnchanged = last == 0 && fingerprint == held
        return isUnchanged
    }

    /// Whether another record may be sent.
    var hasRoom: Bool { unfinished.count < window }

    /// Numbers a record that is being sent.
    mutating func add(hasContent: Bool, hasError: Bool) -> Int64 {
        last += 1
        if hasError { errors += 1 }
        unfinished[last] = Entry(hasContent: hasContent)
        return last
    }

    /// The importer has sent everything.
    mutating func listed() -> [ConnectorAction] {
        isListed = true
        return unfinished.isEmpty ? [.allResults] : []
    }

    mutating func receive(_ message: HostMessage, refuse: Refuse) -> [ConnectorAction] {
        switch message {
        case .open(let record, let credit, let offset, let isHashed):
            return open(record, credit, offset, isHashed, refuse)
        case .credit(let record, let bytes):
            guard let transfer = unfinished[record]?.transfer else { return [] }
            unfinished[record]?.credit += bytes
            return [.creditAdded(transfer: transfer)]
        case .cancelRecord(let record):
            guard let transfer = unfinished[record]?.transfer else { return [] }
            unfinished[record]?.transfer = nil
            let end = ContentEnd(size: nil, sha256: nil, isCancelled: true)
            return [.stopTransfer(transfer), .send(.end(record: record, end))]
        case .result(let record, let status, let content): return finish(record, status, content)
        case .record(let record, _), .end(let record, _):
            return [refuse(record, "this is an import", .protocolViolation)]
        case .chunk(let chunk): return [refuse(chunk.record, "this is an import", .protocolViolation)]
        default: return []
        }
    }

    private mutating func open(
        _ record: Int64, _ credit: Int64, _ offset: Int64, _ isHashed: Bool, _ refuse: Refuse
    ) -> [ConnectorAction] {
        guard let entry = unfinished[record] else {
            return [refuse(record, "there is no such record", .protocolViolation)]
        }
        if !entry.hasContent { return [refuse(record, "the record has no content", .protocolViolation)] }
        if entry.transfer != nil { return [refuse(record, "the record is open", .protocolViolation)] }
        if offset > 0 { return [refuse(record, "content is sent from its start only", .unsupported)] }
        transfers += 1
        unfinished[record]?.transfer = transfers
        unfinished[record]?.credit = credit
        unfinished[record]?.hasFailed = false
        return [.openContent(record: record, transfer: transfers, isHashed: isHashed)]
    }

    private mutating func finish(
        _ record: Int64, _ status: RecordStatus, _ content: HeldContent?
    ) -> [ConnectorAction] {
        guard let entry = unfinished.removeValue(forKey: record) else { return [] }
        if entry.hasFailed { errors += 1 }
        var actions: [ConnectorAction] = []
        if let transfer = entry.transfer { actions.append(.stopTransfer(transfer)) }
        if entry.hasContent { actions.append(.finished(record: record, status, holding: content)) }
        // Messages come in batches, and effects run after each: a burst of results costs one wake-up.
        actions.append(.wakeEmitters)
        if isListed, unfinished.isEmpty { actions.append(.allResults) }
        return actions
    }

    /// What may be sent of a record's content now; nil where the transfer is over.
    func credit(of record: Int64, transfer: Int) -> Int64? {
        guard let entry = unfinished[record], entry.transfer == transfer else { return nil }
        return entry.credit
    }

    /// Takes credit for a chunk.
    /// - Returns: at most `count`; 0 where there is none, nil where the transfer is over.
    mutating func takeCredit(_ record: Int64, transfer: Int, upTo count: Int) -> Int? {
        guard let entry = unfinished[record], entry.transfer == transfer else { return nil }
        let taken = min(Int64(count), entry.credit)
        unfinished[record]?.credit -= taken
        return Int(taken)
    }

    /// The content was read to its end, or could not be.
    mutating func transferEnded(
        _ record: Int64, transfer: Int, _ result: Result<ContentEnd, ConnectorError>
    ) -> [ConnectorAction] {
        guard unfinished[record]?.transfer == transfer else { return [] }
        unfinished[record]?.transfer = nil
        switch result {
        case .success(let end): return [.send(.end(record: record, end))]
        case .failure(let error):
            unfinished[record]?.hasFailed = true
            return [.send(.error(id: nil, record: record, of: nil, error))]
        }
    }
}

extension ConnectorStateMachine {
    /// Lets `body` change the import under way; nil where there is none of that id.
    mutating func withImport<Value>(_ id: Int64, _ body: (inout ImportState) -> Value) -> Value? {
        guard phase != .ended, case .importing(var state) = operation, state.id == id else { return nil }
        operation = .none
        let value = body(&state)
        operation = .importing(state)
        return value
    }
}
