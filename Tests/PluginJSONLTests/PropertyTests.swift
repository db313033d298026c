import ConnectorKit
import Testing

@testable import PluginJSONL

/// Numbers that are the same in every run of one seed: SplitMix64 (Steele, Lea, Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

/// A record of a made-up source, and what the host does with it.
private struct Plan: Sendable {
    enum Content: Sendable { case none, whole, failsOnce, failsAlways, recordError }
    enum Use: Sendable { case unchanged, read, closeThenRead, finishInTheMidst }

    var pathname: String
    var content: Content
    var size: Int
    var piece: Int
    var use: Use

    static func random(_ index: Int, using generator: inout SeededGenerator) -> Plan {
        let contents: [Content] = [.none, .whole, .whole, .whole, .failsOnce, .failsAlways, .recordError]
        let uses: [Use] = [.unchanged, .read, .read, .read, .closeThenRead, .finishInTheMidst]
        let largest = [1, 100, 20_000, 300_000, 1 << 20].randomElement(using: &generator) ?? 1
        return Plan(
            pathname: "/\(index)", content: contents.randomElement(using: &generator) ?? .none,
            size: Int.random(in: 0...largest, using: &generator),
            piece: Int.random(in: 1000...1_200_000, using: &generator),
            use: uses.randomElement(using: &generator) ?? .read)
    }

    private static let pattern = (0..<(1 << 20) + 256).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }

    /// Contents of different sizes are different throughout.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        let shift = size & 255
        return Array(Self.pattern[range.lowerBound + shift..<range.upperBound + shift])
    }

    static let cut = ConnectorError(.network, "cut", isRetryable: true)

    /// Fails in its midst the first time, or each time.
    func source(finished: Box<[String: RecordStatus]>) -> ScriptedContent {
        let opened = Box(0)
        return ScriptedContent(
            onRead: { nil },
            onOpen: {
                opened.change { $0 += 1 }
                let fails = content == .failsAlways || content == .failsOnce && opened.value == 1
                let position = Box(0)
                return ScriptedContent(onRead: {
                    let start = position.value
                    if fails, start >= size / 2 { throw Self.cut }
                    if start >= size { return nil }
                    let end = min(start + piece, size)
                    position.change { $0 = end }
                    return bytes(start..<end)
                })
            }, onFinished: { status in finished.change { $0[pathname] = status } })
    }
}

@Suite(.timeLimit(.minutes(1))) struct PropertyTests {
    private func emit(_ plans: [Plan], to sink: any RecordSink, _ finished: Box<[String: RecordStatus]>) async throws {
        for plan in plans {
            var record = try Record.file(plan.pathname)
            switch plan.content {
            case .none: try await sink.emit(record, content: nil)
            case .recordError:
                record.error = Plan.cut
                try await sink.emit(record, content: nil)
            case .whole, .failsOnce, .failsAlways:
                try await sink.emit(record, content: plan.source(finished: finished))
            }
        }
    }

    /// - Returns: what the host says of the record, and whether the whole content was seen.
    private func use(
        _ record: ImportedRecord, _ plan: Plan, credit: Int64, seed: UInt64
    ) async throws -> (RecordStatus, failed: Bool) {
        guard record.record.hasContent, plan.use != .unchanged else { return (.unchanged, false) }
        if plan.use != .read {
            let first = try await record.open(credit: credit)
            if plan.use == .finishInTheMidst { return (.skipped, false) }
            await first.close()
        }
        for _ in 0..<3 {
            let reader = try await record.open(credit: credit)
            do {
                let bytes = try await reader.readAll()
                #expect(bytes == plan.bytes(0..<plan.size), "seed \(seed), \(plan)")
                return (.stored, false)
            } catch let error as ConnectorError {
                #expect(error == Plan.cut, "seed \(seed), \(plan)")
            }
        }
        #expect(plan.content == .failsAlways, "seed \(seed), \(plan)")
        return (.failed, true)
    }

    @Test(arguments: UInt64(1)...10, [[Wire.rawChunks], []])
    func everyRecordArrivesAndGetsItsResult(seed: UInt64, capabilities: [String]) async throws {
        var generator = SeededGenerator(seed: seed)
        let plans = (0..<Int.random(in: 1...60, using: &generator)).map { Plan.random($0, using: &generator) }
        let window = Int.random(in: 1...20, using: &generator)
        let credit = Int64([20_000, 65_536, 1 << 20].randomElement(using: &generator) ?? 20_000)
        let finished = Box<[String: RecordStatus]>([:])
        let importer = ScriptedImporter(script: { _, sink in
            try await emit(plans, to: sink, finished)
            return nil
        })
        let pair = try Pair(.importing(importer), capabilities: capabilities)
        try await pair.ready(maxConcurrency: Int.random(in: 1...6, using: &generator))
        let names = Box<[String]>([])
        let statuses = Box<[String: RecordStatus]>([:])
        let failures = Box(0)
        let summary = try await pair.host.importRecords(state: nil, window: window) { batch in
            try await withThrowingTaskGroup(of: (ImportedRecord, RecordStatus).self) { group in
                for record in batch {
                    names.change { $0.append(record.record.pathname.string) }
                    let index = try #require(Int(record.record.pathname.name))
                    group.addTask {
                        let (status, hasFailed) = try await use(record, plans[index], credit: credit, seed: seed)
                        if record.record.hasContent {
                            statuses.change { $0[record.record.pathname.string] = status }
                        }
                        if hasFailed { failures.change { $0 += 1 } }
                        return (record, status)
                    }
                }
                var settled: [(ImportedRecord, RecordStatus)] = []
                for try await one in group { settled.append(one) }
                pair.host.finish(settled)
            }
        }
        #expect(names.value == plans.map(\.pathname), "seed \(seed)")
        #expect(summary.records == plans.count, "seed \(seed)")
        let faulty = plans.count { $0.content == .recordError }
        // One that was closed early may have failed by then and counts only if that was the last of it.
        let least = Int64(faulty + failures.value)
        let abandoned = Int64(plans.count { $0.use == .finishInTheMidst })
        #expect((least...least + abandoned).contains(summary.errors), "seed \(seed)")
        #expect(finished.value == statuses.value, "seed \(seed)")
        await pair.host.close()
        #expect(await pair.status.value == 0, "seed \(seed)")
    }

    /// Results of one record at a time, the next only when no more records come: what wakes the importer must be
    /// enough for any window, also where a burst of places is waited for.
    @Test(arguments: [1, 2, 3, 4, 5, 8, 17, 300]) func everyWindowEmptiesAndFillsAgain(window: Int) async throws {
        let count = window * 3 + 1
        let importer = ScriptedImporter(script: { _, sink in
            for index in 0..<count { try await sink.emit(try .file("/\(index)"), content: nil) }
            return nil
        })
        let pair = try Pair(.importing(importer))
        try await pair.ready()
        let (held, most) = (Box<[ImportedRecord]>([]), Box(0))
        let summary = try await pair.host.importRecords(state: nil, window: window) { batch in
            held.change { $0 += batch }
            most.change { $0 = max($0, held.value.count) }
            // Nothing is settled until the window is full, or everything is here.
            let isLast = batch.last?.record.pathname.name == "\(count - 1)"
            if held.value.count < window, !isLast { return }
            for record in held.value { record.finish(.unchanged) }
            held.change { $0 = [] }
        }
        #expect(summary.records == count)
        #expect(most.value == window)
        await pair.host.close()
    }

    @Test func finishingManyTwiceOrNoneIsHarmless() async throws {
        let importer = ScriptedImporter(script: { _, sink in
            for index in 0..<3 { try await sink.emit(try .file("/\(index)"), content: nil) }
            return nil
        })
        let pair = try Pair(.importing(importer))
        try await pair.ready()
        let summary = try await pair.host.importRecords(state: nil, window: 3) { batch in
            pair.host.finish([])
            pair.host.finish(batch.map { ($0, .stored) })
            pair.host.finish(batch.map { ($0, .failed) })
        }
        #expect(summary.records == 3)
        await pair.host.close()
    }
}
