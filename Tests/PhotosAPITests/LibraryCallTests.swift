import ConnectorKit
import FakePhotos
import PhotosAPI
import TestSupport
import Testing

@Suite struct LibraryCallTests {
    @Test func anAlbumGetsAnotherTitleAndCover() async throws {
        try await FakeService.run { service in
            let items = try service.library.addGeneratedItems(2)
            let id = try service.library.addAlbum("Lisbon", items: items)
            let client = try service.client()
            #expect(try await client.updateAlbum(id, title: "Lisboa & mais").title == "Lisboa & mais")
            let changed = try await client.updateAlbum(id, coverItemID: items[1])
            #expect(changed.title == "Lisboa & mais")
            #expect(changed.coverMediaItemID == items[1])
            let both = try await client.updateAlbum(id, title: "Porto", coverItemID: items[0])
            #expect(both.title == "Porto" && both.coverMediaItemID == items[0])
            #expect(service.library.requestCount(.albumsPatch) == 3)

            let long = String(repeating: "a", count: 501)
            let error = await #expect(throws: ConnectorError.self) { try await client.updateAlbum(id, title: long) }
            #expect(error?.code == .rejected)
            #expect(service.library.requestCount(.albumsPatch) == 3)
        }
    }

    @Test func itemsLeaveAnAlbumAndStayInTheLibrary() async throws {
        try await FakeService.run { service in
            let items = try service.library.addGeneratedItems(3)
            let album = try service.library.addAlbum("Lisbon", items: items)
            let client = try service.client()
            try await client.removeMediaItems([items[0], items[2]], fromAlbum: album)
            #expect(try service.library.albums().first?.items == [items[1]])
            #expect(try await client.mediaItem(items[0]).id == items[0])
            // All or none: one of these is not in it any more.
            await #expect(throws: ConnectorError.self) {
                try await client.removeMediaItems([items[1], items[0]], fromAlbum: album)
            }
            #expect(try service.library.albums().first?.items == [items[1]])
        }
    }

    @Test func aDescriptionIsChanged() async throws {
        try await FakeService.run { service in
            let id = try service.library.addItem(NewFakeItem("a.jpg"))
            let client = try service.client()
            #expect(try await client.updateMediaItem(id, description: "at the sea").description == "at the sea")
            #expect(try await client.updateMediaItem(id, description: "").description == "")
            let long = String(repeating: "a", count: 1000)
            let error = await #expect(throws: ConnectorError.self) {
                try await client.updateMediaItem(id, description: long)
            }
            #expect(error?.code == .rejected)
            #expect(service.library.requestCount(.itemsPatch) == 2)
        }
    }

    @Test func enrichmentsOfEachKindAreTaken() async throws {
        try await FakeService.run { service in
            let item = try service.library.addItem(NewFakeItem("a.jpg"))
            let album = try service.library.addAlbum("Lisbon", items: [item])
            let client = try service.client()
            let place = Enrichment.Place(name: "Belém", latitude: 38.69, longitude: -9.2)
            let text = try await client.addEnrichment(.text("Day one"), toAlbum: album, at: .first)
            #expect(!text.isEmpty)
            _ = try await client.addEnrichment(.location(place), toAlbum: album, at: .afterItem(item))
            _ = try await client.addEnrichment(
                .map(origin: place, destination: place), toAlbum: album, at: .afterEnrichment(text))
            let long = String(repeating: "a", count: 1001)
            await #expect(throws: ConnectorError.self) { try await client.addEnrichment(.text(long), toAlbum: album) }
            #expect(service.library.requestCount(.albumsEnrich) == 3)
        }
    }

    @Test func anEnrichmentIsSentOnce() async throws {
        try await FakeService.run { service in
            let album = try service.library.addAlbum("Lisbon")
            let client = try service.client()
            try await client.ping()
            service.library.inject(FakeFault(.dropAnswer, on: .albumsEnrich))
            await #expect(throws: ConnectorError.self) { try await client.addEnrichment(.text("x"), toAlbum: album) }
            #expect(service.library.requestCount(.albumsEnrich) == 1)
        }
    }

    @Test func sharingIsRefusedWithoutARequest() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            let token = Secret("share")
            let calls: [@Sendable () async throws -> Void] = [
                { for try await _ in client.sharedAlbums() {} },
                { _ = try await client.sharedAlbum(token) },
                { _ = try await client.shareAlbum("x") },
                { try await client.unshareAlbum("x") },
                { try await client.joinSharedAlbum(token) },
                { try await client.leaveSharedAlbum(token) },
            ]
            for call in calls {
                let error = await #expect(throws: ConnectorError.self) { try await call() }
                #expect(error?.code == .permission)
                #expect(error?.message.contains("31 March 2025") == true)
                #expect(error?.hint?.contains("Takeout") == true)
            }
            #expect(service.library.requestCount(.shared) == 0)
            #expect(service.library.requestCount(.token) == 0)

            // Who asks for it hears it from Google itself.
            let trying = try service.client(more: ["shared": "true"])
            let error = await #expect(throws: ConnectorError.self) { try await trying.shareAlbum("x") }
            #expect(error?.code == .permission)
            await #expect(throws: ConnectorError.self) { for try await _ in trying.sharedAlbums() {} }
            #expect(service.library.requestCount(.shared) == 2)
        }
    }
}
