import ConnectorKit
import StrictJSON
import Testing

@testable import PluginJSONL

/// A host whose connector dies, or lies, learns of it: nothing waits for ever.
@Suite(.timeLimit(.minutes(1))) struct DyingConnectorTests {
    static let hello =
        #"{"type":"hello","protocol":"kloset.jsonl","version":1,"name":"c","plugin_version":"1","roles":[],"#
        + #""capabilities":[],"max_line":65536}"#
    static let messages = [
        hello, #"{"type":"ok","id":1,"origin":"o","kind":"k","root":"/"}"#,
        #"{"type":"record","record":1,"pathname":"/a","kind":"file","has_content":true}"#,
        #"{"type":"chunk","record":1,"offset":0,"data":"AQ=="}"#,
    ]

    private func runImport(after lines: [String]) async throws -> (any Error)? {
        let (down, up) = (try Pipe(), try Pipe())
        let host = HostSession(
            input: up.read, output: down.write, name: "h", version: "1", runtime: .still, onEvent: { _ in })
        // Requests have answers before they are sent, so what the connector says is fed as it is asked.
        let asked = Lines(down.read)
        let feeding = Task {
            for (index, line) in lines.enumerated() {
                if index < 4 { _ = await asked.take(1) }
                Pipe.put(Array((line + "\n").utf8), to: up.write)
            }
            Descriptors.close(up.write)
        }
        var failure: (any Error)?
        do {
            _ = try await host.start()
            _ = try await host.initialize(config: [:], options: ConnectorOptions())
            _ = try await host.importRecords(state: nil, window: 5) { batch in
                for record in batch {
                    _ = try await record.open().readAll()
                    record.finish(.stored)
                }
            }
        } catch {
            failure = error
        }
        await feeding.value
        await host.close()
        return failure
    }

    @Test(arguments: 0...4) func diesAfter(_ count: Int) async throws {
        let error = try await runImport(after: Array(Self.messages.prefix(count)))
        #expect(error as? ConnectorError == ConnectorError(.internalDefect, "the connector ended unexpectedly"))
    }

    @Test func fatalErrorIsWhatWaitersThrow() async throws {
        let fatal = #"{"type":"error","error":{"code":"auth","message":"expired","retryable":false}}"#
        let error = try await runImport(after: Self.messages.prefix(2) + [fatal])
        #expect(error as? ConnectorError == ConnectorError(.auth, "expired"))
    }

    @Test(arguments: [
        #"{"type":"end","record":1,"size":2}"#,
        #"{"type":"chunk","record":1,"offset":5,"data":"AQ=="}"#,
        #"{"type":"end","record":1,"size":1,"sha256":"\#(String(repeating: "a", count: 64))"}"#,
    ]) func contentThatDisagrees(line: String) async throws {
        let error = try await runImport(after: Self.messages + [line])
        #expect((error as? ConnectorError)?.code == .corrupt)
    }

    @Test(arguments: [
        "no json", #"{"type":"ok","id":77}"#, #"{"type":"record","record":5,"pathname":"/b","kind":"file"}"#,
        #"{"type":"record","record":2,"pathname":"/../b","kind":"file"}"#, #"{"type":"end","record":9,"size":0}"#,
    ]) func brokenProtocol(line: String) async throws {
        let error = try await runImport(after: Self.messages + [line])
        #expect((error as? ConnectorError)?.code == .protocolViolation)
    }

    @Test func exportOutlivesNobody() async throws {
        let (down, up) = (try Pipe(), try Pipe())
        let host = HostSession(
            input: up.read, output: down.write, name: "h", version: "1", runtime: .still, onEvent: { _ in })
        let asked = Lines(down.read)
        let feeding = Task {
            _ = await asked.take(1)
            Pipe.put(Array((Self.hello + "\n").utf8), to: up.write)
            _ = await asked.take(1)
            Pipe.put(Array((#"{"type":"ready","id":1,"credit":2}"# + "\n").utf8), to: up.write)
            // The record and its first chunk, then the end.
            _ = await asked.take(2)
            Descriptors.close(up.write)
        }
        _ = try await host.start()
        let export = try await host.export(window: 1)
        let record = try await export.begin(try .file("/a", hasContent: true))
        let outcome = await record.outcome(content: MemoryContent([1, 2, 3]))
        #expect(outcome.status == .failed)
        #expect(outcome.error?.code == .internalDefect)
        await #expect(throws: ConnectorError.self) { try await export.begin(try .file("/b")) }
        await #expect(throws: ConnectorError.self) { try await export.finish() }
        await feeding.value
        await host.close()
    }
}
