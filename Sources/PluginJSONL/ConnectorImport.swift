import ConnectorKit
import StrictJSON

/// Where the importer's records leave for the host.
private struct WireSink: RecordSink {
    let session: ConnectorSession
    let importID: Int64
    /// Bytes of a line that the host takes.
    let maxLine: Int

    func emit(_ record: Record, content: (any ContentSource)?) async throws {
        let line = try RecordLine(record, content: content, maxLine: maxLine)
        try await session.emit(line, importID: importID)
    }

    func hasAll(of fingerprint: String) async -> Bool {
        session.withCore { $0.machine.withImport(importID) { $0.begin(fingerprint) } } ?? false
    }
}

/// A record as it goes out, all but its number: encoded before the session's lock is taken.
private struct RecordLine {
    var rest: [UInt8]
    var content: (any ContentSource)?
    var isError: Bool

    /// A record that does not fit into a line becomes an error of its pathname.
    /// - Throws: ``ConnectorError`` with code `too-large` where not even that fits.
    init(_ record: Record, content: (any ContentSource)?, maxLine: Int) throws(ConnectorError) {
        var record = record
        record.hasContent = content != nil && record.error == nil
        rest = record.encodedRest
        if Record.lineLength(of: rest) > maxLine {
            let error = ConnectorError(.tooLarge, "what is known of this record does not fit into a message")
            record = Record(
                pathname: record.pathname, kind: record.kind == .symlink ? .file : record.kind,
                permissions: record.permissions, modificationTime: record.modificationTime, error: error)
            rest = record.encodedRest
            if Record.lineLength(of: rest) > maxLine {
                throw ConnectorError(.tooLarge, "a pathname does not fit into a message")
            }
        }
        self.content = record.hasContent ? content : nil
        isError = record.error != nil
    }
}

extension ConnectorSession {
    /// Bytes of an `ok` beside its state.
    private static let roomForCounts = 16 << 10

    func beginImport(id: Int64, state: String?, _ core: inout Core) {
        guard case .importer(let importer)? = core.instance else { return }
        let maxLine = core.machine.peerMaxLine
        let completion = Reply<Void>()
        core.completion = completion
        core.operation = Task { [self] in
            var result: Result<JSONObject, ConnectorError>
            do {
                let newState = try await importer.importRecords(
                    state: state, to: WireSink(session: self, importID: id, maxLine: maxLine))
                advance { $0.withImport(id) { $0.listed() } ?? [] }
                try await completion.value()
                // Without its state the next import is slower; a line that is too long would end the session.
                let kept = newState.flatMap { $0.utf8.count <= maxLine - Self.roomForCounts ? $0 : nil }
                result = .success(["state": kept.map { .string($0) } ?? .null])
            } catch {
                result = .failure(ConnectorError(wrapping: error))
            }
            await releaseEverything()
            if case .success(var fields) = result {
                let state = withCore { $0.machine.withImport(id) { $0 } }
                fields["records"] = .integer(state?.last ?? 0)
                fields["errors"] = .integer(state?.errors ?? 0)
                if let fingerprint = state?.fingerprint { fields["fingerprint"] = .string(fingerprint) }
                if state?.isUnchanged == true { fields["unchanged"] = true }
                fields["counters"] = .counts(await importer.counters())
                result = .success(fields)
            }
            endOperation(id: id, result)
        }
    }

    func endOperation(id: Int64, _ result: Result<JSONObject, ConnectorError>) {
        reporter.attach(to: nil)
        withCore { core in core.operation = nil }
        advance { $0.answer(id: id, result) }
    }

    // MARK: Records

    private enum Emission {
        case sent(queueIsLong: Bool)
        case windowIsFull(Signal)
    }

    fileprivate func emit(_ line: RecordLine, importID: Int64) async throws {
        while true {
            try Task.checkCancellation()
            let emission: Emission = try withCore { core in
                let number = core.machine.withImport(importID) {
                    $0.hasRoom ? $0.add(hasContent: line.content != nil, hasError: line.isError) : nil
                }
                // No such import any more; then: no room in its window.
                guard let number else { throw CancellationError() }
                guard let number else {
                    let signal = Signal()
                    core.emitters.append(signal)
                    return .windowIsFull(signal)
                }
                core.sources[number] = line.content
                return .sent(queueIsLong: writer.enqueue([Record.lineStart(number: number), line.rest]))
            }
            switch emission {
            case .windowIsFull(let signal): try await signal.wait()
            case .sent(let queueIsLong):
                if queueIsLong { try await writer.waitForRoom() }
                return
            }
        }
    }

    // MARK: Content

    func openContent(record: Int64, transfer: Int, isHashed: Bool, _ core: inout Core) {
        guard case .importing(let state) = core.machine.operation, let source = core.sources[record] else { return }
        let importID = state.id
        let place = TransferPlace(in: core.gate)
        let credit = Signal()
        let raw = core.machine.usesRawFrames
        let largest = core.machine.largestChunk
        let task = Task { [self] in
            let result: Result<ContentEnd, ConnectorError>
            do {
                let outgoing = OutgoingContent(record: record, raw: raw, isHashed: isHashed, largestChunk: largest) {
                    [self] in
                    withCore { $0.machine.withImport(importID) { $0.credit(of: record, transfer: transfer) } ?? nil }
                } send: { [self] parts, count in
                    withCore { core in
                        let left: Int64?? = core.machine.withImport(importID) { state in
                            guard state.takeCredit(record, transfer: transfer, upTo: count) != nil else { return nil }
                            return state.credit(of: record, transfer: transfer)
                        }
                        guard let left, let left else { return nil }
                        return .init(credit: left, queueIsLong: writer.enqueue(parts))
                    }
                } waitForCredit: {
                    place.leave()
                    try await credit.wait()
                    try await place.enter()
                } waitForRoom: { [writer] in
                    try await writer.waitForRoom()
                }
                result = .success(try await send(source, through: outgoing, place))
            } catch {
                result = .failure(ConnectorError(wrapping: error))
            }
            place.leave()
            withCore { core in
                let actions = core.machine.withImport(importID) {
                    $0.transferEnded(record, transfer: transfer, result)
                }
                for action in actions ?? [] { perform(action, &core) }
                core.transfers[transfer] = nil
            }
        }
        core.transfers[transfer] = Transfer(task: task, credit: credit)
    }

    private func send(
        _ source: any ContentSource, through outgoing: OutgoingContent, _ place: TransferPlace
    ) async throws -> ContentEnd {
        try await place.enter()
        let reader = try await source.open()
        do {
            let end = try await outgoing.run(reader)
            await reader.close()
            return end
        } catch {
            await reader.close()
            throw error
        }
    }

    // MARK: Letting go

    /// Tells a source that the host is done with it: one after the other, by a task that lives while there are any.
    func release(
        _ record: Int64, _ status: RecordStatus, holding content: HeldContent? = nil, _ core: inout Core
    ) {
        guard let source = core.sources.removeValue(forKey: record) else { return }
        core.releases.append { await source.finished(status, holding: content) }
        if core.releaser != nil { return }
        core.releaser = Task { [self] in
            while true {
                let batch = withCore { core in
                    defer { core.releases = [] }
                    if core.releases.isEmpty { core.releaser = nil }
                    return core.releases
                }
                if batch.isEmpty { return }
                for release in batch { await release() }
            }
        }
    }

    /// Ends what an import left open, and waits for it.
    private func releaseEverything() async {
        let transfers = withCore { core in
            let transfers = core.transfers.values.map(\.task)
            core.cancel(transfers)
            return transfers
        }
        for transfer in transfers { await transfer.value }
        let releaser = withCore { core in
            for record in core.sources.keys.sorted() { release(record, .failed, &core) }
            return core.releaser
        }
        await releaser?.value
    }
}

extension JSON {
    /// Counters as the `ok` of an operation carries them.
    static func counts(_ counts: [String: Int64]) -> JSON {
        .object(JSONObject(counts.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .integer($0.value)) }))
    }
}
