import ConnectorKit
import Testing

@testable import PluginJSONL

/// An import that the host has whole already.
@Suite struct UnchangedTests {
    private static func importer(_ fingerprints: [String]) -> ScriptedImporter {
        ScriptedImporter(script: { state, sink in
            for fingerprint in fingerprints where await sink.hasAll(of: fingerprint) { return state }
            try await sink.emit(.directory(.root, modificationTime: .epoch), content: nil)
            return state
        })
    }

    private static func run(_ pair: Pair, _ fingerprint: String?) async throws -> (ImportSummary, records: Int) {
        let records = Box(0)
        let summary = try await pair.host.importRecords(state: "s", fingerprint: fingerprint, window: 4) { batch in
            records.change { $0 += batch.count }
            for record in batch { record.finish(.stored) }
        }
        return (summary, records.value)
    }

    @Test func nothingComesWhereTheHostHasAll() async throws {
        let pair = try Pair(.importing(Self.importer(["f"])))
        try await pair.ready()
        let (first, count) = try await Self.run(pair, nil)
        #expect(count == 1)
        #expect(first.fingerprint == "f")
        #expect(!first.isUnchanged)
        let (second, none) = try await Self.run(pair, first.fingerprint)
        #expect(none == 0)
        #expect(second.isUnchanged)
        #expect(second.fingerprint == "f")
        #expect(second.records == 0)
        #expect(second.state == "s")
        let (other, all) = try await Self.run(pair, "g")
        #expect(all == 1)
        #expect(!other.isUnchanged)
        await pair.host.close()
    }

    @Test func theLastFingerprintCounts() async throws {
        let pair = try Pair(.importing(Self.importer(["f", "g"])))
        try await pair.ready()
        #expect(try await Self.run(pair, nil).0.fingerprint == "g")
        #expect(try await Self.run(pair, "g").0.isUnchanged)
        await pair.host.close()
    }

    @Test func whoTellsNoFingerprintSendsAll() async throws {
        let pair = try Pair(.importing(Self.importer([])))
        try await pair.ready()
        let (summary, count) = try await Self.run(pair, "f")
        #expect(count == 1)
        #expect(summary.fingerprint == nil)
        #expect(!summary.isUnchanged)
        await pair.host.close()
    }

    /// A host takes nobody's word for what it does not have.
    @Test(arguments: [
        #"{"type":"ok","id":1,"records":0,"errors":0,"state":null,"unchanged":true}"#,
        #"{"type":"ok","id":1,"records":0,"errors":0,"state":null,"unchanged":true,"fingerprint":"g"}"#,
        #"{"type":"record","record":1,"pathname":"/","kind":"directory"}"# + "\n"
            + #"{"type":"ok","id":1,"records":1,"errors":0,"state":null,"unchanged":true,"fingerprint":"f"}"#,
    ])
    func whatTheHostDoesNotHaveIsNotUnchanged(_ answer: String) async throws {
        try await expectViolation(answer, offering: "f")
    }

    @Test func whoOfferedNothingIsToldAll() async throws {
        try await expectViolation(
            #"{"type":"ok","id":1,"records":0,"errors":0,"state":null,"unchanged":true,"fingerprint":"f"}"#,
            offering: nil)
    }

    private func expectViolation(_ answer: String, offering fingerprint: String?) async throws {
        let (down, up) = (try Pipe(), try Pipe())
        let host = HostSession(
            input: up.read, output: down.write, hello: HostHello(name: "test", version: "1", capabilities: [])
        ) { _ in }
        let hello =
            #"{"type":"hello","protocol":"kloset.jsonl","version":1,"name":"x","plugin_version":"1","#
            + #""roles":["importer"],"capabilities":[],"max_line":8388608}"#
        Pipe.put((hello + "\n").utf8, to: up.write)
        _ = try await host.start()
        let run = Task {
            try await host.importRecords(state: nil, fingerprint: fingerprint, window: 4) { batch in
                for record in batch { record.finish(.stored) }
            }
        }
        // What follows answers the import, which has to be there.
        var sent = ""
        while !sent.contains(#""type":"import""#) { sent += try #require(await Pipe.line(from: down.read)) }
        Pipe.put((answer + "\n").utf8, to: up.write)
        let error = await #expect(throws: ConnectorError.self) { try await run.value }
        #expect(error?.code == .protocolViolation)
        Descriptors.close(up.write, down.read)
        await host.close()
    }

    @Test func theMessagesAreThoseOfTheDocument() throws {
        let offer = HostMessage.importRecords(id: 4, window: 256, state: nil, fingerprint: "9f")
        let line = #"{"type":"import","id":4,"window":256,"state":null,"fingerprint":"9f"}"#
        #expect(offer.encoded(raw: false).map { String(decoding: $0, as: UTF8.self) } == [line + "\n"])
        #expect(try HostMessage(line: Array(line.utf8)[...]) == offer)
    }
}
