import ConnectorKit
import Foundation
import GRPCCore
import Testing

@testable import PluginPlakar

/// An export by Plakar: records and contents in one stream, results in the other.
@Suite(.timeLimit(.minutes(1)))
struct ExportTests {
    typealias Results = RPCAsyncSequence<Plakar_Exporter_ExportResponse, any Error>
    typealias Packets = AsyncStream<Plakar_Exporter_ExportRequest>.Continuation

    private struct Item: Sendable {
        var record: Record
        var chunks: [[UInt8]]?
        var isEnded = true

        static func file(_ path: String, size: Int64? = nil, _ chunks: [[UInt8]], isEnded: Bool = true) throws -> Item {
            Item(record: try .file(path, size: size), chunks: chunks, isEnded: isEnded)
        }
        static func directory(_ path: String) throws -> Item {
            Item(record: .directory(try Pathname(path), modificationTime: .epoch))
        }
    }

    /// Sends the items as Plakar does.
    /// - Returns: the error of each pathname, empty where there is none.
    private static func restore(_ items: [Item], on host: PlakarHost) async throws -> [String: String] {
        let request = Plakar_Exporter_InitRequest.with { $0.options.maxconcurrency = 4 }
        _ = try await host.unary(PlakarHost.exporter, "Init", request, as: Plakar_Exporter_InitResponse.self)
        let results = try await host.stream(PlakarHost.exporter, "Export") { (results: Results, packets: Packets) in
            for item in items {
                let header = Plakar_Connectors_Record(item.record, hasContent: item.chunks != nil)
                packets.yield(.with { $0.record = header })
                guard let chunks = item.chunks else { continue }
                for chunk in chunks { packets.yield(.with { $0.chunk = Data(chunk) }) }
                if item.isEnded { packets.yield(.with { $0.chunk = Data() }) }
            }
            packets.finish()
            var outcomes: [String: String] = [:]
            for try await message in results {
                let pathname = message.result.header.pathname
                #expect(outcomes.updateValue(message.result.error, forKey: pathname) == nil)
            }
            return outcomes
        }
        _ = try await host.unary(
            PlakarHost.exporter, "Close", Plakar_Exporter_CloseRequest(), as: Plakar_Exporter_CloseResponse.self)
        return results
    }

    @Test func everyRecordHasItsContentAndItsResult() async throws {
        let stored = Box<[String: [UInt8]?]>([:])
        let finished = Box(0)
        var exporter = ScriptedExporter { record, _, content in
            let bytes = try? await content?.readAll()
            stored.change { $0[record.pathname.string] = .some(bytes) }
            return .stored()
        }
        exporter.onFinish = { finished.change { $0 += 1 } }
        let plugin = ConnectorPlugin.exporting(exporter)
        let large = [UInt8](repeating: 7, count: 1 << 20)
        let (results, status, said) = try await PlakarHost.run(plugin) { host in
            try await Self.restore(
                [
                    try .directory("/"), try .directory("/album"), try .file("/album/a", size: 3, [[1, 2], [3]]),
                    try .file("/album/empty", size: 0, []), try .file("/b", Array(repeating: large, count: 40)),
                ], on: host)
        }
        #expect(results == ["/": "", "/album": "", "/album/a": "", "/album/empty": "", "/b": ""])
        #expect(stored.value["/album/a"] == [1, 2, 3])
        #expect(stored.value["/album/empty"] == [])
        #expect(stored.value["/b"]??.count == 40 << 20)
        #expect(finished.value == 1)
        #expect(status == 0)
        #expect(said.isEmpty)
    }

    @Test func aContentOfAnotherLengthThanTheSnapshotsIsNotStored() async throws {
        let exporter = ScriptedExporter { _, _, content in
            do {
                _ = try await content?.readAll()
                return .stored()
            } catch {
                return .failed(ConnectorError(wrapping: error))
            }
        }
        let (results, _, _) = try await PlakarHost.run(.exporting(exporter)) { host in
            try await Self.restore(
                [try .file("/short", size: 3, [[1, 2]]), try .file("/good", size: 1, [[1]])], on: host)
        }
        #expect(results == ["/short": "the content has 2 bytes in place of 3", "/good": ""])
    }

    /// Its stream ends in the same way when it has sent everything and when it was stopped.
    @Test func theEndOfItsStreamIsNoWord() {
        #expect(!ConnectorOptions(Plakar_Exporter_Options()).tellsEnd)
    }

    @Test func aContentThatTheHostCutsOffIsNotStored() async throws {
        let exporter = ScriptedExporter { _, _, content in
            // One that does not look at its last read.
            while (try? await content?.read()) != nil {}
            return .stored()
        }
        let (results, _, _) = try await PlakarHost.run(.exporting(exporter)) { host in
            try await Self.restore([try .file("/cut", [[1, 2]], isEnded: false)], on: host)
        }
        #expect(results == ["/cut": "the host ended amid the content"])
    }

    /// A batch is committed when it is full: the records of one must be under way at the same time, although their
    /// contents come one after the other, and although they fill the budget of bytes.
    @Test func recordsThatWaitForEachOtherAreStored() async throws {
        let count = 50
        let arrived = Box(0)
        let (full, fill) = AsyncStream.makeStream(of: Void.self)
        let gate = Task { for await _ in full {} }
        let exporter = ScriptedExporter { _, _, content in
            while let bytes = try? await content?.read(), !bytes.isEmpty {}
            arrived.change { $0 += 1 }
            if arrived.value == count { fill.finish() }
            await gate.value
            return .stored()
        }
        let (results, _, _) = try await PlakarHost.run(.exporting(exporter)) { host in
            let chunk = [UInt8](repeating: 1, count: 1 << 20)
            return try await Self.restore((0..<count).map { try .file("/\($0)", [chunk, chunk]) }, on: host)
        }
        #expect(results.count == count)
        #expect(results.values.filter { !$0.isEmpty } == [])
    }

    /// Contents that nobody reads yet fill the budget; the one that everybody waits for gets through.
    @Test func aContentIsReadAlthoughOthersFillTheBudget() async throws {
        let (read, done) = AsyncStream.makeStream(of: Void.self)
        let last = Task { for await _ in read {} }
        let exporter = ScriptedExporter { record, _, content in
            if record.pathname.name != "last" { await last.value }
            while let bytes = try? await content?.read(), !bytes.isEmpty {}
            if record.pathname.name == "last" { done.finish() }
            return .stored()
        }
        let (results, _, _) = try await PlakarHost.run(.exporting(exporter)) { host in
            let chunk = [UInt8](repeating: 1, count: 1 << 20)
            let chunks = Array(repeating: chunk, count: ExporterService.mostWaitingBytes >> 20)
            return try await Self.restore([try .file("/first", chunks), try .file("/last", chunks)], on: host)
        }
        #expect(results == ["/first": "", "/last": ""])
    }

    @Test func aContentThatNobodyReadsIsPassedOver() async throws {
        let exporter = ScriptedExporter { record, _, _ in
            record.pathname.name == "known"
                ? .unchanged() : .skipped(ConnectorError(.rejected, "Google does not take it"))
        }
        let (results, _, _) = try await PlakarHost.run(.exporting(exporter)) { host in
            let chunks = Array(repeating: [UInt8](repeating: 1, count: 1 << 20), count: 80)
            return try await Self.restore([try .file("/known", chunks), try .file("/odd", chunks)], on: host)
        }
        // Plakar has no word for what was left out: it is an error, or nobody hears of it.
        #expect(results == ["/known": "", "/odd": "Google does not take it"])
    }

    @Test func aDirectoryIsDoneBeforeWhatFollowsItBegins() async throws {
        let events = Box<[String]>([])
        let exporter = ScriptedExporter { record, sequence, content in
            events.change { $0.append("\(sequence) begins") }
            if record.kind == .directory { for _ in 0..<100 { await Task.yield() } }
            events.change { $0.append("\(sequence) ends") }
            return .stored()
        }
        _ = try await PlakarHost.run(.exporting(exporter)) { host in
            try await Self.restore(
                [try .directory("/"), try .directory("/album"), try .file("/album/a", [[1]])], on: host)
        }
        #expect(events.value == ["1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends"])
    }

    @Test func whatCannotBeStoredIsToldAndTheRestGoesOn() async throws {
        let passed = Box<Set<Int>>([])
        let stored = Box<Set<Int>>([])
        var exporter = ScriptedExporter { _, sequence, content in
            _ = try? await content?.readAll()
            stored.change { $0.insert(sequence) }
            return .stored()
        }
        exporter.onPass = { number in passed.change { $0.insert(number) } }
        let (results, _, _) = try await PlakarHost.run(.exporting(exporter)) { host in
            let request = Plakar_Exporter_InitRequest()
            _ = try await host.unary(PlakarHost.exporter, "Init", request, as: Plakar_Exporter_InitResponse.self)
            return try await host.stream(PlakarHost.exporter, "Export") { (results: Results, packets: Packets) in
                for (path, isXattr) in [("relative", false), ("/x", true), ("/good", false)] {
                    packets.yield(
                        .with {
                            $0.record.pathname = path
                            $0.record.isXattr = isXattr
                            $0.record.hasReader_p = true
                        })
                    packets.yield(.with { $0.chunk = Data([1]) })
                    packets.yield(.with { $0.chunk = Data() })
                }
                packets.finish()
                var errors: [String: Bool] = [:]
                for try await message in results {
                    errors[message.result.header.pathname] = !message.result.error.isEmpty
                }
                return errors
            }
        }
        #expect(results == ["relative": true, "/x": true, "/good": false])
        // Every number comes, since the next records wait for it.
        #expect(passed.value == [1, 2])
        #expect(stored.value == [3])
    }

    @Test(arguments: ["verify_failed", "links_failed"])
    func whatIsFoundWrongAtTheEndIsAnErrorOfTheExport(counter: String) async throws {
        var exporter = ScriptedExporter { _, _, _ in .stored() }
        exporter.found = [counter: 2]
        _ = try await PlakarHost.run(.exporting(exporter)) { host in
            await #expect(throws: RPCError.self) { try await Self.restore([try .directory("/")], on: host) }
        }
    }

    @Test func contentWithoutARecordEndsTheExport() async throws {
        let exporter = ScriptedExporter { _, _, _ in .stored() }
        _ = try await PlakarHost.run(.exporting(exporter)) { host in
            let request = Plakar_Exporter_InitRequest()
            _ = try await host.unary(PlakarHost.exporter, "Init", request, as: Plakar_Exporter_InitResponse.self)
            await #expect(throws: RPCError.self) {
                try await host.stream(PlakarHost.exporter, "Export") { (results: Results, packets: Packets) in
                    packets.yield(.with { $0.chunk = Data([1]) })
                    for try await _ in results {}
                }
            }
        }
    }
}
