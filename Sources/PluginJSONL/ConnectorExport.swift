import ConnectorKit
import StrictJSON

extension ConnectorSession {
    func beginExport(id: Int64, _ core: inout Core) {
        guard case .exporter(let exporter)? = core.instance else { return }
        let completion = Reply<Void>()
        core.completion = completion
        core.earlier = Task {
            do {
                try await exporter.beginStoring()
            } catch {
                completion.resolve(.failure(error))
            }
        }
        core.operation = Task { [self] in
            var result: Result<JSONObject, ConnectorError>
            do {
                try await completion.value()
                result = .success([:])
            } catch {
                result = .failure(ConnectorError(wrapping: error))
            }
            let (stores, storingEnd) = withCore { ($0.stores.values.map(\.task), $0.storingEnd) }
            for store in stores { await store.value }
            await storingEnd?.value
            if case .success = result {
                do {
                    try await exporter.endStoring()
                } catch {
                    result = .failure(ConnectorError(wrapping: error))
                }
            }
            if case .success = result {
                let counters = await exporter.counters()
                let counts = withCore { $0.machine.withExport(id) { $0.counts } } ?? [:]
                func count(_ status: RecordStatus) -> JSON { .integer(counts[status] ?? 0) }
                result = .success([
                    "stored": count(.stored), "unchanged": count(.unchanged), "skipped": count(.skipped),
                    "failed": count(.failed), "counters": .counts(counters),
                ])
            }
            withCore { core in core.storingEnd = nil }
            endOperation(id: id, result)
        }
    }

    func store(_ number: Int64, _ record: Record, _ core: inout Core) {
        guard case .exporter(let exporter)? = core.instance, case .exporting(let state) = core.machine.operation
        else { return }
        let exportID = state.id
        var content: IncomingContent?
        if record.hasContent {
            content = IncomingContent(
                credit: Self.exportCredit, promisedSize: record.size, promisedHash: record.sha256,
                grant: { [writer] bytes in
                    writer.enqueue(ConnectorMessage.credit(record: number, bytes: bytes).encoded(raw: false))
                }, onClose: {})
        }
        let earlier = core.earlier
        let task = Task { [self, content] in
            // A directory is done before anything that follows it begins.
            await earlier?.value
            var outcome = await exporter.store(record, sequence: Int(number), content: content)
            // An exporter that did not look at its last read must not turn a broken content into a stored one.
            if let failure = content?.failure, outcome.status == .stored { outcome = .failed(failure) }
            content?.abandon()
            let settled = outcome
            advance { $0.withExport(exportID) { $0.stored(number, settled) } ?? [] }
            withCore { core in core.stores[number] = nil }
        }
        if record.kind == .directory { core.earlier = task }
        core.stores[number] = Store(task: task, content: content)
    }

    func finishStoring(_ core: inout Core) {
        guard case .exporter(let exporter)? = core.instance else { return }
        let earlier = core.earlier
        core.storingEnd = Task {
            await earlier?.value
            await exporter.finishStoring()
        }
    }
}
