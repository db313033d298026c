import ConnectorKit

/// The records of one import, as the host sees them.
struct HostImportState {
    enum Transfer: Hashable { case closed, open, cancelling }

    let window: Int
    private(set) var last: Int64 = 0
    private var unfinished: [Int64: Transfer] = [:]

    init(window: Int) { self.window = window }

    private static func fault(_ reason: String) -> Result<[HostAction], ConnectorError> {
        .failure(ConnectorError(.protocolViolation, reason))
    }

    mutating func receive(_ message: ConnectorMessage) -> Result<[HostAction], ConnectorError> {
        switch message {
        case .record(let number, let record):
            if number != last + 1 { return Self.fault("record \(number) after record \(last)") }
            if unfinished.count >= window { return Self.fault("more records than the window holds") }
            last = number
            unfinished[number] = .closed
            return .success([.deliver(number: number, record)])
        case .chunk(let chunk):
            if chunk.record > last { return Self.fault("content of an unknown record") }
            switch unfinished[chunk.record] {
            case .open: return .success([.chunk(chunk)])
            case .closed: return Self.fault("content that nobody opened")
            case .cancelling, nil: return .success([])  // Under way when it was cancelled or finished.
            }
        case .end(let number, let end):
            if number > last { return Self.fault("the end of an unknown record") }
            return .success(contentEnded(number) ? [.contentEnd(record: number, end)] : [])
        case .ready, .credit, .result: return Self.fault("a message of an export")
        default: return .success([])
        }
    }

    /// A transfer is over; false where there was none.
    mutating func contentEnded(_ number: Int64) -> Bool {
        guard let transfer = unfinished[number], transfer != .closed else { return false }
        unfinished[number] = .closed
        return true
    }

    func transfer(of number: Int64) -> Transfer? { unfinished[number] }

    mutating func open(_ number: Int64) { unfinished[number] = .open }

    /// False where there is nothing to cancel.
    mutating func cancel(_ number: Int64) -> Bool {
        guard unfinished[number] == .open else { return false }
        unfinished[number] = .cancelling
        return true
    }

    /// False where the record had its result.
    mutating func finish(_ number: Int64) -> Bool { unfinished.removeValue(forKey: number) != nil }
}

/// The records of one export, as the host sees them.
struct HostExportState {
    let id: Int64
    let window: Int
    private var startCredit: Int64?
    private var last: Int64 = 0
    /// Credit by record.
    private var unfinished: [Int64: Int64] = [:]

    init(id: Int64, window: Int) {
        self.id = id
        self.window = window
    }

    mutating func receive(_ message: ConnectorMessage) -> Result<[HostAction], ConnectorError> {
        switch message {
        case .ready(let id, let credit):
            guard id == self.id, startCredit == nil else {
                return .failure(ConnectorError(.protocolViolation, "a second ready"))
            }
            startCredit = credit
            return .success([.ready(credit: credit)])
        case .credit(let number, let bytes):
            guard unfinished[number] != nil else { return .success([]) }
            unfinished[number]? += bytes
            return .success([.creditAdded(record: number)])
        case .result(let number, let outcome):
            if finish(number) { return .success([.outcome(record: number, outcome)]) }
            if number <= last { return .success([]) }
            return .failure(ConnectorError(.protocolViolation, "a result of no record"))
        case .record, .chunk, .end:
            return .failure(ConnectorError(.protocolViolation, "a message of an import"))
        default: return .success([])
        }
    }

    /// The number of the next record; nil while the window is full.
    mutating func begin() -> Int64? {
        guard let startCredit, unfinished.count < window else { return nil }
        last += 1
        unfinished[last] = startCredit
        return last
    }

    /// False where the record had its result.
    mutating func finish(_ number: Int64) -> Bool { unfinished.removeValue(forKey: number) != nil }

    /// What may be sent of a record's content now; nil where it has its result.
    func credit(of number: Int64) -> Int64? { unfinished[number] }

    func isUnfinished(_ number: Int64) -> Bool { unfinished[number] != nil }

    /// At most `count`; 0 where there is none, nil where the record has its result.
    mutating func takeCredit(_ number: Int64, upTo count: Int) -> Int? {
        guard let credit = unfinished[number] else { return nil }
        let taken = min(Int64(count), credit)
        unfinished[number] = credit - taken
        return Int(taken)
    }
}
