import ConnectorKit
import Crypto
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import Synchronization
import TestSupport
import Testing

/// A large library over a service at its worst: everything that can be repeated goes wrong all the time, and sign-ins and
/// download URLs end within seconds. Time is the test's, so that no wait takes any.
@Suite(.timeLimit(.minutes(10)))
struct SoakTests {
    /// - Parameters:
    ///   - tooFast: how many requests in all are refused for having come too fast.
    ///   - refused: how many downloads are refused although their URL is good.
    private static func faults(tooFast: Double, refused: Double) -> [FakeFault] {
        func fault(_ kind: FakeFault.Kind, _ pattern: String, _ change: (inout FakeFault) -> Void = { _ in })
            -> FakeFault
        {
            var fault = FakeFault(kind, onAll: pattern)
            fault.count = nil
            fault.rate = 0.02
            change(&fault)
            return fault
        }
        return [
            fault(.status, "*") { $0.status = 503 },
            fault(.status, "*") { ($0.status, $0.retryAfter, $0.rate) = (429, 2, tooFast) },
            fault(.status, "mediaItems.*") { $0.status = 500 },
            fault(.reset, "*"),
            fault(.truncate, "download") { $0.bytes = 300 },
            fault(.invalidJSON, "mediaItems.*"),
            fault(.emptyPage, "mediaItems.search"),
            fault(.repeatItem, "mediaItems.search"),
            fault(.expire, "download") { $0.rate = refused },
            fault(.expire, "mediaItems.*"),
        ]
    }

    private static let workers = 16

    /// Here 429 is rarer than all the rest: each halves the rate, and at two in a hundred the slowest rate outlives
    /// download URLs of ten minutes.
    @Test(arguments: [UInt64(1)])
    func everyByteOfTwentyThousandItemsIsRightAndNoneComesTwice(seed: UInt64) async throws {
        // The waits of all readers add up on this clock, to an hour in the end. With URLs that live for seconds, others'
        // waits can outlive four in a row; with these, all but the first items have one that is over.
        // A URL that is over, and three good ones in a row that are refused, end a download: with two in a hundred, one
        // run in six would have such an item among 20,000.
        try await soak(
            items: 20_000, seed: seed, tooFast: 0.001, refused: 0.005, tokenLifetime: 5, urlLifetime: 600)
    }

    /// Here it is as frequent as all the rest: days of waiting on this clock. Sign-ins and URLs live as long as Google's,
    /// since the waits of the other readers pass while a request is under way.
    @Test(arguments: [UInt64(2)])
    func aServiceThatIsAlwaysTooBusyLosesNothing(seed: UInt64) async throws {
        try await soak(
            items: 600, seed: seed, tooFast: 0.02, refused: 0.02, tokenLifetime: 3599, urlLifetime: 3600)
    }

    private func soak(
        items: Int, seed: UInt64, tooFast: Double, refused: Double, tokenLifetime: Int, urlLifetime: Int
    ) async throws {
        var options = FakeOptions()
        options.plan.items = items
        options.plan.itemSize = 1000
        options.plan.seed = seed
        options.rules.accessTokenLifetime = tokenLifetime
        options.rules.baseURLLifetime = urlLifetime
        try await FakeService.run(options) { service in
            let expected = Dictionary(
                uniqueKeysWithValues: try service.library.items(of: "demo").map { ($0.id, $0.sha256) })
            for fault in Self.faults(tooFast: tooFast, refused: refused) { service.library.inject(fault) }
            let settings = try service.settings(
                "demo", ["daily_requests": "100000000", "daily_downloads": "100000000"])
            let importer = try PhotosImporter(
                settings: settings, options: ConnectorOptions(), reporter: TestReporter(),
                runtime: service.clock.runtime(), index: Index(path: nil))
            let reader = ReadingSink(clock: service.clock)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.workers { group.addTask { try await reader.work() } }
                _ = try await importer.importRecords(state: nil, to: reader)
                reader.end()
                try await group.waitForAll()
            }
            try await importer.close()
            let found = reader.hashes
            #expect(found.count == expected.count, "seed \(seed)")
            #expect(found.filter { expected[$0.key] != $0.value }.isEmpty, "seed \(seed)")
            #expect(reader.failures == [], "seed \(seed)")
            #expect(reader.repeated == 0, "seed \(seed)")
        }
    }
}

/// Reads every content as a host would: a few at a time, again where it broke, each item whole.
private final class ReadingSink: RecordSink {
    private struct Work: Sendable {
        var record: Record
        var content: any ContentSource
    }

    private struct State {
        var hashes: [String: String] = [:]
        var pathnames: Set<Pathname> = []
        var failures: [String] = []
        var repeated = 0
    }

    private let clock: TestClock
    private let queue: AsyncStream<Work>
    private let feed: AsyncStream<Work>.Continuation
    private let state = Mutex(State())

    init(clock: TestClock) {
        self.clock = clock
        (queue, feed) = AsyncStream.makeStream()
    }

    var hashes: [String: String] { state.withLock { $0.hashes } }
    var failures: [String] { state.withLock { $0.failures } }
    /// Pathnames that came twice.
    var repeated: Int { state.withLock { $0.repeated } }

    func emit(_ record: Record, content: (any ContentSource)?) {
        state.withLock { state in
            if !state.pathnames.insert(record.pathname).inserted { state.repeated += 1 }
            if let error = record.error { state.failures.append("\(record.pathname): \(error.message)") }
        }
        if let content { feed.yield(Work(record: record, content: content)) }
    }

    func end() { feed.finish() }

    func work() async throws {
        for await work in queue {
            try await read(work)
            clock.advance(.milliseconds(5))
        }
    }

    private func read(_ work: Work) async throws {
        for attempt in 1...3 {
            do {
                var hash = SHA256()
                let reader = try await work.content.open()
                while let chunk = try await reader.read() { hash.update(data: chunk) }
                await reader.close()
                await work.content.finished(.stored)
                note(work.record, String(hexadecimal: Array(hash.finalize())))
                return
            } catch let error as ConnectorError {
                // As `ImportedRecord.attempt` does.
                if attempt < 3, error.isRetryable || [.network, .corrupt].contains(error.code) { continue }
                await work.content.finished(.failed)
                state.withLock { $0.failures.append("\(work.record.pathname): \(error.message)") }
                return
            }
        }
    }

    private func note(_ record: Record, _ hash: String) {
        let id = record.attributes[Attribute.id] ?? ""
        state.withLock { state in
            if let known = state.hashes[id], known != hash {
                state.failures.append("\(record.pathname): other bytes than at another place")
            }
            state.hashes[id] = hash
        }
    }
}
