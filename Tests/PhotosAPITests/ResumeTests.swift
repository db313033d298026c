import ConnectorKit
import FakePhotos
import PhotosAPI
import TestSupport
import Testing

@Suite struct ResumeTests {
    private struct Setup {
        var client: PhotosClient
        var item: MediaItem
        var bytes: [UInt8]

        func download(_ rendition: Rendition? = nil) -> Download {
            let url = (rendition ?? item.kind.rendition).url(baseURL: item.baseURL)
            return client.download { _ in url }
        }
    }

    private static var large: FakeOptions {
        var options = FakeOptions.empty
        options.plan.itemSize = 3 << 20
        return options
    }

    private func setUp(_ service: FakeService, _ kind: MediaKind = .mp4, isMotionPhoto: Bool = false) async throws
        -> Setup
    {
        var new = NewFakeItem("a.\(kind)")
        new.kind = kind
        new.isMotionPhoto = isMotionPhoto
        let id = try service.library.addItem(new)
        let client = try service.client()
        let item = try await client.mediaItem(id)
        return Setup(client: client, item: item, bytes: try #require(service.library.content(ofItem: id)))
    }

    private func breakOnce(_ service: FakeService, after bytes: Int = 1 << 20) {
        var fault = FakeFault(.truncate, on: .download)
        fault.bytes = bytes
        service.library.inject(fault)
    }

    @Test func whatAServerWithoutRangesGivesAgainIsSkipped() async throws {
        try await FakeService.run(Self.large) { service in
            service.library.updateRules { $0.servesRanges = false }
            let setup = try await setUp(service)
            breakOnce(service)
            #expect(try await setup.download().readAll() == setup.bytes)
            #expect(service.library.requestCount(.download) == 2)
            #expect(setup.client.statistics.bytesDownloaded == Int64(setup.bytes.count))
        }
    }

    @Test func withoutAValidatorNobodyKnowsWhetherTheBytesAreTheSame() async throws {
        try await FakeService.run(Self.large) { service in
            service.library.updateRules {
                $0.servesRanges = false
                $0.servesETags = false
            }
            let setup = try await setUp(service)
            breakOnce(service)
            let reader = setup.download()
            let error = await #expect(throws: ConnectorError.self) { try await reader.readAll() }
            #expect(error?.code == .network)
            #expect(service.library.requestCount(.download) == 2)
        }
    }

    @Test func rangesAreEnoughWithoutAValidator() async throws {
        try await FakeService.run(Self.large) { service in
            service.library.updateRules { $0.servesETags = false }
            let setup = try await setUp(service)
            breakOnce(service)
            #expect(try await setup.download().readAll() == setup.bytes)
        }
    }

    @Test(arguments: [true, false])
    func bytesThatChangedInBetweenAreNeverMixed(servesETags: Bool) async throws {
        try await FakeService.run(Self.large) { service in
            service.library.updateRules { $0.servesETags = servesETags }
            let setup = try await setUp(service)
            breakOnce(service)
            let reader = setup.download()
            _ = try await reader.read()
            // From now on the video has other bytes, and more of them.
            service.library.updateRules { $0.transcodesVideos = true }
            let error = await #expect(throws: ConnectorError.self) { try await reader.readAll() }
            #expect(error?.code == .corrupt)
            #expect(service.library.requestCount(.download) == 2)
        }
    }

    @Test func breaksThatMakeProgressDoNotUseUpThePatience() async throws {
        try await FakeService.run(Self.large) { service in
            let setup = try await setUp(service)
            for _ in 0..<20 { breakOnce(service, after: 128 << 10) }
            #expect(try await setup.download().readAll() == setup.bytes)
            #expect(service.library.requestCount(.download) == 21)
        }
    }

    @Test func aRedirectedVideoComesWithoutASignIn() async throws {
        try await FakeService.run(Self.large) { service in
            service.library.updateRules { $0.redirectsVideos = true }
            let setup = try await setUp(service)
            var fault = FakeFault(.truncate, on: .videoDownload)
            fault.bytes = 1 << 20
            service.library.inject(fault)
            #expect(try await setup.download().readAll() == setup.bytes)
            #expect(service.library.requestCount(.videoDownload) == 2)
            #expect(service.library.authorizedDownloads == 0)
        }
    }

    @Test func aPickedVideoLeavesItsSignInAtTheHostThatWantsIt() async throws {
        try await FakeService.run(Self.large) { service in
            service.library.updateRules { $0.redirectsVideos = true }
            let setup = try await setUp(service)
            let session = try await setup.client.createPickerSession()
            try service.library.pick([setup.item.id], session: session.id)
            var items: [PickedMediaItem] = []
            for try await page in setup.client.pickedItems(session: session.id) { items += page }
            let url = Rendition.video.url(baseURL: try #require(items.first).baseURL)
            #expect(try await setup.client.pickerDownload(urls: { _ in url }).readAll() == setup.bytes)
            #expect(service.library.requestCount(.pickerDownload) == 1)
            #expect(service.library.requestCount(.videoDownload) == 1)
            #expect(service.library.authorizedDownloads == 0, "the host of videos saw the sign-in")
        }
    }

    @Test func aMotionPhotoHasAPhotoAndAVideo() async throws {
        try await FakeService.run { service in
            let motion = try await setUp(service, .jpeg, isMotionPhoto: true)
            #expect(try await motion.download(.photo).readAll() == motion.bytes)
            let video = try await motion.download(.video).readAll()
            #expect(Array(video.dropFirst(4).prefix(4)) == Array("ftyp".utf8))
            #expect(try await motion.download(.scaled(width: 100, height: 100)).readAll().starts(with: [0xFF, 0xD8]))
            // Nothing else tells that a photo is none.
            let still = try await setUp(service, .jpeg)
            let reader = still.download(.video)
            let error = await #expect(throws: ConnectorError.self) { try await reader.readAll() }
            #expect(error?.code == .notFound)
        }
    }
}
