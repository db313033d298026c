import ConnectorKit
import Testing

@testable import PluginJSONL

/// Whether a connector is told that the host has kept what it was sent.
@Suite(.timeLimit(.minutes(1))) struct AcknowledgementTests {
    private struct Source: Importer {
        let said: Box<[String]>
        var script: @Sendable (any RecordSink) async throws -> Void

        var identity: ConnectorIdentity { ConnectorIdentity(origin: "me", kind: "scripted", root: .root) }
        func ping() async throws {}
        func importRecords(state: String?, to sink: any RecordSink) async throws -> String? {
            try await script(sink)
            return nil
        }
        func acknowledged() async { said.change { $0.append("acknowledged") } }
        func close() async throws { said.change { $0.append("closed") } }
    }

    private func onPair(
        _ script: @escaping @Sendable (any RecordSink) async throws -> Void = {
            try await $0.emit(try .file("/a"), content: nil)
        }, _ body: (Pair) async throws -> Void
    ) async throws -> [String] {
        let said = Box<[String]>([])
        let plugin = ConnectorPlugin(
            name: "scripted", version: "1", title: "Scripted", settings: [],
            makeImporter: { _, _, _ in Source(said: said, script: script) }, makeExporter: nil)
        let pair = try Pair(plugin)
        try await pair.ready()
        try await body(pair)
        _ = await pair.status.value
        return said.value
    }

    private func importAll(_ pair: Pair) async throws {
        _ = try await pair.host.importRecords(state: nil, window: 4) { batch in
            for record in batch { record.finish(.stored) }
        }
    }

    @Test func aHostThatClosesHasKeptWhatItWasSent() async throws {
        let said = try await onPair { pair in
            try await importAll(pair)
            await pair.host.close()
        }
        #expect(said == ["acknowledged", "closed"])
    }

    @Test func aHostThatGoesAwayMayHaveKeptNothing() async throws {
        let said = try await onPair { pair in
            try await importAll(pair)
            await pair.host.close(isInOrder: false)
        }
        #expect(said == ["closed"])
    }

    @Test func aHostThatClosesInTheMidstOfAnImportHasNotKeptIt() async throws {
        let began = Box(false)
        let endless: @Sendable (any RecordSink) async throws -> Void = { sink in
            try await sink.emit(try .file("/a"), content: nil)
            began.change { $0 = true }
            try await Signal().wait()
        }
        let said = try await onPair(endless) { pair in
            let run = Task { try await importAll(pair) }
            while !began.value { await Task.yield() }
            await pair.host.close()
            _ = await run.result
        }
        #expect(said == ["closed"])
    }
}
