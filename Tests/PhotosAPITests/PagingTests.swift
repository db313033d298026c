import ConnectorKit
import FakePhotos
import PhotosAPI
import TestSupport
import Testing

@Suite struct PagingTests {
    private func ids(_ pages: PageSequence<MediaItem>) async throws -> [String] {
        var ids: [String] = []
        for try await page in pages { ids += page.map(\.id) }
        return ids
    }

    @Test func aListAsksOncePerHundredItems() async throws {
        try await FakeService.run { service in
            let added = try service.library.addGeneratedItems(250)
            let listed = try await ids(service.client().mediaItems())
            #expect(Set(listed) == Set(added))
            #expect(listed.count == 250)
            #expect(service.library.requestCount(.itemsList) == 3)
        }
    }

    @Test func anEmptyPageIsNotTheEnd() async throws {
        try await FakeService.run { service in
            _ = try service.library.addGeneratedItems(250)
            service.library.inject(FakeFault(.emptyPage, on: .itemsList))
            #expect(try await ids(service.client().mediaItems()).count == 250)
        }
    }

    @Test func anItemThatIsRepeatedAcrossPagesComesOnceAndNoneIsLost() async throws {
        try await FakeService.run { service in
            let added = try service.library.addGeneratedItems(250)
            var fault = FakeFault(.repeatItem, on: .itemsList)
            fault.after = 1
            service.library.inject(fault)
            let listed = try await ids(service.client().mediaItems())
            #expect(listed.count == 250)
            #expect(Set(listed) == Set(added))
        }
    }

    @Test func aTokenThatLeadsToItselfIsAnErrorAndNoLoop() async throws {
        try await FakeService.run { service in
            _ = try service.library.addGeneratedItems(250)
            var fault = FakeFault(.repeatToken, on: .itemsList)
            fault.count = 1000
            service.library.inject(fault)
            let client = try service.client()
            let error = await #expect(throws: ConnectorError.self) { try await ids(client.mediaItems()) }
            #expect(error?.code == .unavailable)
            #expect(service.library.requestCount(.itemsList) <= 8)
        }
    }

    @Test func batchGetKeepsTheOrderAndSurvivesABadID() async throws {
        try await FakeService.run { service in
            let added = try service.library.addGeneratedItems(5)
            let client = try service.client()
            let bad = String(repeating: "x", count: 80)
            let asked = [added[3], bad, added[0]]
            let results = try await client.mediaItems(asked)
            #expect(try results[0].get().id == added[3])
            #expect(try results[2].get().id == added[0])
            #expect(throws: ConnectorError.self) { try results[1].get() }

            // Google answers a whole batch with 500 for one bad id, now and then.
            var fault = FakeFault(.status, on: .itemsBatchGet)
            fault.status = 500
            fault.count = 100
            service.library.inject(fault)
            let single = try await client.mediaItems(asked)
            #expect(try single[0].get().id == added[3])
            #expect(try single[2].get().id == added[0])
        }
    }
}

/// Tokens of pages do not live for ever.
@Suite struct RefusedTokenTests {
    private func refusal(count: Int?, after: Int) -> FakeFault {
        var fault = FakeFault(.status, on: .itemsList)
        (fault.status, fault.count, fault.after) = (400, count, after)
        fault.message = "Page token has expired."
        return fault
    }

    private func list(_ service: FakeService) async throws -> [String] {
        let client = try service.client()
        defer { client.shutdown() }
        var ids: [String] = []
        for try await page in client.mediaItems() { ids += page.map(\.id) }
        return ids
    }

    @Test func aListWhoseTokenIsRefusedIsBegunAgainAndEachItemComesOnce() async throws {
        try await FakeService.run { service in
            let added = try service.library.addGeneratedItems(450)
            service.library.inject(refusal(count: 1, after: 2))
            let listed = try await list(service)
            #expect(listed.count == 450)
            #expect(Set(listed) == Set(added))
            // Two pages, the refusal, and all five.
            #expect(service.library.requestCount(.itemsList) == 8)
        }
    }

    @Test func aTokenThatIsRefusedEachTimeEndsTheList() async throws {
        try await FakeService.run { service in
            _ = try service.library.addGeneratedItems(450)
            var fault = refusal(count: nil, after: 1)
            fault.every = 2
            service.library.inject(fault)
            let error = await #expect(throws: ConnectorError.self) { try await list(service) }
            #expect(error?.code == .rejected)
            #expect(error?.message.contains("expired") == true)
            #expect(service.library.requestCount(.itemsList) < 10)
        }
    }

    @Test func aListThatIsRefusedAtItsStartIsNotBegunAgain() async throws {
        try await FakeService.run { service in
            service.library.inject(refusal(count: nil, after: 0))
            await #expect(throws: ConnectorError.self) { try await list(service) }
            #expect(service.library.requestCount(.itemsList) == 1)
        }
    }
}
