import ConnectorKit
import FakePhotos
import Foundation
import SeededRandom
import Testing

@testable import HostEngine

/// The exporter, killed by SIGKILL anywhere and started again until it is done: the library ends with exactly the items
/// wanted, each once per album, in order.
///
/// `GPHOTOS_TEST_SEED` decides where; `GPHOTOS_TEST_KILLS` how often.
@Suite(.timeLimit(.minutes(10)), .serialized)
struct KillTests {
    /// How a run is stopped.
    private enum Moment: CaseIterable {
        /// A request was done, and its answer is lost.
        case answerLost
        /// A request has come, whatever has become of it.
        case requestCame
        /// An upload has stopped in its midst.
        case uploadBroken
    }

    private static func number(_ variable: String) -> UInt64? {
        ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
    }

    @Test func aRunThatIsKilledAnywhereGoesOnAndCreatesNothingTwice() async throws {
        let seed = Self.number("GPHOTOS_TEST_SEED") ?? 1
        var left = Int(Self.number("GPHOTOS_TEST_KILLS") ?? 200)
        print("KillTests: GPHOTOS_TEST_SEED=\(seed)")
        var random = SeededRandom(seed: seed)
        try await PushBench.run(9) { bench in
            var story = 0
            while left > 0 {
                story += 1
                let account = "story\(story)"
                bench.library.addAccount(account)
                let told = try await tell(account, bench, &left, &random)
                let faults = try bench.faults(account)
                #expect(faults.isEmpty, "seed \(seed), \(account): \(told.joined(separator: "; "))")
            }
        }
    }

    /// Runs until a run is not killed.
    /// - Returns: what happened, for a message.
    private func tell(
        _ account: String, _ bench: PushBench, _ left: inout Int, _ random: inout SeededRandom
    ) async throws -> [String] {
        var told: [String] = []
        // Some have no room for all at first.
        let isFull = Int.random(in: 0..<6, using: &random) == 0
        let limit: Int64? = isFull ? 40_000 : nil
        bench.library.updateRules { $0.storageLimit = limit }
        while left > 0 {
            if Int.random(in: 0..<5, using: &random) == 0 {
                told.append("a new machine")
                try bench.forget(account)
            }
            let moment = Moment.allCases.randomElement(using: &random) ?? .answerLost
            let after = Int.random(in: 0..<14, using: &random)
            guard try await isKilled(at: moment, after: after, account, bench, &random) else {
                told.append("done before \(moment) \(after)")
                break
            }
            told.append("\(moment) \(after)")
            left -= 1
        }
        bench.library.updateRules { $0.storageLimit = nil }
        // Room again, and nobody kills it.
        let link = try await bench.open(account)
        let observer = TestObserver()
        let summary = try await bench.push(link, observer: observer)
        await link.close()
        #expect(summary.failed + summary.left == 0, "\(observer.errors) \(told)")
        return told
    }

    /// - Returns: false where the run was done before.
    private func isKilled(
        at moment: Moment, after count: Int, _ account: String, _ bench: PushBench, _ random: inout SeededRandom
    ) async throws -> Bool {
        bench.library.resetStatistics()
        switch moment {
        case .answerLost:
            var fault = FakeFault(.stall)
            fault.after = count
            bench.library.inject(fault)
        case .uploadBroken:
            var fault = FakeFault(.stall, on: .uploads)
            fault.after = count / 2
            fault.bytes = Int.random(in: 1...400, using: &random)
            bench.library.inject(fault)
        case .requestCame: break
        }
        let link = try await bench.open(account)
        let endpoints: [Endpoint] = [.token, .uploads, .albumsList, .albumsCreate, .itemsBatchCreate, .albumsBatchAdd]
        let isKilled = await withTaskGroup { group in
            // It dies in the midst of it, or has no room.
            group.addTask {
                _ = try? await bench.push(link)
                return false
            }
            group.addTask {
                await bench.library.wait {
                    moment == .requestCame
                        ? endpoints.reduce(0) { $0 + bench.library.requestCount($1) } > count
                        : bench.library.faultCount(.stall) > 0
                }
            }
            let isDue = await group.next() ?? false
            if let process = link.process, isDue { kill(process.pid, SIGKILL) }
            group.cancelAll()
            return isDue
        }
        await link.close()
        bench.library.clearFaults()
        // What the service does of its own after the client is gone.
        await bench.library.wait { bench.library.requestsInFlight == 0 }
        return isKilled
    }
}
