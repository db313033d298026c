import ConnectorKit
import FakePhotos
import PhotosAPI
import TestSupport
import Testing

@Suite struct PickerTests {
    private func picked(_ client: PhotosClient, _ session: PickerSession) async throws -> [PickedMediaItem] {
        var items: [PickedMediaItem] = []
        for try await page in client.pickedItems(session: session.id) { items += page }
        return items
    }

    @Test func aSessionGoesFromItsLinkToItsItems() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.pickerPollMilliseconds = 3500 }
            let ids = try service.library.addGeneratedItems(250)
            let client = try service.client()
            let session = try await client.createPickerSession(maxItemCount: 240)
            #expect(session.url.contains(session.id) && session.autoclosingURL == session.url + "/autoclose")
            #expect(session.polling == PickerSession.Polling(interval: .milliseconds(3500), timeout: .seconds(1800)))
            #expect(session.maxItemCount == 240)
            #expect(session.expiry == service.clock.now.adding(seconds: 7 * 86400).wholeSeconds)
            #expect(!session.isDone)

            service.clock.advance(.seconds(1800))
            #expect(try await client.pickerSession(session.id).polling?.timeout == .zero)
            try service.library.pick(Array(ids.prefix(230)), session: session.id)
            let done = try await client.pickerSession(session.id)
            #expect(done.isDone && done.polling == nil)

            #expect(try await picked(client, done).map(\.id) == Array(ids.prefix(230)))
            #expect(service.library.requestCount(.pickerItems) == 3)
            try await client.deletePickerSession(session.id)
            // A lost answer is no trouble.
            try await client.deletePickerSession(session.id)
            let error = await #expect(throws: ConnectorError.self) { try await client.pickerSession(session.id) }
            #expect(error?.code == .notFound)
            #expect(client.statistics.apiRequests == 0, "the daily quota is the Library's")
            #expect(client.statistics.pickerRequests == 9)
        }
    }

    @Test func itemsTellWhatTheyAre() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.videoProcessingTime = 600 }
            let client = try service.client()
            var photo = NewFakeItem("a.jpg")
            photo.creationTime = Timestamp("2024-05-06T10:00:00Z")
            var video = NewFakeItem("v.mp4")
            video.kind = .mp4
            let ids = [try service.library.addItem(photo), try service.library.addItem(video)]
            let session = try await client.createPickerSession()
            try service.library.pick(ids, session: session.id)
            let items = try await picked(client, session)
            #expect(items.map(\.filename) == ["a.jpg", "v.mp4"])
            #expect(items.map(\.kind) == [.photo, .video])
            #expect(items.map(\.mimeType) == ["image/jpeg", "video/mp4"])
            #expect(items[0].creationTime == Timestamp("2024-05-06T10:00:00Z"))
            #expect(items[0].width > 0 && items[0].height > 0)
            #expect(items.map(\.videoStatus) == [nil, .processing])
        }
    }

    @Test func beforeDoneThereIsNothingToList() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            let session = try await client.createPickerSession()
            let error = await #expect(throws: ConnectorError.self) { try await picked(client, session) }
            #expect(error?.code == .notPicked)
            #expect(service.library.requestCount(.pickerItems) == 1)
            #expect(service.clock.sleeps.isEmpty)
            // Done without a choice is an empty list.
            try service.library.pick([], session: session.id)
            #expect(try await picked(client, session).isEmpty)
        }
    }

    @Test func whatKeepsASessionFromBeginningIsSaid() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            for count in [0, 2001] {
                let error = await #expect(throws: ConnectorError.self) {
                    try await client.createPickerSession(maxItemCount: count)
                }
                #expect(error?.code == .config)
            }
            #expect(service.library.requestCount(.pickerCreate) == 0)

            service.library.updateRules { $0.pickerSessionLimit = 1 }
            _ = try await client.createPickerSession()
            let tooMany = await #expect(throws: ConnectorError.self) { try await client.createPickerSession() }
            #expect(tooMany?.code == .quota && tooMany?.isRetryable == false)
            service.library.updateRules { $0.hasNoPhotosAccount = true }
            let noPhotos = await #expect(throws: ConnectorError.self) { try await client.createPickerSession() }
            #expect(noPhotos?.code == .permission)
            #expect(noPhotos?.hint?.contains("photos.google.com") == true)
            #expect(service.library.requestCount(.pickerCreate) == 3)
            #expect(service.clock.sleeps.isEmpty)
        }
    }

    @Test func aSessionEndsByItself() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            let session = try await client.createPickerSession()
            service.clock.advance(.seconds(7 * 86400))
            let error = await #expect(throws: ConnectorError.self) { try await client.pickerSession(session.id) }
            #expect(error?.code == .notFound)
        }
    }

    @Test func bytesComeWithTheSignInAlone() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            let id = try service.library.addItem(NewFakeItem("a.jpg"))
            let session = try await client.createPickerSession()
            try service.library.pick([id], session: session.id)
            let item = try #require(try await picked(client, session).first)
            let url = item.kind.rendition.url(baseURL: item.baseURL)
            #expect(
                try await client.pickerDownload(urls: { _ in url }).readAll() == service.library.content(ofItem: id))
            let bare = await #expect(throws: ConnectorError.self) {
                try await client.download(urls: { _ in url }).readAll()
            }
            #expect(bare?.code == .permission)
            #expect(client.statistics.downloads == 4)
        }
    }

    @Test func aPickedURLThatGrewOldIsRenewedAndABreakResumed() async throws {
        var options = FakeOptions.empty
        options.plan.itemSize = 3 << 20
        try await FakeService.run(options) { service in
            let client = try service.client()
            let id = try service.library.addItem(NewFakeItem("a.jpg"))
            let session = try await client.createPickerSession()
            try service.library.pick([id], session: session.id)
            let item = try #require(try await picked(client, session).first)
            service.clock.advance(.seconds(3700))
            var fault = FakeFault(.truncate, on: .pickerDownload)
            fault.after = 1
            fault.bytes = 1 << 20
            service.library.inject(fault)
            let bytes = try await client.pickerDownload { refused in
                let fresh = refused == nil ? item : try await self.picked(client, session)[0]
                return fresh.kind.rendition.url(baseURL: fresh.baseURL)
            }.readAll()
            #expect(bytes == service.library.content(ofItem: id))
            // Refused, broken, resumed.
            #expect(service.library.requestCount(.pickerDownload) == 3)
            #expect(service.library.requestCount(.pickerItems) == 2)
            #expect(client.statistics.bytesDownloaded == Int64(bytes.count))
        }
    }

    @Test func aSignInThatWasRevokedEarlyIsRenewedInADownload() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            let id = try service.library.addItem(NewFakeItem("a.jpg"))
            let session = try await client.createPickerSession()
            try service.library.pick([id], session: session.id)
            let item = try #require(try await picked(client, session).first)
            var fault = FakeFault(.status, on: .pickerDownload)
            fault.status = 401
            service.library.inject(fault)
            let url = item.kind.rendition.url(baseURL: item.baseURL)
            #expect(
                try await client.pickerDownload(urls: { _ in url }).readAll() == service.library.content(ofItem: id))
            #expect(service.library.tokenRefreshes == 2)
            #expect(service.library.requestCount(.pickerDownload) == 2)
        }
    }

    @Test func theSignInIsNotSentToAnAddressThatIsNotGoogles() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            let reader = client.pickerDownload { _ in
                service.server.baseURL.replacing("127.0.0.1", with: "localhost") + "/picker/lh3/x=d"
            }
            let error = await #expect(throws: ConnectorError.self) { try await reader.readAll() }
            #expect(error?.code == .rejected)
            #expect(service.library.requestCount(.pickerDownload) == 0)
            #expect(service.library.requestCount(.token) == 0)
        }
    }
}

extension Timestamp {
    fileprivate var wholeSeconds: Timestamp { Timestamp(seconds: seconds) }
}
