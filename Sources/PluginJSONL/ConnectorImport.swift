import ConnectorKit
import StrictJSON

/// Where the importer's records leave for the host.
private struct WireSink: RecordSink {
    let session: ConnectorSession
    let importID: Int64

    func emit(_ record: Record, content: (any ContentSource)?) async throws {
        try await session.emit(record, content: content, importID: importID)
    }
}

extension ConnectorSession {
    func beginImport(id: Int64, state: String?, _ core: inout Core) {
        guard case .importer(let importer)? = core.instance else { return }
        let completion = Reply<Void>()
        core.completion = completion
        core.operation = Task { [self] in
            var result: Result<JSONObject, ConnectorError>
            do {
                let newState = try await importer.importRecords(
                    state: state, to: WireSink(session: self, importID: id))
                advance { $0.withImport(id) { $0.listed() } ?? [] }
                try await completion.value()
                result = .success(["state": newState.map { .string($0) } ?? .null])
            } catch {
                result = .failure(ConnectorError(wrapping: error))
            }
            await releaseEverything()
            if case .success(var fields) = result {
                let counts = withCore { $0.machine.withImport(id) { ($0.last, $0.errors) } }
                fields["records"] = .integer(counts?.0 ?? 0)
                fields["errors"] = .integer(counts?.1 ?? 0)
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

    func emit(_ record: Record, content: (any ContentSource)?, importID: Int64) async throws {
        var record = record
        record.hasContent = content != nil && record.error == nil
        while true {
            try Task.checkCancellation()
            let isSent: Signal? = try withCore { core in
                let hasRoom = core.machine.withImport(importID) { $0.hasRoom }
                guard let hasRoom else { throw CancellationError() }
                if hasRoom {
                    try send(record, content: content, importID: importID, &core)
                    return nil
                }
                let signal = Signal()
                core.emitters.append(signal)
                return signal
            }
            guard let isSent else { break }
            try await isSent.wait()
        }
        try await writer.waitForRoom()
    }

    private func send(_ record: Record, content: (any ContentSource)?, importID: Int64, _ core: inout Core) throws {
        let limit = core.machine.peerMaxLine
        guard
            let number = core.machine.withImport(
                importID,
                {
                    $0.add(hasContent: record.hasContent, hasError: record.error != nil)
                })
        else { throw CancellationError() }
        var line = record.encoded(number: number)
        if line.count - 1 > limit {
            core.machine.withImport(importID) { $0.turnIntoError(number) }
            let error = ConnectorError(.tooLarge, "what is known of this record does not fit into a message")
            let small = Record(
                pathname: record.pathname, kind: record.kind == .symlink ? .file : record.kind,
                permissions: record.permissions, modificationTime: record.modificationTime, error: error)
            line = small.encoded(number: number)
            if line.count - 1 > limit { throw ConnectorError(.tooLarge, "a pathname does not fit into a message") }
        } else if let content, record.hasContent {
            core.sources[number] = content
        }
        writer.enqueue([line])
    }

    // MARK: Content

    func openContent(record: Int64, transfer: Int, _ core: inout Core) {
        guard case .importing(let state) = core.machine.operation, let source = core.sources[record] else { return }
        let importID = state.id
        let place = TransferPlace(in: core.gate)
        let credit = Signal()
        let raw = core.machine.usesRawFrames
        let largest = core.machine.largestChunk
        let task = Task { [self] in
            let result: Result<ContentEnd, ConnectorError>
            do {
                let outgoing = OutgoingContent(record: record, largestChunk: largest) { [self] count in
                    while true {
                        let taken = withCore {
                            $0.machine.withImport(importID) {
                                $0.takeCredit(record, transfer: transfer, upTo: count)
                            }
                        }
                        guard let taken, let taken else { throw CancellationError() }
                        if taken > 0 { return taken }
                        place.leave()
                        try await credit.wait()
                        try await place.enter()
                    }
                } send: { [self] chunk in
                    let parts = chunk.encoded(raw: raw)
                    let isSent = withCore { core in
                        let isOpen = core.machine.withImport(importID) { $0.isOpen(record, transfer: transfer) }
                        if isOpen == true { writer.enqueue(parts) }
                        return isOpen == true
                    }
                    if !isSent { throw CancellationError() }
                    try await writer.waitForRoom()
                }
                let digest = try await send(source, through: outgoing, place)
                result = .success(ContentEnd(size: digest.size, sha256: digest.sha256))
            } catch {
                result = .failure(ConnectorError(wrapping: error))
            }
            place.leave()
            advance { $0.withImport(importID) { $0.transferEnded(record, transfer: transfer, result) } ?? [] }
            withCore { core in core.transfers[transfer] = nil }
        }
        core.transfers[transfer] = Transfer(task: task, credit: credit)
    }

    private func send(
        _ source: any ContentSource, through outgoing: OutgoingContent, _ place: TransferPlace
    ) async throws -> ContentDigest {
        try await place.enter()
        let reader = try await source.open()
        do {
            let digest = try await outgoing.run(reader)
            await reader.close()
            return digest
        } catch {
            await reader.close()
            throw error
        }
    }

    // MARK: Letting go

    /// Tells a source that the host is done with it: one after the other, by a task that lives while there are any.
    func release(_ record: Int64, _ status: RecordStatus, _ core: inout Core) {
        guard let source = core.sources.removeValue(forKey: record) else { return }
        core.releases.append { await source.finished(status) }
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
            core.cancellations += transfers
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
