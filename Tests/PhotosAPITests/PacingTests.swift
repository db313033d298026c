import ConnectorKit
import FakePhotos
import Foundation
import TestSupport
import Testing

@testable import PhotosAPI

private actor Crowd {
    private var count = 0
    private(set) var most = 0

    func enter() {
        count += 1
        most = max(most, count)
    }

    func leave() { count -= 1 }
}

@Suite struct PacingTests {
    // MARK: The day

    @Test(arguments: [
        // Standard time, daylight saving time, and the hours around both changes of 2026 (8 March, 1 November).
        ("2026-01-15T07:59:59Z", "2026-01-14", "2026-01-15T08:00:00Z"),
        ("2026-01-15T08:00:00Z", "2026-01-15", "2026-01-16T08:00:00Z"),
        ("2026-07-01T06:59:59Z", "2026-06-30", "2026-07-01T07:00:00Z"),
        ("2026-07-01T07:00:00Z", "2026-07-01", "2026-07-02T07:00:00Z"),
        ("2026-03-08T09:59:59Z", "2026-03-08", "2026-03-09T07:00:00Z"),
        ("2026-03-08T10:00:00Z", "2026-03-08", "2026-03-09T07:00:00Z"),
        ("2026-03-08T07:00:00Z", "2026-03-07", "2026-03-08T08:00:00Z"),
        ("2026-11-01T08:59:59Z", "2026-11-01", "2026-11-02T08:00:00Z"),
        ("2026-11-01T09:00:00Z", "2026-11-01", "2026-11-02T08:00:00Z"),
        ("2026-12-31T23:00:00Z", "2026-12-31", "2027-01-01T08:00:00Z"),
    ])
    func aDayOfTheQuotaEndsAtMidnightInCalifornia(moment: String, date: String, end: String) throws {
        let day = QuotaDay(at: try #require(Timestamp(moment)))
        #expect(day.date == Timestamp(date + "T00:00:00Z")?.date)
        #expect(day.end == Timestamp(end))
    }

    @Test func everyHourOfTenYearsIsInTheDayThatTheTimeZoneDatabaseSays() throws {
        guard let zone = TimeZone(identifier: "America/Los_Angeles") else { return }
        var hour = try #require(Timestamp("2020-01-01T00:30:00Z"))
        while hour.seconds < 1_893_456_000 {
            let offset = Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(hour.seconds))))
            #expect(QuotaDay(at: hour).date == hour.adding(seconds: offset).date, "\(hour)")
            hour = hour.adding(seconds: 3 * 3600)
        }
    }

    // MARK: The rate

    @Test func aRateIsHalvedOncePerPauseAndGrowsWithUse() {
        var limit = RateLimit()
        var now = Timestamp(seconds: 1000)
        for _ in 0..<200 {
            let turn = limit.turn(at: now)
            #expect(turn == .go(after: .zero))
            now = now.adding(.milliseconds(10))
        }
        // 200 in two seconds.
        let objections = [now, now.adding(seconds: 1)].map { limit.slowDown(at: $0, pause: .seconds(30)) }
        #expect(objections == [true, false])
        #expect(limit.rate.map { abs($0 - 50) < 1 } == true)
        let turns = [limit.turn(at: now), limit.turn(at: now.adding(seconds: 31))]
        #expect(turns == [.paused(.seconds(31)), .go(after: .zero)])
        now = now.adding(seconds: 31)
        guard case .go(let next) = limit.turn(at: now) else { return #expect(Bool(false), "paused") }
        #expect(abs(next / .milliseconds(1) - 20) < 1)
        for _ in 0..<5000 {
            guard case .go(let delay) = limit.turn(at: now) else { return #expect(Bool(false), "paused") }
            now = now.adding(delay)
        }
        #expect(limit.rate.map { $0 > 90 && $0 < 110 } == true)
    }

    @Test func aServiceThatObjectsToEverythingIsAskedOnceASecond() {
        var limit = RateLimit()
        var now = Timestamp(seconds: 1000)
        for _ in 0..<20 {
            _ = limit.turn(at: now)
            _ = limit.slowDown(at: now, pause: .seconds(30))
            now = now.adding(seconds: 30)
        }
        #expect(limit.rate == 1)
    }

    @Test func aPauseHoldsAllRequestsOfItsKindAndNoOthers() async throws {
        let clock = TestClock()
        let pacer = Pacer(ledger: UnlimitedLedger(), runtime: clock.runtime())
        #expect(pacer.slowDown(.download, pause: .seconds(30)))
        try await pacer.turn(.read)
        #expect(clock.sleeps.isEmpty)
        try await pacer.turn(.download)
        #expect(clock.sleeps == [.seconds(30)])
    }

    @Test func theBandwidthIsSharedByAllTransfers() async throws {
        let clock = TestClock()
        let pacer = Pacer(ledger: UnlimitedLedger(), bandwidth: 1 << 20, runtime: clock.runtime())
        let start = clock.now
        for _ in 0..<80 { try await pacer.passed(bytes: 64 << 10) }
        #expect(abs((clock.now - start) / .seconds(1) - 5) < 0.01)
    }

    // MARK: Writes

    @Test func writesTakeTurnsInTheirOrder() async throws {
        let turn = WriteTurn()
        let crowd = Crowd()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await turn.hold {
                        await crowd.enter()
                        await Task.yield()
                        await crowd.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await crowd.most == 1)
    }

    @Test func aWriteThatIsGivenUpLeavesTheLine() async throws {
        let turn = WriteTurn()
        let (held, hold) = AsyncStream.makeStream(of: Void.self)
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await turn.hold {
                begin.yield()
                for await _ in held { break }
            }
        }
        for await _ in begun { break }
        let second = Task { try await turn.hold {} }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        hold.yield()
        try await first.value
        try await turn.hold {}
    }

    @Test func parallelWritesOfOneClientNeverMeet() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask { _ = try await client.createAlbum(title: "Album \(number)") }
                }
                try await group.waitForAll()
            }
            #expect(service.clock.sleeps.isEmpty)
            #expect(service.library.requestCount(.albumsCreate) == 8)
        }
    }

    // MARK: The daily quotas

    @Test func googlesDailyQuotaEndsTheRunAndSaysWhenItIsRefilled() async throws {
        try await FakeService.run { service in
            _ = try service.library.addGeneratedItems(1)
            service.library.updateRules { $0.requestsPerDay = 1 }
            let client = try service.client()
            try await client.ping()
            for _ in 0..<3 {
                let error = await #expect(throws: ConnectorError.self) { try await client.ping() }
                #expect(error?.code == .quota)
                #expect(error?.isRetryable == false)
                #expect(error?.hint?.contains("midnight Pacific time: 2026-09-22 07:00 UTC, in 16 h 47 min") == true)
            }
            // The first refusal was the last question.
            #expect(service.library.requestCount(.itemsList) == 2)
            #expect(client.statistics.requestsLeft == 0)
            // The day after, it goes on by itself.
            service.clock.advance(.seconds(17 * 3600))
            service.library.updateRules { $0.requestsPerDay = nil }
            try await client.ping()
        }
    }

    @Test func aFullStorageIsNotTheDailyQuota() {
        let body = #"{"error":{"code":429,"message":"The remaining storage in the user's account is not enough"}}"#
        let error = GoogleError.api(operation: "create items", status: 400, body: Array(body.utf8), retryAfter: nil)
        #expect(error.code == .quota)
        #expect(error != GoogleError.dailyQuota)
    }
}
