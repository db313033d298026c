import ConnectorKit
import StrictJSON

/// What a connector says at any time.
public enum HostEvent: Sendable, Hashable {
    /// - `link`: a page that a person has to open for the work to go on; the message holds it, too.
    case log(level: LogLevel, message: String, pathname: String?, link: String? = nil)
    case progress(Progress)
    /// Values of `config` that the host must keep.
    case configUpdate([String: String])
    /// An error that answers nothing in particular.
    case error(ConnectorError)
}

/// What the host's session has to do after a message.
enum HostAction: Hashable {
    case greeted(ConnectorHello)
    case answer(id: Int64, Result<JSONObject, ConnectorError>)
    case deliver(number: Int64, Record)
    case chunk(Chunk)
    case contentEnd(record: Int64, ContentEnd)
    case contentFailed(record: Int64, ConnectorError)
    case ready(credit: Int64)
    case creditAdded(record: Int64)
    case outcome(record: Int64, RecordOutcome)
    case event(HostEvent)
    /// The session cannot go on.
    case fail(ConnectorError)
}

/// The host's half of the protocol: messages in, actions out, nothing else.
struct HostStateMachine {
    enum Operation {
        case none
        case importing(HostImportState)
        case exporting(HostExportState)
    }

    let hello: HostHello
    private(set) var peer: ConnectorHello?
    /// Why the session is over.
    private(set) var failure: ConnectorError?
    var operation = Operation.none
    private var lastID: Int64 = 0
    private var pending: Set<Int64> = []

    init(hello: HostHello) { self.hello = hello }

    var usesRawFrames: Bool {
        hello.capabilities.contains(Wire.rawChunks) && peer?.capabilities.contains(Wire.rawChunks) == true
    }
    var largestChunk: Int { Wire.largestChunk(raw: usesRawFrames, maxLine: peer?.maxLine ?? Wire.defaultMaxLine) }

    /// The id of a new request.
    mutating func makeRequest() -> Int64 {
        lastID += 1
        pending.insert(lastID)
        return lastID
    }

    /// The session is over; nothing comes after it.
    mutating func fail(_ error: ConnectorError) -> [HostAction] {
        if failure != nil { return [] }
        failure = error
        return [.fail(error)]
    }

    private mutating func violate(_ reason: String) -> [HostAction] {
        fail(ConnectorError(.protocolViolation, "the connector breaks the protocol: \(reason)"))
    }

    mutating func receive(_ message: ConnectorMessage) -> [HostAction] {
        if failure != nil { return [] }
        switch message {
        case .hello(let hello):
            if peer != nil { return violate("a second hello") }
            if hello.version != Wire.version {
                return fail(ConnectorError(.version, "the connector speaks version \(hello.version)"))
            }
            peer = hello
            return [.greeted(hello)]
        case .ok(let id, let fields): return answer(id, .success(fields))
        case .error(let id, let record, let type, let error): return receive(error, id: id, record: record, of: type)
        case .progress(_, let progress): return [.event(.progress(progress))]
        case .log(let level, let text, let pathname, let link):
            return [.event(.log(level: level, message: text, pathname: pathname, link: link))]
        case .configUpdate(let values): return [.event(.configUpdate(values))]
        case .unknown: return []  // A later version's; nothing is waiting for it.
        default: return record(message)
        }
    }

    private mutating func answer(_ id: Int64, _ result: Result<JSONObject, ConnectorError>) -> [HostAction] {
        guard pending.remove(id) != nil else { return violate("an answer to no request") }
        return [.answer(id: id, result)]
    }

    private mutating func receive(
        _ error: ConnectorError, id: Int64?, record: Int64?, of type: String?
    ) -> [HostAction] {
        if let id { return pending.contains(id) ? answer(id, .failure(error)) : [.event(.error(error))] }
        if let record {
            switch operation {
            case .importing(var state):
                operation = .none
                let isOpen = state.contentEnded(record)
                operation = .importing(state)
                return isOpen ? [.contentFailed(record: record, error)] : [.event(.error(error))]
            case .exporting(var state):
                operation = .none
                let isKnown = state.finish(record)
                operation = .exporting(state)
                return isKnown ? [.outcome(record: record, .failed(error))] : [.event(.error(error))]
            case .none: return [.event(.error(error))]
            }
        }
        return type != nil ? [.event(.error(error))] : fail(error)
    }

    private mutating func record(_ message: ConnectorMessage) -> [HostAction] {
        switch operation {
        case .importing(var state):
            operation = .none
            let result = state.receive(message)
            operation = .importing(state)
            return settle(result)
        case .exporting(var state):
            operation = .none
            let result = state.receive(message)
            operation = .exporting(state)
            return settle(result)
        case .none: return []  // It crossed the end of its operation.
        }
    }

    private mutating func settle(_ result: Result<[HostAction], ConnectorError>) -> [HostAction] {
        switch result {
        case .success(let actions): actions
        case .failure(let error): violate(error.message)
        }
    }

    mutating func withImport<Value>(_ body: (inout HostImportState) -> Value) -> Value? {
        guard case .importing(var state) = operation else { return nil }
        operation = .none
        let value = body(&state)
        operation = .importing(state)
        return value
    }

    mutating func withExport<Value>(_ body: (inout HostExportState) -> Value) -> Value? {
        guard case .exporting(var state) = operation else { return nil }
        operation = .none
        let value = body(&state)
        operation = .exporting(state)
        return value
    }
}
