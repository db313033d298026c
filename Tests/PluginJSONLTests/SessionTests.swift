import ConnectorKit
import StrictJSON
import Testing

@testable import PluginJSONL

/// Both sides against each other, over real pipes.
@Suite(.timeLimit(.minutes(1))) struct ImportSessionTests {
    static let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }

    /// Some bytes in pieces of an odd size.
    static func content(_ bytes: [UInt8], piece: Int = 300_007) -> ScriptedContent {
        ScriptedContent(
            onRead: { nil },
            onOpen: {
                let position = Box(0)
                return ScriptedContent(onRead: {
                    let start = position.value
                    if start >= bytes.count { return nil }
                    let end = min(start + piece, bytes.count)
                    position.change { $0 = end }
                    return Array(bytes[start..<end])
                })
            })
    }

    @Test(arguments: [[Wire.rawChunks], []]) func contentArrivesWhole(capabilities: [String]) async throws {
        let importer = ScriptedImporter(script: { state, sink in
            try await sink.emit(.directory(.root, modificationTime: .epoch), content: nil)
            try await sink.emit(try .file("/big"), content: Self.content(Self.bytes))
            try await sink.emit(try .file("/empty"), content: MemoryContent([]))
            return state.map { $0 + "+" }
        })
        let pair = try Pair(.importing(importer), capabilities: capabilities)
        try await pair.ready()
        let seen = Box<[String: Int]>([:])
        let summary = try await pair.host.importRecords(state: "s", window: 2) { batch in
            for record in batch {
                if record.record.hasContent {
                    let reader = try await record.open()
                    let bytes = try await reader.readAll()
                    #expect(bytes == (record.record.pathname.name == "big" ? Self.bytes : []))
                    #expect(reader.digest?.size == Int64(bytes.count))
                    seen.change { $0[record.record.pathname.string] = bytes.count }
                }
                record.finish(.stored)
                record.finish(.failed)  // The first one counts.
            }
        }
        #expect(summary == ImportSummary(records: 3, errors: 0, state: "s+", counters: ["api_requests": 7]))
        #expect(seen.value == ["/big": Self.bytes.count, "/empty": 0])
        await pair.host.close()
        #expect(await pair.status.value == 0)
    }

    @Test func smallLinesOfTheHost() async throws {
        let long = String(repeating: "x", count: 70_000)
        let importer = ScriptedImporter(script: { _, sink in
            var record = try Record.file("/long")
            record.attributes = ["a": long]
            try await sink.emit(record, content: MemoryContent([1]))
            try await sink.emit(try .file("/big"), content: Self.content(Self.bytes, piece: 1_500_000))
            return nil
        })
        let pair = try Pair(.importing(importer), capabilities: [], maxLine: Wire.smallestMaxLine)
        try await pair.ready()
        let summary = try await pair.host.importRecords(state: nil, window: 9) { batch in
            for record in batch {
                if record.record.pathname.name == "long" {
                    #expect(record.record.error?.code == .tooLarge)
                    #expect(!record.record.hasContent)
                } else {
                    let whole = try await record.open().readAll()
                    #expect(whole == Self.bytes)
                }
                record.finish(.stored)
            }
        }
        #expect(summary.errors == 1)
        await pair.host.close()
    }

    /// The host that leaves the comparison out still has the hash of what it received.
    @Test(arguments: [true, false]) func digestIsOfWhatWasReceived(comparingHashes: Bool) async throws {
        let importer = ScriptedImporter(script: { _, sink in
            try await sink.emit(try .file("/hello"), content: MemoryContent(Array("hello".utf8)))
            return nil
        })
        let pair = try Pair(.importing(importer))
        try await pair.ready()
        _ = try await pair.host.importRecords(state: nil, window: 9) { batch in
            for record in batch {
                let reader = try await record.open(comparingHashes: comparingHashes)
                #expect(try await reader.readAll() == Array("hello".utf8))
                let digest = try #require(reader.digest)
                #expect(digest.size == 5)
                #expect(digest.sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
                record.finish(.stored)
            }
        }
        await pair.host.close()
    }

    @Test func brokenContentIsAnErrorAndIsOpenedAgain() async throws {
        let opened = Box(0)
        let finished = Box<[RecordStatus]>([])
        let flaky = ScriptedContent(
            onRead: { nil },
            onOpen: {
                opened.change { $0 += 1 }
                if opened.value > 1 { return MemoryContent([1, 2, 3]) }
                let reads = Box(0)
                return ScriptedContent(onRead: {
                    reads.change { $0 += 1 }
                    if reads.value > 1 { throw ConnectorError(.network, "cut", isRetryable: true) }
                    return [1]
                })
            }, onFinished: { status in finished.change { $0.append(status) } })
        let importer = ScriptedImporter(script: { _, sink in
            try await sink.emit(try .file("/flaky"), content: flaky)
            return nil
        })
        let pair = try Pair(.importing(importer))
        try await pair.ready()
        let summary = try await pair.host.importRecords(state: nil, window: 1) { batch in
            for record in batch {
                let first = try await record.open()
                let error = await #expect(throws: ConnectorError.self) { try await first.readAll() }
                #expect(error == ConnectorError(.network, "cut", isRetryable: true))
                #expect(first.digest == nil)
                let found2 = try await record.open().readAll()
                #expect(found2 == [1, 2, 3])
                record.finish(.stored)
                await #expect(throws: ConnectorError.self) { try await record.open() }
            }
        }
        #expect(summary.errors == 0)
        #expect(finished.value == [.stored])
        await pair.host.close()
    }

    @Test func closingEarlyCancelsAndFreesTheRecord() async throws {
        let importer = ScriptedImporter(script: { _, sink in
            try await sink.emit(try .file("/big"), content: Self.content(Self.bytes))
            return nil
        })
        let pair = try Pair(.importing(importer))
        try await pair.ready()
        _ = try await pair.host.importRecords(state: nil, window: 1) { batch in
            for record in batch {
                for _ in 0..<3 {
                    let reader = try await record.open()
                    let first3 = try await reader.read()
                    #expect(first3 != nil)
                    await reader.close()
                    await #expect(throws: (any Error).self) { try await reader.read() }
                }
                let whole4 = try await record.open().readAll()
                #expect(whole4 == Self.bytes)
                record.finish(.stored)
            }
        }
        await pair.host.close()
        #expect(await pair.status.value == 0)
    }

    @Test func creditHoldsTheSenderBack() async throws {
        let read = Box(0)
        let endless = ScriptedContent(onRead: {
            read.change { $0 += 1 }
            return [UInt8](repeating: 1, count: 1 << 18)
        })
        let importer = ScriptedImporter(script: { _, sink in
            try await sink.emit(try .file("/endless"), content: endless)
            try await sink.emit(try .file("/other"), content: MemoryContent([9]))
            return nil
        })
        // One transfer at a time; the endless one waits for credit, so that the other has its turn.
        let pair = try Pair(.importing(importer))
        try await pair.ready(maxConcurrency: 1)
        let held = Box<[HostContentReader]>([])
        _ = try await pair.host.importRecords(state: nil, window: 2) { batch in
            for record in batch {
                let reader = try await record.open()
                if record.record.pathname.name == "other" {
                    let found5 = try await reader.readAll()
                    #expect(found5 == [9])
                    // 1 MiB of credit is four pieces, and one more is in its hands.
                    #expect(read.value <= 5)
                    record.finish(.stored)
                } else {
                    held.change { $0.append(reader) }
                    record.finishLater(in: held)
                }
            }
            if batch.contains(where: { $0.record.pathname.name == "other" }) { Held.finishAll() }
        }
        await pair.host.close()
    }

    @Test func receiverThatThrowsCancelsTheImport() async throws {
        let importer = ScriptedImporter(script: { _, sink in
            for index in 0... { try await sink.emit(try .file("/\(index)"), content: nil) }
            return nil
        })
        let pair = try Pair(.importing(importer))
        try await pair.ready()
        let wrong = ConnectorError(.quota, "full")
        let error = await #expect(throws: ConnectorError.self) {
            try await pair.host.importRecords(state: nil, window: 4) { batch in
                if batch.contains(where: { $0.record.pathname.name == "9" }) { throw wrong }
                for record in batch { record.finish(.unchanged) }
            }
        }
        #expect(error == wrong)
        // The session is as good as before.
        try await pair.host.ping()
        await pair.host.close()
        #expect(await pair.status.value == 0)
    }

    @Test func cancellingTheTaskCancelsTheImport() async throws {
        let reached = Signal()
        let importer = ScriptedImporter(script: { _, sink in
            for index in 0... { try await sink.emit(try .file("/\(index)"), content: nil) }
            return nil
        })
        let pair = try Pair(.importing(importer))
        try await pair.ready()
        let work = Task { try await pair.host.importRecords(state: nil, window: 4) { _ in reached.signal() } }
        try await reached.wait()
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        await pair.host.close()
        #expect(await pair.status.value == 0)
    }

    @Test func failuresKeepTheirWords() async throws {
        let sad = ConnectorError(.rateLimited, "too fast", isRetryable: true, retryAfter: 30, hint: "wait")
        let importer = ScriptedImporter(script: { _, _ in throw sad }, onPing: { throw sad })
        let pair = try Pair(.importing(importer))
        let hello = try await pair.host.start()
        #expect(hello.name == "scripted")
        #expect(hello.roles == ["importer"])
        let found6 = try await pair.host.spec()["properties"]?["token"]?["writeOnly"]
        #expect(found6 == true)
        let identity = try await pair.host.initialize(config: [:], options: ConnectorOptions())
        #expect(identity == importer.identity)
        let pinged = await #expect(throws: ConnectorError.self) { try await pair.host.ping() }
        #expect(pinged == sad)
        let error = await #expect(throws: ConnectorError.self) {
            try await pair.host.importRecords(state: nil, window: 1) { _ in }
        }
        #expect(error == sad)
        await pair.host.close()
        await pair.host.close()
        await #expect(throws: ConnectorError.self) { try await pair.host.ping() }
    }

    @Test func manyRecords() async throws {
        let importer = ScriptedImporter(script: { _, sink in
            for index in 0..<2000 { try await sink.emit(try .file("/\(index)"), content: MemoryContent([1])) }
            return nil
        })
        let pair = try Pair(.importing(importer))
        try await pair.ready()
        let names = Box<[String]>([])
        let summary = try await pair.host.importRecords(state: nil, window: 64) { batch in
            #expect(batch.count <= 64)
            names.change { $0 += batch.map(\.record.pathname.name) }
            for record in batch { record.finish(.unchanged) }
        }
        #expect(summary.records == 2000)
        #expect(names.value == (0..<2000).map(String.init))
        await pair.host.close()
    }
}

/// Records whose result a test puts off.
enum Held {
    static let records = Box<[ImportedRecord]>([])
    static func finishAll() {
        for record in records.value { record.finish(.skipped) }
    }
}

extension ImportedRecord {
    fileprivate func finishLater(in readers: Box<[HostContentReader]>) { Held.records.change { $0.append(self) } }
}
