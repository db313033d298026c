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
