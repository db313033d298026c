import ConnectorKit
import FakePhotos
import PhotosAPI
import TestSupport
import Testing

@Suite struct DownloadTests {
    private struct Setup {
        var client: PhotosClient
        var item: MediaItem
        var bytes: [UInt8]
    }

    private func setUp(_ service: FakeService) async throws -> Setup {
        let id = try #require(try service.library.addGeneratedItems(1).first)
        let client = try service.client()
        let item = try await client.mediaItem(id)
        return Setup(client: client, item: item, bytes: try #require(service.library.content(ofItem: id)))
    }

    private func download(_ setup: Setup) -> Download {
        setup.client.download { refused in
            let item = refused == nil ? setup.item : try await setup.client.mediaItem(setup.item.id)
            return MediaItem.downloadURL(baseURL: item.baseURL, kind: item.kind)
        }
    }

    private static var large: FakeOptions {
        var options = FakeOptions.empty
        options.plan.itemSize = 3 << 20
        return options
    }

    @Test func bytesComeWholeAndAreCounted() async throws {
        try await FakeService.run(Self.large) { service in
            let setup = try await setUp(service)
            #expect(try await download(setup).readAll() == setup.bytes)
            #expect(setup.client.statistics.downloads == 1)
            #expect(setup.client.statistics.bytesDownloaded == Int64(setup.bytes.count))
        }
    }

    @Test(arguments: [FakeFault.Kind.truncate, .reset])
    func aBreakIsResumedWhereItWas(kind: FakeFault.Kind) async throws {
        try await FakeService.run(Self.large) { service in
            let setup = try await setUp(service)
            var fault = FakeFault(kind, on: .download)
            fault.bytes = 1 << 20
            service.library.inject(fault)
            #expect(try await download(setup).readAll() == setup.bytes)
            #expect(service.library.requestCount(.download) == 2)
            // Not fetched again: what came before the break.
            #expect(setup.client.statistics.bytesDownloaded == Int64(setup.bytes.count))
        }
    }

    @Test func aDownloadThatAlwaysBreaksFailsAndIsNeverShort() async throws {
        try await FakeService.run(Self.large) { service in
            let setup = try await setUp(service)
            var fault = FakeFault(.truncate, on: .download)
            fault.bytes = 0
            fault.count = 1000
            service.library.inject(fault)
            let reader = download(setup)
            let error = await #expect(throws: ConnectorError.self) { try await reader.readAll() }
            #expect(error?.code == .network)
        }
    }

    @Test func aURLThatIsTooOldIsRenewed() async throws {
        try await FakeService.run(Self.large) { service in
            let setup = try await setUp(service)
            service.clock.advance(.seconds(2 * 3600))
            #expect(try await download(setup).readAll() == setup.bytes)
            #expect(service.library.requestCount(.download) == 2)
        }
    }

    @Test func aWebPageIsNotAPhoto() async throws {
        try await FakeService.run(Self.large) { service in
            let setup = try await setUp(service)
            service.library.inject(FakeFault(.html, on: .download))
            let reader = download(setup)
            let error = await #expect(throws: ConnectorError.self) { try await reader.readAll() }
            #expect(error?.message.contains("web page") == true)
        }
    }

    @Test func theDownloadHostNeverSeesTheSignIn() async throws {
        try await FakeService.run(Self.large) { service in
            let setup = try await setUp(service)
            #expect(try await download(setup).readAll() == setup.bytes)
            #expect(service.library.requestCount(.download) == 1)
            #expect(service.library.authorizedDownloads == 0)
        }
    }
}
