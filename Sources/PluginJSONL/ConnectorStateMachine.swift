import ConnectorKit
import StrictJSON

/// What the session has to do after something happened.
enum ConnectorAction: Hashable {
    case send(ConnectorMessage)
    case setUp(id: Int64, config: [String: String], options: ConnectorOptions)
    case describe(id: Int64)
    case ping(id: Int64)
    case beginImport(id: Int64, state: String?)
    /// There is room for a record, or none will ever be needed.
    case wakeEmitters
    case openContent(record: Int64, transfer: Int, isHashed: Bool = true)
    case creditAdded(transfer: Int)
    case stopTransfer(Int)
    case finished(record: Int64, RecordStatus, holding: HeldContent? = nil)
    /// Everything is listed and has its result.
    case allResults
    case beginExport(id: Int64)
    case store(record: Int64, Record)
    case chunk(Chunk)
    case contentEnd(record: Int64, ContentEnd)
    case cancelStore(record: Int64)
    case finishStoring
    /// No more records come and each has its result.
    case allOutcomes
    case cancelOperation
    case end(SessionEnding)
}

/// Why a connector's session ends.
enum SessionEnding: Hashable {
    case closed(id: Int64)
    case inputEnded
    case outputClosed
    case signalled(Int32)
    /// The messages themselves are wrong; the error was sent.
    case violation
}

/// The connector's half of the protocol: messages in, actions out, nothing else.
///
/// It knows what is in place and what is not; the session does what it says.
struct ConnectorStateMachine {
    enum Phase: Hashable { case awaitingHello, idle, settingUp, ready, ended }
    enum Operation {
        case none
        case importing(ImportState)
        case exporting(ExportState)
    }

    let hello: ConnectorHello
    let role: ConnectorRole
    /// What each record of an export starts with.
    let exportCredit: Int64
    private(set) var phase = Phase.awaitingHello
    private(set) var peer: HostHello?
    var operation = Operation.none
    /// Requests without an answer.
    private(set) var pending: Set<Int64> = []
    private var usedIDs: Set<Int64> = []
    /// Requests that came while `init` was under way.
    private var deferred: [HostMessage] = []
    /// The export that was answered while its host was still sending: what is under way of it is passed over.
    private var brokenExport: Int64?

    init(hello: ConnectorHello, role: ConnectorRole, exportCredit: Int64) {
        self.hello = hello
        self.role = role
        self.exportCredit = exportCredit
    }

    /// Both sides announced raw frames.
    var usesRawFrames: Bool { announced(Wire.rawChunks) }
    var sendsConfigUpdates: Bool { announced(Wire.configUpdate) }
    var peerMaxLine: Int { peer?.maxLine ?? Wire.defaultMaxLine }

    var largestChunk: Int { Wire.largestChunk(raw: usesRawFrames, maxLine: peerMaxLine) }

    private func announced(_ capability: String) -> Bool {
        hello.capabilities.contains(capability) && peer?.capabilities.contains(capability) == true
    }

    mutating func receive(_ message: HostMessage) -> [ConnectorAction] {
        switch message {
        case .hello(let hello): greet(hello)
        case .spec(let id), .initialize(let id, _, _), .ping(let id), .importRecords(let id, _, _, _),
            .export(let id, _), .close(let id):
            request(message, id: id)
        case .unknown(let type, let id): [.send(refusal(id: id, of: type, .unsupported, "unknown type \(type)"))]
        case .finished(let id): finishExport(id: id)
        case .cancelRequest(let id): cancelRequest(id: id)
        default: record(message)
        }
    }

    private mutating func greet(_ host: HostHello) -> [ConnectorAction] {
        guard phase == .awaitingHello else { return violate(ConnectorError(.protocolViolation, "a second hello")) }
        guard host.protocolName == Wire.name, host.versions.contains(Wire.version) else {
            return violate(ConnectorError(.version, "this connector speaks \(Wire.name) version \(Wire.version) only"))
        }
        peer = host
        phase = .idle
        return [.send(.hello(hello))]
    }

    /// The input is no message, or the session cannot go on with it.
    mutating func violate(_ error: ConnectorError) -> [ConnectorAction] {
        if phase == .ended { return [] }
        return [.send(.error(id: nil, record: nil, of: nil, error))] + end(.violation)
    }

    mutating func end(_ ending: SessionEnding) -> [ConnectorAction] {
        if phase == .ended { return [] }
        phase = .ended
        return [.end(ending)]
    }

    // MARK: Requests

    private mutating func request(_ message: HostMessage, id: Int64) -> [ConnectorAction] {
        func refuse(_ reason: String, _ code: ConnectorError.Code = .protocolViolation) -> [ConnectorAction] {
            [.send(refusal(id: id, code, reason))]
        }
        if phase == .ended { return [] }
        guard usedIDs.insert(id).inserted else { return refuse("the id \(id) was used before") }
        if phase == .awaitingHello { return refuse("a request before hello") }
        pending.insert(id)
        let actions = dispatch(message)
        if case .send(.error)? = actions.first { pending.remove(id) }
        return actions
    }

    private mutating func dispatch(_ message: HostMessage) -> [ConnectorAction] {
        func refuse(_ id: Int64, _ reason: String, _ code: ConnectorError.Code = .protocolViolation)
            -> [ConnectorAction]
        {
            [.send(refusal(id: id, code, reason))]
        }
        switch (message, phase) {
        case (.spec(let id), _): return [.describe(id: id)]
        case (.close(let id), _): return end(.closed(id: id))
        case (.initialize(let id, let config, let options), .idle):
            phase = .settingUp
            return [.setUp(id: id, config: config, options: options)]
        case (.initialize(let id, _, _), _): return refuse(id, "a second init")
        case (.ping, .settingUp), (.importRecords, .settingUp), (.export, .settingUp):
            deferred.append(message)
            return []
        case (.ping(let id), .ready): return [.ping(id: id)]
        case (.importRecords(let id, let window, let state, let fingerprint), .ready):
            if role != .importer { return refuse(id, "this connector does not import", .unsupported) }
            guard case .none = operation else { return refuse(id, "something else is under way") }
            operation = .importing(ImportState(id: id, window: Int(window), held: fingerprint))
            return [.beginImport(id: id, state: state)]
        case (.export(let id, let window), .ready):
            if role != .exporter { return refuse(id, "this connector does not export", .unsupported) }
            guard case .none = operation else { return refuse(id, "something else is under way") }
            operation = .exporting(ExportState(id: id, window: Int(window)))
            brokenExport = nil
            return [.beginExport(id: id), .send(.ready(id: id, credit: exportCredit))]
        case (.ping(let id), _), (.importRecords(let id, _, _, _), _), (.export(let id, _), _):
            return refuse(id, "a request before init")
        default: return []
        }
    }

    private func refusal(
        id: Int64? = nil, record: Int64? = nil, of type: String? = nil, _ code: ConnectorError.Code, _ reason: String
    ) -> ConnectorMessage {
        .error(id: id, record: record, of: type, ConnectorError(code, reason))
    }

    func refusal(
        record: Int64, _ reason: String, _ code: ConnectorError.Code = .protocolViolation
    ) -> ConnectorAction {
        .send(refusal(record: record, code, reason))
    }

    /// `init` is done; what came meanwhile has its turn.
    mutating func setUpEnded(id: Int64, _ result: Result<JSONObject, ConnectorError>) -> [ConnectorAction] {
        var actions = answer(id: id, result)
        if phase == .settingUp {
            if case .success = result { phase = .ready } else { phase = .idle }
        }
        let waiting = deferred
        deferred = []
        // The end of the session answers those that came too late.
        if phase == .ended { return actions }
        for message in waiting {
            let more = dispatch(message)
            if case .send(.error(let id?, _, _, _))? = more.first { pending.remove(id) }
            actions += more
        }
        return actions
    }

    /// Answers a request, once.
    mutating func answer(id: Int64, _ result: Result<JSONObject, ConnectorError>) -> [ConnectorAction] {
        guard pending.remove(id) != nil else { return [] }
        switch operation {
        case .importing(let state) where state.id == id: operation = .none
        case .exporting(let state) where state.id == id:
            operation = .none
            if !state.isFinished { brokenExport = id }
        default: break
        }
        switch result {
        case .success(let fields): return [.send(.ok(id: id, fields))]
        case .failure(let error): return [.send(.error(id: id, record: nil, of: nil, error))]
        }
    }

    private mutating func cancelRequest(id: Int64) -> [ConnectorAction] {
        switch operation {
        case .importing(let state) where state.id == id: [.cancelOperation]
        case .exporting(let state) where state.id == id: [.cancelOperation]
        default: []  // It was answered while this message was under way.
        }
    }

    // MARK: Records

    private mutating func record(_ message: HostMessage) -> [ConnectorAction] {
        if phase == .ended { return [] }
        switch operation {
        case .importing(var state):
            operation = .none  // One owner at a time, so that its dictionary is changed in place.
            let actions = state.receive(message, refuse: { refusal(record: $0, $1, $2) })
            operation = .importing(state)
            return actions
        case .exporting(var state):
            operation = .none
            let actions = state.receive(message, refuse: { refusal(record: $0, $1, $2) })
            operation = .exporting(state)
            return actions
        case .none: return outOfPlace(message)
        }
    }

    /// A message about a record where no operation is under way.
    private func outOfPlace(_ message: HostMessage) -> [ConnectorAction] {
        if brokenExport != nil { return [] }
        return switch message {
        case .open(let record, _, _, _), .record(let record, _), .end(let record, _):
            [refusal(record: record, "there is no such record")]
        case .chunk(let chunk): [refusal(record: chunk.record, "there is no such record")]
        default: []  // `credit`, `cancel`, `result`: they cross in flight.
        }
    }

    private mutating func finishExport(id: Int64) -> [ConnectorAction] {
        if phase == .ended || id == brokenExport { return [] }
        guard case .exporting(var state) = operation, state.id == id, !state.isFinished else {
            return [.send(refusal(id: id, .protocolViolation, "there is no export of that id to finish"))]
        }
        state.isFinished = true
        operation = .exporting(state)
        return [.finishStoring] + (state.unfinished.isEmpty ? [.allOutcomes] : [])
    }
}
