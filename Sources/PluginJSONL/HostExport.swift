import ConnectorKit
import StrictJSON

/// What an export came to: files by what became of them.
public struct ExportSummary: Sendable, Hashable {
    public var stored: Int64
    public var unchanged: Int64
    public var skipped: Int64
    public var failed: Int64
    /// What the connector asked of its service, by name.
    public var counters: [String: Int64]
}

/// What leads from the reader's thread to whoever exports.
struct ExportBridge {
    struct Waiting {
        let credit = Signal()
        let outcome = Reply<RecordOutcome>()
    }

    var id: Int64 = 0
    var ready = Reply<Void>()
    var records: [Int64: Waiting] = [:]
    /// Those that wait for room in the window.
    var beginners: [Signal] = []
    /// Why the export is over, where it ended early.
    var end: ConnectorError?

    mutating func settle(_ number: Int64, _ result: Result<RecordOutcome, any Error>) {
        guard let waiting = records.removeValue(forKey: number) else { return }
        waiting.outcome.resolve(result)
        waiting.credit.signal()
        for beginner in beginners { beginner.signal() }
        beginners = []
    }

    mutating func fail(_ error: ConnectorError) {
        end = end ?? error
        ready.resolve(.failure(error))
        for number in records.keys.sorted() { settle(number, .failure(error)) }
        for beginner in beginners { beginner.signal() }
        beginners = []
    }
}

/// An export under way.
public final class ExportSession: Sendable {
    private let session: HostSession
    private let id: Int64
    private let reply: Reply<JSONObject>

    init(_ session: HostSession, id: Int64, reply: Reply<JSONObject>) {
        self.session = session
        self.id = id
        self.reply = reply
    }

    /// Announces a record, once the window has room for it. The order of the calls is the order of the records.
    /// - Throws: ``ConnectorError``; `too-large` where it does not fit into a message.
    public func begin(_ record: Record) async throws -> ExportedRecord {
        while true {
            try Task.checkCancellation()
            let waits = Signal()
            let begun: ExportedRecord? = try session.withCore { core in
                try session.checkIsUsable(core)
                if core.replies[id] == nil {
                    throw core.exports.end ?? ConnectorError(.cancelled, "the export has ended")
                }
                let limit = core.machine.peer?.maxLine ?? Wire.defaultMaxLine
                if record.mayExceed(limit), Record.lineLength(of: record.encodedRest) > limit {
                    throw ConnectorError(.tooLarge, "what is known of the record does not fit into a message")
                }
                guard let number = core.machine.withExport({ $0.begin() }) ?? nil else {
                    core.exports.beginners.append(waits)
                    return nil
                }
                let waiting = ExportBridge.Waiting()
                core.exports.records[number] = waiting
                session.send(.record(number: number, record))
                return ExportedRecord(
                    session: session, exportID: id, number: number, hasContent: record.hasContent,
                    waiting: waiting)
            }
            if let begun { return begun }
            try await waits.wait()
        }
    }

    /// Says that no more records come, and waits for the connector to be done with all of them.
    public func finish() async throws -> ExportSummary {
        try Task.checkCancellation()
        try session.withCore { core in
            try session.checkIsUsable(core)
            session.send(.finished(id: id))
        }
        let result: JSONObject
        do {
            result = try await reply.cancellableValue()
        } catch {
            // Whoever gives up ends the export too, so that the session can be used again once it is answered.
            session.send(.cancelRequest(id: id))
            session.endExport(error)
            throw error
        }
        session.endExport(ConnectorError(.cancelled, "the export has ended"))
        let fields = WireFields(object: result)
        func count(_ key: String) throws -> Int64 { try fields.optionalInteger(key) ?? 0 }
        return ExportSummary(
            stored: try count("stored"), unchanged: try count("unchanged"), skipped: try count("skipped"),
            failed: try count("failed"), counters: try fields.counts("counters"))
    }

    /// Gives the export up: what waits for an outcome has it at once.
    public func cancel() {
        session.send(.cancelRequest(id: id))
        session.endExport(CancellationError())
    }
}

/// A record that the connector knows of, and the way to its outcome.
public struct ExportedRecord: Sendable {
    let session: HostSession
    let exportID: Int64
    let number: Int64
    let hasContent: Bool
    let waiting: ExportBridge.Waiting

    /// Sends the content, where there is one, and waits for what becomes of the record. Once.
    ///
    /// A result that comes first ends the sending. A content that cannot be read is cancelled, and the outcome is
    /// failed with its error. The content is closed in any case.
    public func outcome(content: (any ContentReader)?) async -> RecordOutcome {
        let sending = Task<ConnectorError?, Never> {
            guard hasContent else { return nil }
            guard let content else {
                session.send(.cancelRecord(number))
                return ConnectorError(.internalDefect, "a record was announced with content and has none")
            }
            return await send(content)
        }
        let result: Result<RecordOutcome, any Error> = await withTaskCancellationHandler {
            do {
                return .success(try await waiting.outcome.value())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            sending.cancel()
        }
        sending.cancel()
        let failure = await sending.value
        await content?.close()
        switch result {
        case .success(let outcome):
            if let failure, outcome.status == .failed { return .failed(failure) }
            return outcome
        case .failure(let error): return .failed(ConnectorError(wrapping: error))
        }
    }

    /// - Returns: why the content could not be sent whole; nil where it was, or where the result came first.
    private func send(_ content: any ContentReader) async -> ConnectorError? {
        let (raw, largest) = session.withCore { ($0.machine.usesRawFrames, $0.machine.largestChunk) }
        let outgoing = OutgoingContent(record: number, raw: raw, isHashed: true, largestChunk: largest) {
            session.withCore { $0.creditOfExport(number) }
        } send: { parts, count in
            session.withCore { core in
                guard let credit = core.creditOfExport(number) else { return nil }
                _ = core.machine.withExport { $0.takeCredit(number, upTo: count) }
                let queueIsLong = session.writer?.enqueue(parts) ?? false
                return .init(credit: credit - Int64(count), queueIsLong: queueIsLong)
            }
        } waitForCredit: {
            try await waiting.credit.wait()
        } waitForRoom: {
            try await session.writer?.waitForRoom()
        }
        do {
            session.send(.end(record: number, try await outgoing.run(content)))
            return nil
        } catch {
            let isOpen = session.withCore { $0.machine.withExport { $0.isUnfinished(number) } } ?? false
            guard isOpen, isCurrent else { return nil }
            session.send(.cancelRecord(number))
            return ConnectorError(wrapping: error)
        }
    }

    private var isCurrent: Bool { session.withCore { $0.exports.records[number] != nil } }
}

extension HostSession.Core {
    /// What may be sent of a record's content now; nil where the record has its result, or the export is over.
    fileprivate mutating func creditOfExport(_ number: Int64) -> Int64? {
        if exports.records[number] == nil { return nil }
        return machine.withExport { $0.credit(of: number) } ?? nil
    }
}

extension HostSession {
    /// Begins an export.
    /// - Parameter window: how many records may be without their result.
    public func export(window: Int) async throws -> ExportSession {
        let (id, reply, ready) = try withCore { core in
            try checkIsUsable(core)
            guard case .none = core.machine.operation else {
                throw ConnectorError(.internalDefect, "another import or export is under way")
            }
            let id = core.machine.makeRequest()
            let reply = Reply<JSONObject>()
            core.replies[id] = reply
            core.machine.operation = .exporting(HostExportState(id: id, window: max(window, 1)))
            core.exports = ExportBridge()
            core.exports.id = id
            send(.export(id: id, window: Int64(max(window, 1))))
            return (id, reply, core.exports.ready)
        }
        do {
            try await ready.cancellableValue()
        } catch {
            send(.cancelRequest(id: id))
            endExport(error)
            throw error
        }
        return ExportSession(self, id: id, reply: reply)
    }

    func endExport(_ error: any Error) {
        withCore { core in
            core.machine.operation = .none
            core.exports.fail(ConnectorError(wrapping: error))
        }
    }
}
