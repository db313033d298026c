import ConnectorKit
import FakePhotos
import PhotosAPI
import TestSupport
import Testing

@Suite struct RetryTests {
    private func ids(_ client: PhotosClient) async throws -> [String] {
        var ids: [String] = []
        for try await page in client.mediaItems() { ids += page.map(\.id) }
        return ids
    }

    @Test func serverErrorsAreRetriedWithGrowingWaits() async throws {
        try await FakeService.run { service in
            _ = try service.library.addGeneratedItems(3)
            var fault = FakeFault(.status, on: .itemsList)
            fault.status = 503
            fault.count = 3
            service.library.inject(fault)
            #expect(try await ids(service.client()).count == 3)
            #expect(service.clock.sleeps == [.seconds(1), .seconds(2), .seconds(4)])
            #expect(service.library.requestCount(.itemsList) == 4)
        }
    }

    @Test func aBusyServiceIsGivenThirtySecondsOrWhatItAsksFor() async throws {
        try await FakeService.run { service in
            var fault = FakeFault(.status, on: .itemsList)
            fault.status = 429
            service.library.inject(fault)
            fault.retryAfter = 77
            service.library.inject(fault)
            _ = try await ids(service.client())
            #expect(service.clock.sleeps == [.seconds(30), .seconds(77)])
        }
    }

    @Test func theDailyQuotaEndsTheCallAtOnce() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.requestsPerDay = 0 }
            let client = try service.client()
            let error = await #expect(throws: ConnectorError.self) { try await ids(client) }
            #expect(error?.code == .quota)
            #expect(error?.isRetryable == false)
            #expect(error?.hint?.contains("midnight Pacific") == true)
            #expect(service.clock.sleeps.isEmpty)
            #expect(service.library.requestCount(.itemsList) == 1)
        }
    }

    @Test func itGivesUpAfterItsAttempts() async throws {
        try await FakeService.run { service in
            var fault = FakeFault(.status, on: .itemsList)
            fault.status = 500
            fault.count = 100
            service.library.inject(fault)
            let client = try service.client(retry: RetryPolicy(attempts: 3))
            let error = await #expect(throws: ConnectorError.self) { try await ids(client) }
            #expect(error?.code == .unavailable)
            #expect(service.library.requestCount(.itemsList) == 3)
        }
    }

    @Test func aWebPageInPlaceOfAnAnswerIsSaidToBeOne() async throws {
        try await FakeService.run { service in
            service.library.inject(FakeFault(.html, on: .itemsList))
            let client = try service.client()
            let error = await #expect(throws: ConnectorError.self) { try await ids(client) }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("web page") == true)
        }
    }

    @Test func anAlbumIsNotMadeTwiceWhenTheAnswerIsLost() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            // A connection that was used before: libcurl repeats by itself what breaks on such a one.
            try await client.ping()
            service.library.inject(FakeFault(.dropAnswer, on: .albumsCreate))
            await #expect(throws: ConnectorError.self) { try await client.createAlbum(title: "Lisbon") }
            #expect(try service.library.albums(of: "demo").count == 1)
            #expect(service.library.requestCount(.albumsCreate) == 1)
        }
    }
}

@Suite struct SignInTests {
    @Test func manyCallsRenewTheTokenOnce() async throws {
        try await FakeService.run { service in
            let reporter = TestReporter()
            let client = try service.client(reporter: reporter)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { try await client.ping() } }
                try await group.waitForAll()
            }
            #expect(service.library.tokenRefreshes == 1)
            let kept = try OAuthToken(parsing: try #require(reporter.values["token"]))
            #expect(kept.refreshToken?.reveal() == (try service.library.credentials(account: "demo").refreshToken))
            #expect(kept.expiry.map { $0 > service.clock.now } == true)
        }
    }

    @Test func aTokenThatEndsIsRenewedBeforeItsEnd() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            try await client.ping()
            service.clock.advance(.seconds(3599 - 30))
            try await client.ping()
            #expect(service.library.tokenRefreshes == 2)
            #expect(client.statistics.apiRequests == 2)
        }
    }

    @Test func aTokenThatIsRefusedIsRenewedAFewTimesAndNotForEver() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            try await client.ping()
            service.library.inject(FakeFault(.expire, on: .itemsList))
            try await client.ping()
            #expect(service.library.tokenRefreshes == 2)

            var fault = FakeFault(.status, on: .itemsList)
            fault.status = 401
            fault.count = 4
            service.library.inject(fault)
            let error = await #expect(throws: ConnectorError.self) { try await client.ping() }
            #expect(error?.code == .auth)
        }
    }

    @Test func aRevokedSignInIsFinalAndSaysWhatToDo() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            try service.library.revokeTokens(account: "demo")
            for _ in 0..<3 {
                let error = await #expect(throws: ConnectorError.self) { try await client.ping() }
                #expect(error?.code == .auth)
                #expect(error?.isRetryable == false)
                #expect(error?.hint?.contains("7 days") == true)
            }
            #expect(service.library.requestCount(.token) == 1)
            #expect(service.clock.sleeps.isEmpty)
        }
    }

    @Test func noErrorHoldsASecret() async throws {
        try await FakeService.run { service in
            let credentials = try service.library.credentials(account: "demo")
            let client = try service.client()
            try service.library.revokeTokens(account: "demo")
            let error = await #expect(throws: ConnectorError.self) { try await client.ping() }
            let text = String(reflecting: error)
            #expect(!text.contains(credentials.refreshToken))
            #expect(!text.contains(credentials.clientSecret))
        }
    }
}
