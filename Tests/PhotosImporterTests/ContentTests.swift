import ConnectorKit
import FakePhotos
import PhotosImporter
import TestSupport
import Testing

@Suite struct BaseURLTests {
    private func storeAll(_ sink: TestSink, from service: FakeService) async throws {
        for record in await sink.files {
            let id = try #require(record.attributes["user.googlephotos.id"])
            #expect(try await sink.store(record.pathname) == service.library.content(ofItem: id))
        }
    }

    @Test func beforeFiftyFiveMinutesNothingIsRenewed() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(60)
            let sink = try await bench.run(["views": "all"])
            service.clock.advance(.seconds(55 * 60 - 1))
            service.library.resetStatistics()
            try await storeAll(sink, from: service)
            #expect(service.library.requestCount(.itemsBatchGet) == 0)
            #expect(service.library.requestCount(.download) == 60)
        }
    }

    @Test func fromFiftyFiveMinutesOnTheyAreRenewedBeforeTheyFail() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(120)
            let sink = try await bench.run(["views": "all"])
            service.clock.advance(.seconds(55 * 60))
            service.library.resetStatistics()
            try await storeAll(sink, from: service)
            #expect(service.library.requestCount(.itemsBatchGet) == 3)
            #expect(service.library.requestCount(.download) == 120, "none was refused")
        }
    }

    @Test func aRefusalRenewsFiftyAndOneDownloadPaysForIt() async throws {
        try await FakeService.run { service in
            // Less than what is promised.
            service.library.updateRules { $0.baseURLLifetime = 600 }
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(120)
            let sink = try await bench.run(["views": "all"])
            service.clock.advance(.seconds(700))
            service.library.resetStatistics()
            try await storeAll(sink, from: service)
            #expect(service.library.requestCount(.itemsBatchGet) == 3)
            // The first of each fifty was refused.
            #expect(service.library.requestCount(.download) == 123)
        }
    }

    @Test func downloadsThatWaitForARenewalShareIt() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(50)
            let sink = try await bench.run(["views": "all"])
            service.clock.advance(.seconds(3600))
            service.library.resetStatistics()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for record in await sink.files { group.addTask { _ = try await sink.store(record.pathname) } }
                try await group.waitForAll()
            }
            #expect(service.library.requestCount(.download) == 50)
            // One for who came first and all that follow it in the list, one for those that have waited meanwhile.
            #expect(service.library.requestCount(.itemsBatchGet) <= 3)
        }
    }

    @Test func whatIsRefusedTwiceInARowIsAskedForAlone() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(60)
            let sink = try await bench.run(["views": "all"])
            let path = try #require(await sink.files.first).pathname
            service.library.resetStatistics()
            var fault = FakeFault(.status, on: .download)
            fault.status = 403
            fault.count = 2
            service.library.inject(fault)
            _ = try await sink.store(path)
            #expect(service.library.requestCount(.itemsBatchGet) == 1)
            #expect(service.library.requestCount(.itemsGet) == 1)
            #expect(service.library.requestCount(.download) == 3)
        }
    }

    @Test func aBatchThatOneBadIDSpoilsIsAskedForOneByOne() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let ids = try service.library.addGeneratedItems(5)
            let sink = try await bench.run(["views": "all"])
            service.clock.advance(.seconds(3600))
            service.library.resetStatistics()
            var fault = FakeFault(.status, on: .itemsBatchGet)
            fault.status = 500
            fault.count = 1000
            service.library.inject(fault)
            try service.library.updateItem(ids[2], isTrashed: true)
            var failures: [ConnectorError] = []
            for record in await sink.files {
                do { _ = try await sink.store(record.pathname) } catch {
                    failures.append(ConnectorError(wrapping: error))
                }
            }
            #expect(failures.map(\.code) == [.notFound])
            #expect(service.library.requestCount(.download) == 4)
        }
    }

    @Test func aServiceThatIsDownIsNotAskedFiftyTimes() async throws {
        try await FakeService.run { service in
            let ids = try service.library.addGeneratedItems(50)
            let client = try service.client()
            for endpoint in [Endpoint.itemsBatchGet, .itemsGet] {
                var fault = FakeFault(.status, on: endpoint)
                fault.status = 500
                fault.count = 1000
                service.library.inject(fault)
            }
            let error = await #expect(throws: ConnectorError.self) { try await client.mediaItems(ids) }
            #expect(error?.code == .unavailable)
            #expect(service.library.requestCount(.itemsBatchGet) == 6)
            #expect(service.library.requestCount(.itemsGet) == 18)
        }
    }
}

@Suite struct VideoContentTests {
    private func video(failed: Bool = false) -> NewFakeItem {
        var video = NewFakeItem("v.mp4")
        video.kind = .mp4
        video.hasFailed = failed
        video.creationTime = Timestamp("2024-05-02T00:00:00Z")
        return video
    }

    @Test func aVideoThatFailedIsAnErrorForGood() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addItem(video(failed: true))
            let record = try #require(await bench.run().files.first)
            #expect(record.error?.code == .notFound)
            #expect(record.error?.isRetryable == false)
            #expect(!record.hasContent && !record.caveats.contains(.stillProcessing))
        }
    }

    @Test func aVideoWithoutBytesIsAskedWhy() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addItem(video())
            let sink = try await bench.run(["views": "all"])
            let path = try #require(await sink.files.first).pathname
            service.library.resetStatistics()
            var fault = FakeFault(.status, on: .download)
            fault.status = 404
            service.library.inject(fault)
            // It is READY: the host has the last word.
            let gone = await #expect(throws: ConnectorError.self) { try await sink.store(path) }
            #expect(gone?.code == .notFound && gone?.message.contains("not there") == true)
            #expect(service.library.requestCount(.itemsGet) == 1)
        }
    }

    @Test(arguments: [404, 403])
    func aVideoThatIsProcessedAgainIsToBeReadLater(status: Int) async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try service.library.addItem(video())
            let sink = try await bench.run(["views": "all"])
            let path = try #require(await sink.files.first).pathname
            try service.library.updateItem(id, isProcessing: true)
            service.library.resetStatistics()
            var fault = FakeFault(.status, on: .download)
            fault.status = status
            fault.count = 100
            service.library.inject(fault)
            let error = await #expect(throws: ConnectorError.self) { try await sink.store(path) }
            #expect(error?.code == .unavailable)
            #expect(error?.isRetryable == true)
            // Twice for another URL, and once to know why.
            #expect(service.library.requestCount(.itemsGet) == (status == 404 ? 1 : 3))
            #expect(service.clock.sleeps.isEmpty)
        }
    }
}

@Suite struct ProxyTests {
    @Test func originalsComeByTheProxyOnceEachAndWithoutCaveats() async throws {
        var options = FakeOptions.empty
        options.rules.transcodesVideos = true
        try await FakeService.run(options) { service in
            let bench = try ImportBench(service)
            var video = NewFakeItem("v.mp4")
            video.kind = .mp4
            video.hasFailed = true
            let ids = [try bench.add("a.jpg", "2024-05-06T10:00:00Z"), try service.library.addItem(video)]
            _ = try service.library.addAlbum("One", items: ids)
            let plain = try await bench.run()
            let sink = try await bench.run(["proxy": service.server.baseURL])
            service.library.resetStatistics()
            for record in await sink.files {
                #expect(record.caveats.isEmpty && record.error == nil)
                #expect(await plain.record(record.pathname.string)?.fingerprint != record.fingerprint)
                let id = try #require(record.attributes["user.googlephotos.id"])
                #expect(try await sink.store(record.pathname) == service.library.content(ofItem: id))
            }
            #expect(await sink.files.count == 4)
            #expect(service.library.requestCount(.proxy) == 2)
            #expect(service.library.requestCount(.download) == 0)
        }
    }

    @Test func whatTheProxyCannotFindIsAnErrorThatSaysSo() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            let sink = try await bench.run(["views": "all", "proxy": service.server.baseURL])
            try service.library.updateItem(id, isTrashed: true)
            let path = try #require(await sink.files.first).pathname
            let error = await #expect(throws: ConnectorError.self) { try await sink.store(path) }
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("proxy") == true)
            #expect(service.library.requestCount(.proxy) == 1)
            #expect(service.library.requestCount(.download) == 0, "the API's bytes are not what was wanted")
        }
    }

    @Test func aProxyThatFailsIsAskedAgainBeforeTheFirstByteAlone() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            let sink = try await bench.run(["views": "all", "proxy": service.server.baseURL])
            let path = try #require(await sink.files.first).pathname
            service.library.inject(FakeFault(.status, on: .proxy))
            #expect(try await sink.store(path) == service.library.content(ofItem: id))
            #expect(service.clock.sleeps == [.seconds(1)])
            #expect(service.library.requestCount(.proxy) == 2)

            let again = try await bench.run(["views": "all", "proxy": service.server.baseURL])
            var fault = FakeFault(.truncate, on: .proxy)
            fault.bytes = 100
            service.library.inject(fault)
            let error = await #expect(throws: ConnectorError.self) { try await again.store(path) }
            #expect(error?.code == .network)
            #expect(service.library.requestCount(.proxy) == 3)
        }
    }

    @Test func theProxyHasOneRequestAtATime() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(8)
            let sink = try await bench.run(["views": "all", "proxy": service.server.baseURL])
            service.library.resetStatistics()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for record in await sink.files { group.addTask { _ = try await sink.store(record.pathname) } }
                try await group.waitForAll()
            }
            #expect(service.library.requestCount(.proxy) == 8)
            #expect(service.library.mostRequestsInFlight == 1)
        }
    }
}
