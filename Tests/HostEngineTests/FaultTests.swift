import ConnectorKit
import FakePhotos
import Foundation
import SeededRandom
import TestSupport
import Testing

@testable import HostEngine

/// Everything that the service does wrong, in the midst of a push: it ends right or says what failed, a second run
/// completes it, and nothing is there twice.
///
/// `GPHOTOS_TEST_SEED` decides what goes wrong when.
@Suite(.timeLimit(.minutes(5)))
struct FaultTests {
    private static let endpoints: [Endpoint] = [
        .token, .uploads, .albumsList, .albumsCreate, .itemsBatchCreate, .albumsBatchAdd, .itemsSearch,
    ]
    private static let kinds: [FakeFault.Kind] = [
        .status, .dailyQuota, .concurrentWrite, .reset, .dropAnswer, .truncate, .slow, .throttle, .corrupt,
        .invalidJSON, .html, .image, .emptyPage, .repeatItem, .skipItem, .repeatToken, .latency, .expire, .itemError,
    ]

    @Test func whateverTheServiceDoesNothingIsLostAndNothingIsThereTwice() async throws {
        let seed =
            ProcessInfo.processInfo.environment["GPHOTOS_TEST_SEED"].flatMap { UInt64($0) }
            ?? 1
        print("FaultTests: GPHOTOS_TEST_SEED=\(seed)")
        var random = SeededRandom(seed: seed)
        try await PushBench.run(9) { bench in
            for round in 0..<60 {
                let account = "round\(round)"
                bench.library.addAccount(account)
                let clock = TestClock()
                let faults = (0..<3).map { _ in Self.fault(&random) }
                let story = "seed \(seed), round \(round): \(faults.map(Self.describe))"
                for fault in faults { bench.library.inject(fault) }
                let observer = TestObserver()
                do {
                    let link = try await bench.openHere(account, clock: clock)
                    let first = try await bench.push(link, observer: observer)
                    await link.close()
                    if first.failed + first.left == 0 {
                        let wrong = try bench.faults(account)
                        #expect(wrong.isEmpty, "\(story)")
                    } else {
                        #expect(first.end != nil || !observer.errors.isEmpty, "\(story)")
                    }
                    bench.library.clearFaults()
                    // The quota of another day, where the first one was told to be used up.
                    clock.advance(.seconds(2 * 86400))
                    let again = try await bench.openHere(account, clock: clock)
                    let second = try await bench.push(again, observer: observer)
                    await again.close()
                    #expect(second.failed + second.left == 0, "\(story): \(observer.errors)")
                    let wrong = try bench.faults(account)
                    #expect(wrong.isEmpty, "\(story)")
                } catch {
                    Issue.record("\(story): \(error)")
                }
            }
        }
    }

    private static func fault(_ random: inout SeededRandom) -> FakeFault {
        let kind = kinds.randomElement(using: &random) ?? .reset
        var fault = FakeFault(kind, on: endpoints.randomElement(using: &random) ?? .uploads)
        fault.after = Int.random(in: 0..<4, using: &random)
        fault.count = Int.random(in: 1...3, using: &random)
        switch kind {
        case .status:
            fault.status = [401, 404, 429, 500, 502, 503].randomElement(using: &random) ?? 500
            // What is refused was not done; only what failed may have been.
            fault.isDone = Bool.random(using: &random) && fault.status >= 500
        case .reset, .truncate, .corrupt: fault.bytes = Int.random(in: 0..<300, using: &random)
        case .throttle: fault.bytes = 1 << 20
        case .latency: fault.seconds = 0.01
        case .slow: (fault.bytes, fault.seconds) = (100, 0.001)
        case .itemError: fault.code = Bool.random(using: &random) ? 13 : 3
        default: break
        }
        return fault
    }

    private static func describe(_ fault: FakeFault) -> String {
        "\(fault.kind.rawValue) \(fault.status) \(fault.isDone ? "done " : "")\(fault.pattern) "
            + "after \(fault.after), \(fault.count ?? 0) times, \(fault.bytes) bytes, code \(fault.code)"
    }
}
