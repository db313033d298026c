import ConnectorKit
import StrictJSON

/// What an import came to.
public struct ImportSummary: Sendable, Hashable {
    public var records: Int64
    /// Records with an error, and contents that failed for good.
    public var errors: Int64
    /// For the next import.
    public var state: String?
    /// What the connector asked of its service, by name.
    public var counters: [String: Int64]
    /// What stands for all records of the import; nil where the connector does not tell.
    public var fingerprint: String?
    /// Whether everything is as in the import that the host said it has: then no records came.
    public var isUnchanged = false
}

extension ImportSummary {
    fileprivate init(_ fields: WireFields) throws(ConnectorError) {
        self.init(
            records: try fields.optionalInteger("records") ?? 0, errors: try fields.optionalInteger("errors") ?? 0,
            state: try fields.optionalString("state"), counters: try fields.counts("counters"),
            fingerprint: try fields.optionalString("fingerprint"), isUnchanged: try fields.flag("unchanged"))
    }
}

/// What leads from the reader's thread to whoever imports.
struct ImportBridge {
    var id: Int64 = 0
    /// Records that nobody took yet; the window bounds them.
    var batch: [ImportedRecord] = []
    /// A batch, or the end.
    var arrival = Signal()
    var contents: [Int64: IncomingContent] = [:]
    /// Those that open a record again while its last transfer still ends.
    var openers: [Int64: [Signal]] = [:]

    /// Takes out the content of a transfer that is over, and wakes those that open the record again.
    mutating func detach(_ number: Int64, _ effects: inout [Effect]) -> IncomingContent? {
        if !openers.isEmpty, let waiting = openers.removeValue(forKey: number) {
            effects += waiting.map { .signal($0) }
        }
        return contents.isEmpty ? nil : contents.removeValue(forKey: number)
    }

    mutating func fail(_ error: ConnectorError) {
        for content in contents.values { content.fail(error) }
        for opener in openers.values.joined() { opener.signal() }
        contents = [:]
        openers = [:]
        batch = []
        arrival.signal()
    }
}

/// A record of a source, and the way to its content.
public struct ImportedRecord: Sendable {
    /// Bytes of content that a connector may send ahead, for each open record.
    private static let credit: Int64 = 1 << 20

    public let record: Record
    let number: Int64
    let importID: Int64
    fileprivate let session: HostSession

    init(record: Record, number: Int64, importID: Int64, _ session: HostSession) {
        self.record = record
        self.number = number
        self.importID = importID
        self.session = session
    }

    /// Opens the content; again after a read that failed or a content that was closed, until ``finish(_:)``.
    /// - Parameter comparingHashes: whether the connector hashes what it sends, so that the hash of what arrives is
    ///   compared with it. Without it, size and offsets alone are; the connector saves some 0.6 s of CPU per GiB.
    public func open(comparingHashes: Bool = true) async throws -> HostContentReader {
        try await open(credit: Self.credit, comparingHashes: comparingHashes)
    }

    func open(credit: Int64, comparingHashes: Bool = true) async throws -> HostContentReader {
        try await session.open(self, credit: credit, comparingHashes: comparingHashes)
    }

    /// Says what became of the record. Does not wait. Every record needs this, once; more often does nothing.
    ///
    /// For many records at once `HostSession.finish(_:)` is cheaper.
    /// - Parameter content: what is held of it now, where that is known.
    public func finish(_ status: RecordStatus, holding content: HeldContent? = nil) {
        session.finish(CollectionOfOne((self, status, content)))
    }
}

/// The content of a record, as it comes from the connector.
public final class HostContentReader: ContentReader {
    private let content: IncomingContent

    init(_ content: IncomingContent) { self.content = content }

    /// The next bytes; nil at the end, once size and hash were found to be what the connector says they are.
    /// - Throws: ``ConnectorError``: what the connector sent, or code `corrupt`; `CancellationError` once closed.
    public func read() async throws -> [UInt8]? { try await content.read() }

    /// Ends the transfer where it is not at its end.
    public func close() async { content.abandon() }

    /// Size and hash of what was received, once `read` has returned nil.
    public var digest: ContentDigest? { content.digest }
}

extension HostSession {
    /// Imports everything.
    ///
    /// - Parameters:
    ///   - state: what an earlier import returned.
    ///   - fingerprint: what stands for an earlier import, where every record of it is here, as the connector sent it and
    ///     with its content. Where it would send just the same again, the connector says so and sends nothing.
    ///   - window: how many records may be without their result.
    ///   - receive: takes the records in their order, as they come; the next batch waits for it. Where it throws, or
    ///     the task is cancelled, the import is cancelled and the error thrown on.
    /// - Returns: what the connector counted, after its `ok`.
    public func importRecords(
        state: String?, fingerprint: String? = nil, window: Int,
        receive: @escaping @Sendable ([ImportedRecord]) async throws -> Void
    ) async throws -> ImportSummary {
        let (id, reply, arrival) = try withCore { core in
            try checkIsUsable(core)
            guard case .none = core.machine.operation else {
                throw ConnectorError(.internalDefect, "another import or export is under way")
            }
            let id = core.machine.makeRequest()
            let reply = Reply<JSONObject>()
            core.replies[id] = reply
            core.machine.operation = .importing(HostImportState(window: max(window, 1)))
            core.imports = ImportBridge()
            core.imports.id = id
            send(.importRecords(id: id, window: Int64(max(window, 1)), state: state, fingerprint: fingerprint))
            return (id, reply, core.imports.arrival)
        }
        defer { endImport() }
        do {
            while let batch = nextBatch(of: id) {
                if batch.isEmpty { try await arrival.wait() } else { try await receive(batch) }
            }
            let summary = try ImportSummary(WireFields(object: try await reply.value()))
            let records = withCore { $0.machine.withImport { $0.last } } ?? 0
            if summary.isUnchanged, fingerprint == nil || summary.fingerprint != fingerprint || records > 0 {
                throw ConnectorError(.protocolViolation, "the connector calls unchanged what this host does not have")
            }
            return summary
        } catch {
            if withCore({ $0.replies[id] != nil }) {
                send(.cancelRequest(id: id))
                _ = await reply.value(within: .seconds(5))
            }
            throw error
        }
    }

    /// The records that came; nil where the import has its answer.
    private func nextBatch(of id: Int64) -> [ImportedRecord]? {
        withCore { core in
            if core.replies[id] == nil { return nil }
            defer { core.imports.batch = [] }
            return core.imports.batch
        }
    }

    private func endImport() {
        withCore { core in
            core.machine.operation = .none
            core.imports.fail(ConnectorError(.cancelled, "the import has ended"))
        }
    }

    func open(_ record: ImportedRecord, credit: Int64, comparingHashes: Bool) async throws -> HostContentReader {
        let number = record.number
        while true {
            try Task.checkCancellation()
            let waits = Signal()
            let reader: HostContentReader? = try withCore { core in
                try checkIsUsable(core)
                let isCurrent = core.imports.id == record.importID
                switch isCurrent ? core.machine.withImport({ $0.transfer(of: number) }) ?? nil : nil {
                case nil: throw ConnectorError(.protocolViolation, "the record has had its result")
                case .closed:
                    if !record.record.hasContent {
                        throw ConnectorError(.protocolViolation, "the record has no content")
                    }
                    core.machine.withImport { $0.open(number) }
                    let content = makeContent(for: record, credit: credit)
                    core.imports.contents[number] = content
                    send(.open(record: number, credit: credit, offset: 0, isHashed: comparingHashes))
                    return HostContentReader(content)
                case .open:
                    // A transfer that already failed here need not be seen to its end.
                    guard core.imports.contents[number]?.failure != nil else {
                        throw ConnectorError(.protocolViolation, "the record is open")
                    }
                    cancel(number, &core)
                case .cancelling: break
                }
                core.imports.openers[number, default: []].append(waits)
                return nil
            }
            if let reader { return reader }
            try await waits.wait()
        }
    }

    private func makeContent(for record: ImportedRecord, credit: Int64) -> IncomingContent {
        let number = record.number
        return IncomingContent(credit: credit) { [self] bytes in
            send(.credit(record: number, bytes: bytes))
        } onClose: { [weak self] in
            self?.withCore { core in
                if core.imports.id == record.importID { self?.cancel(number, &core) }
            }
        }
    }

    private func cancel(_ number: Int64, _ core: inout Core) {
        if core.machine.withImport({ $0.cancel(number) }) == true { send(.cancelRecord(number)) }
    }

    /// Says what became of each of these records, as `ImportedRecord.finish(_:)` does, in one step.
    public func finish(_ settled: [(ImportedRecord, RecordStatus)]) {
        finish(settled.lazy.map { ($0.0, $0.1, HeldContent?.none) })
    }

    /// The same, with what is held of each now, where that is known.
    public func finish(holding settled: [(ImportedRecord, RecordStatus, HeldContent?)]) { finish(settled[...]) }

    fileprivate func finish(_ settled: some Collection<(ImportedRecord, RecordStatus, HeldContent?)>) {
        withCore { core in
            var lines = JSONWriter(reservingCapacity: settled.count * 64)
            for (record, status, content) in settled {
                guard record.session === self, core.imports.id == record.importID,
                    core.machine.withImport({ $0.finish(record.number) }) == true
                else { continue }
                HostMessage.result(record: record.number, status: status, holding: content).write(to: &lines)
                if let content = core.imports.detach(record.number, &core.effects) {
                    core.effects.append(
                        .fail(content, ConnectorError(.cancelled, "the record has had its result")))
                }
            }
            if !lines.bytes.isEmpty { writer?.enqueue([lines.take()]) }
        }
    }
}
