import ConnectorKit
import StrictJSON
import Testing

@testable import PluginJSONL

@Suite(.timeLimit(.minutes(1))) struct ExportSessionTests {
    @Test(arguments: [[Wire.rawChunks], []]) func everythingIsStored(capabilities: [String]) async throws {
        let stored = Box<[String: [UInt8]]>([:])
        let order = Box<[Int: String]>([:])
        let wasFinished = Box(false)
        let exporter = ScriptedExporter(
            script: { record, sequence, content in
                order.change { $0[sequence] = record.pathname.string }
                do {
                    let bytes = try await content?.readAll() ?? []
                    stored.change { $0[record.pathname.string] = bytes }
                    return .stored(["id": record.pathname.name])
                } catch {
                    return .failed(ConnectorError(wrapping: error))
                }
            }, onFinish: { wasFinished.change { $0 = true } })
        let pair = try Pair(.exporting(exporter), capabilities: capabilities)
        try await pair.ready()
        let export = try await pair.host.export(window: 4)
        let bytes = ImportSessionTests.bytes + ImportSessionTests.bytes
        var outcomes: [RecordOutcome] = []
        let directory = try await export.begin(.directory(try Pathname("/a"), modificationTime: .epoch))
        let big = try await export.begin(try .file("/a/big", size: Int64(bytes.count), hasContent: true))
        let empty = try await export.begin(try .file("/a/empty", size: 0, hasContent: true))
        outcomes.append(await directory.outcome(content: nil))
        outcomes.append(await big.outcome(content: try await ImportSessionTests.content(bytes).open()))
        outcomes.append(await empty.outcome(content: MemoryContent([])))
        #expect(outcomes == [.stored(["id": "a"]), .stored(["id": "big"]), .stored(["id": "empty"])])
        let summary = try await export.finish()
        #expect(summary == ExportSummary(stored: 2, unchanged: 0, skipped: 0, failed: 0, counters: [:]))
        #expect(stored.value == ["/a": [], "/a/big": bytes, "/a/empty": []])
        #expect(order.value == [1: "/a", 2: "/a/big", 3: "/a/empty"])
        #expect(wasFinished.value)
        await pair.host.close()
        #expect(await pair.status.value == 0)
    }

    @Test func anExportThatCannotBeginEndsWithThatOneError() async throws {
        let busy = ConnectorError(.unavailable, "another run is writing", isRetryable: true)
        var exporter = ScriptedExporter(script: { _, _, _ in .failed(busy) })
        exporter.onBegin = { throw busy }
        let pair = try Pair(.exporting(exporter))
        try await pair.ready()
        let export = try await pair.host.export(window: 2)
        let error = await #expect(throws: ConnectorError.self) {
            while true {
                let record = try await export.begin(try .file("/a", hasContent: false))
                _ = await record.outcome(content: nil)
            }
        }
        #expect(error == busy)
        await pair.host.close()
    }

    @Test func theLastWorkComesAfterAllOutcomesAndCanFail() async throws {
        let lost = ConnectorError(.notFound, "it is not there")
        let isTold = Box(false)
        let wasTold = Box(false)
        var exporter = ScriptedExporter(script: { _, _, _ in .stored() })
        exporter.onEnd = {
            wasTold.change { $0 = isTold.value }
            throw lost
        }
        let pair = try Pair(.exporting(exporter))
        try await pair.ready()
        let export = try await pair.host.export(window: 2)
        let record = try await export.begin(try .file("/a", hasContent: false))
        #expect(await record.outcome(content: nil) == .stored())
        isTold.change { $0 = true }
        let error = await #expect(throws: ConnectorError.self) { _ = try await export.finish() }
        #expect(error == lost)
        #expect(wasTold.value)
        await pair.host.close()
    }

    @Test func resultBeforeTheContentEndsTheSending() async throws {
        let refusal = ConnectorError(.rejected, "not a photo")
        let exporter = ScriptedExporter(script: { _, _, _ in .skipped(refusal) })
        let pair = try Pair(.exporting(exporter))
        try await pair.ready()
        let export = try await pair.host.export(window: 1)
        let endless = ScriptedContent(onRead: { [UInt8](repeating: 1, count: 1 << 18) })
        for _ in 0..<3 {
            let record = try await export.begin(try .file("/a", hasContent: true))
            #expect(await record.outcome(content: endless) == .skipped(refusal))
        }
        let found = try await export.finish().skipped
        #expect(found == 3)
        await pair.host.close()
    }

    @Test func creditHoldsTheHostBack() async throws {
        let go = Signal()
        let exporter = ScriptedExporter(script: { _, _, content in
            try? await go.wait()
            let bytes = try? await content?.readAll()
            return .stored(["size": "\(bytes?.count ?? 0)"])
        })
        let pair = try Pair(.exporting(exporter))
        try await pair.ready()
        let export = try await pair.host.export(window: 1)
        let record = try await export.begin(try .file("/a", hasContent: true))
        let pieces = Box(0)
        let content = ScriptedContent(onRead: {
            if pieces.value == 40 { return nil }
            pieces.change { $0 += 1 }
            // 4 MiB of credit is 16 pieces; the next one is read and has to wait.
            if pieces.value == 17 { go.signal() }
            return [UInt8](repeating: 1, count: 1 << 18)
        })
        #expect(await record.outcome(content: content) == .stored(["size": "\(40 << 18)"]))
        _ = try await export.finish()
        await pair.host.close()
    }

    @Test func contentThatCannotBeReadIsCancelled() async throws {
        let seen = Box<[ConnectorError.Code]>([])
        let exporter = ScriptedExporter(script: { _, _, content in
            do {
                _ = try await content?.readAll()
                return .stored()
            } catch {
                let error = ConnectorError(wrapping: error)
                seen.change { $0.append(error.code) }
                return .failed(error)
            }
        })
        let pair = try Pair(.exporting(exporter))
        try await pair.ready()
        let export = try await pair.host.export(window: 1)
        let broken = ConnectorError(.network, "the snapshot is gone")
        let record = try await export.begin(try .file("/a", hasContent: true))
        let outcome = await record.outcome(content: ScriptedContent(onRead: { throw broken }))
        #expect(outcome == .failed(broken))
        #expect(seen.value == [.cancelled])
        let found2 = try await export.finish().failed
        #expect(found2 == 1)
        await pair.host.close()
    }

    static let corruptions: [String] = [
        #"{"type":"end","record":1,"size":4,"sha256":"\#(String(repeating: "0", count: 64))"}"#,
        #"{"type":"end","record":1,"size":5}"#,
        #"{"type":"end","record":1}"#,
        #"{"type":"chunk","record":1,"offset":9,"data":"AQ=="}"#,
    ]

    /// A content that is not what was promised is never stored, even by an exporter that does not look.
    @Test(arguments: corruptions, [true, false]) func corruptContent(line: String, looks: Bool) async throws {
        let exporter = ScriptedExporter(script: { _, _, content in
            do {
                while try await content?.read() != nil {}
                return .stored()
            } catch {
                return looks ? .failed(ConnectorError(wrapping: error)) : .stored()
            }
        })
        let input = [
            hostHello, #"{"type":"init","id":1,"config":{}}"#, #"{"type":"export","id":2,"window":1}"#,
            #"{"type":"record","record":1,"pathname":"/a","kind":"file","size":6,"has_content":true}"#,
            #"{"type":"chunk","record":1,"offset":0,"data":"AQIDBA=="}"#, line, #"{"type":"finished","id":2}"#,
        ]
        let (down, up) = (try Pipe(), try Pipe())
        let session = try ConnectorSession(
            .exporting(exporter), role: .exporter, input: down.read, output: up.write, runtime: .still)
        let status = Task { await session.run() }
        func say(_ lines: some Sequence<String>) {
            Pipe.put(Array(lines.map { $0 + "\n" }.joined().utf8), to: down.write)
        }
        let lines = Lines(up.read)
        say(input.prefix(2))
        // Records have no place before `init` is done.
        _ = await lines.take(2)
        say(input.dropFirst(2))
        var answers: [JSON] = []
        while answers.last?["stored"] == nil {
            answers.append(try JSON(parsing: try #require(await lines.take(1).first)))
        }
        let result = answers.first { $0["type"] == "result" }
        #expect(result?["status"] == "failed")
        #expect(result?["error"]?["code"] == "corrupt")
        #expect(answers.last?["failed"] == 1)
        #expect(answers.last?["stored"] == 0)
        Descriptors.close(down.write)
        #expect(await status.value == 0)
    }
}
