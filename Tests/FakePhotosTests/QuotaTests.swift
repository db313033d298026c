import ConnectorKit
import FakePhotos
import StrictJSON
import Synchronization
import Testing

@Suite struct QuotaTests {
    /// A library whose clock stands at a time.
    private func library(at text: String) throws -> FakeLibrary {
        let start = try #require(Timestamp(text))
        return try FakeLibrary(options: .empty, now: { start.seconds })
    }

    /// Midnight in California by the calendars of those years; both changes of the clock are among them.
    @Test(arguments: [
        ("2026-01-15T12:00:00Z", "2026-01-16T08:00:00Z"), ("2026-07-04T06:59:59Z", "2026-07-04T07:00:00Z"),
        ("2026-07-04T07:00:00Z", "2026-07-05T07:00:00Z"), ("2026-03-08T07:59:59Z", "2026-03-08T08:00:00Z"),
        ("2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"), ("2026-03-08T10:00:00Z", "2026-03-09T07:00:00Z"),
        ("2026-11-01T06:59:59Z", "2026-11-01T07:00:00Z"), ("2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
        ("2026-11-01T08:30:00Z", "2026-11-02T08:00:00Z"), ("2026-11-01T09:30:00Z", "2026-11-02T08:00:00Z"),
        ("2027-03-14T09:59:59Z", "2027-03-15T07:00:00Z"), ("2027-11-07T12:00:00Z", "2027-11-08T08:00:00Z"),
        ("2026-12-31T23:59:59Z", "2027-01-01T08:00:00Z"),
    ])
    func aDayBeginsAtMidnightInCalifornia(now: String, reset: String) throws {
        let library = try library(at: now)
        #expect(Timestamp(seconds: library.quotaReset) == Timestamp(reset))
    }

    @Test func theQuotaIsRefilledAtThatMoment() async throws {
        let library = try library(at: "2026-11-01T06:59:58Z")
        library.updateRules { $0.requestsPerDay = 2 }
        func status() async throws -> Int { try await TestClient(library).get("/v1/albums").status }
        #expect(try await status() == 200)
        #expect(try await status() == 200)
        #expect(try await status() == 429)
        library.advanceClock(seconds: 1)
        #expect(try await status() == 429)
        library.advanceClock(seconds: 1)
        #expect(try await status() == 200)
        #expect(library.quotaUsed() == (1, 0))
        // A day of 25 hours.
        library.advanceClock(seconds: 25 * 3600 - 1)
        #expect(library.quotaUsed() == (1, 0))
        library.advanceClock(seconds: 1)
        #expect(library.quotaUsed() == (0, 0))
    }

    @Test func daysCanBeginInGreenwich() throws {
        let library = try library(at: "2026-07-04T06:59:59Z")
        library.updateRules { $0.quotaDay = .utc }
        #expect(Timestamp(seconds: library.quotaReset) == Timestamp("2026-07-05T00:00:00Z"))
    }

    @Test func projectsAreCountedEachOnItsOwn() async throws {
        let library = try FakeLibrary(options: .empty)
        library.addClient(id: "other", secret: "s")
        library.updateRules { ($0.requestsPerDay, $0.downloadsPerDay) = (3, 1) }
        let id = try library.addItem(NewFakeItem("a.jpg"))
        let client = try TestClient(library)
        let other = try TestClient(library, clientID: "other")
        #expect(try await client.download(id).status == 200)
        #expect(try await client.download(id).status == 429)
        #expect(await client.get("/v1/albums").status == 200)
        #expect(await client.get("/v1/albums").status == 429)
        #expect(await other.get("/v1/albums").status == 200)
        let quotas = try await library.respond(to: FakeRequest("GET", "/_fake/quotas")).json().arrayValue ?? []
        #expect(quotas.map { $0["requests"] } == [3, 1])
        #expect(quotas.map { $0["downloads"] } == [1, 0])
        #expect(quotas[0]["requestsPerDay"] == 3 && quotas[0]["reset"] == .integer(library.quotaReset))
    }

    @Test func aWaitIsNamedWhereTheRuleSaysSo() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { ($0.requestsPerDay, $0.quotaRetryAfter) = (0, 90) }
        let answer = try await TestClient(library).get("/v1/albums")
        #expect(answer.status == 429 && answer.headers.first(name: "Retry-After") == "90")
    }

    @Test func writesAtATimeHaveALimit() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { ($0.concurrentWrites, $0.limitsAlbumWrites) = (2, true) }
        let client = try TestClient(library)
        var stall = FakeFault(.stall, on: .albumsCreate)
        stall.count = 2
        library.inject(stall)
        async let first = client.post("/v1/albums", ["album": ["title": "A"]])
        async let second = client.post("/v1/albums", ["album": ["title": "B"]])
        while library.faultCount(.stall) < 2 { await Task.yield() }
        #expect(await client.create([("x", "a.jpg")]).status == 429)
        #expect(await client.post("/v1/albums", ["album": ["title": "C"]]).status == 429)
        library.clearFaults()
        #expect(await first.status == 200)
        #expect(await second.status == 200)
        #expect(await client.post("/v1/albums", ["album": ["title": "C"]]).status == 200)
    }
}
