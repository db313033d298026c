import ConnectorKit
import Foundation
import PhotosAPI
import PhotosLibrary
import Synchronization
import Testing

@Suite struct QuotaLedgerTests {
    private let day = QuotaDay(at: Timestamp(seconds: 1_790_000_000))
    private let nextDay = QuotaDay(at: Timestamp(seconds: 1_790_086_400))

    private func withFile<Value>(_ body: (String) throws -> Value) throws -> Value {
        let directory = FileManager.default.temporaryDirectory.path + "/gphotos-ledger-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        return try body(directory + "/quota.sqlite")
    }

    @Test func whatIsReservedByAllProcessesIsNeverMoreThanTheDayHas() throws {
        try withFile { file in
            let ledgers = try (0..<3).map { _ in
                try QuotaLedger(path: file, client: "c", limits: [.requests: 55, .downloads: 1000])
            }
            var taken = 0
            for round in 0..<20 { taken += try ledgers[round % 3].reserve(.requests, on: day) }
            #expect(taken == 55)
            #expect(try ledgers[1].left(.requests, on: day) == 0)
            // Each quota by itself, and each day.
            #expect(try ledgers[0].reserve(.downloads, on: day) > 0)
            #expect(try ledgers[0].reserve(.requests, on: nextDay) > 0)
        }
    }

    @Test func whatIsGivenBackCanBeUsed() throws {
        let ledger = try QuotaLedger(path: nil, client: "c", limits: [.requests: 10, .downloads: 10])
        let count = try ledger.reserve(.requests, on: day)
        #expect(count == 10)
        #expect(try ledger.reserve(.requests, on: day) == 0)
        try ledger.giveBack(3, of: .requests, on: day)
        #expect(try ledger.reserve(.requests, on: day) == 3)
    }

    @Test func eachClientHasADayOfItsOwn() throws {
        try withFile { file in
            let limits: [DailyQuota: Int] = [.requests: 5, .downloads: 5]
            let first = try QuotaLedger(path: file, client: "first", limits: limits)
            let second = try QuotaLedger(path: file, client: "second", limits: limits)
            #expect(try first.reserve(.requests, on: day) == 5)
            #expect(try second.left(.requests, on: day) == 5)
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func aCountThatIsDamagedIsSetAsideAndBegunAnew() throws {
        try withFile { file in
            let limits: [DailyQuota: Int] = [.requests: 55, .downloads: 5]
            _ = try QuotaLedger(path: file, client: "c", limits: limits).reserve(.requests, on: day)
            try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: file))
            let reporter = Words()
            let ledger = try QuotaLedger(
                path: file, client: "c", limits: limits, now: Timestamp(seconds: 1_800_000_000), reporter: reporter)
            let aside = file + ".damaged-2027-01-15T08-00-00"
            #expect(reporter.words.withLock { $0 }.contains { $0.contains(aside) && $0.contains("begun anew") })
            #expect(FileManager.default.fileExists(atPath: aside))
            #expect(try ledger.left(.requests, on: day) == 55)
            #expect(try ledger.reserve(.requests, on: day) > 0)
        }
    }
}

/// Keeps what is logged.
private final class Words: ConnectorReporter {
    let words = Mutex<[String]>([])

    func progress(_ progress: ConnectorKit.Progress) {}
    func log(_ level: LogLevel, _ message: String, pathname: Pathname?) { words.withLock { $0.append(message) } }
    func configChanged(_ values: [String: String]) {}
}
