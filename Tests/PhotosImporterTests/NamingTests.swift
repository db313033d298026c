import ConnectorKit
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import TestSupport
import Testing

@Suite struct NamingTests {
    @Test func theOldestHasThePlainNameAndKeepsIt() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let older = try bench.add("IMG_1.jpg", "2024-05-02T00:00:00Z")
            let newer = try bench.add("IMG_1.jpg", "2024-05-03T00:00:00Z")
            let first = try await bench.run()
            let plain = "/media/by-month/2024/2024-05/IMG_1.jpg"
            let marked = "/media/by-month/2024/2024-05/IMG_1 {\(SafeName.mark(of: newer))}.jpg"
            #expect(await first.record(plain)?.attributes[Attribute.id] == older)
            #expect(await first.record(marked)?.attributes[Attribute.id] == newer)

            // A still older one of that name comes later: nobody is renamed.
            let late = try bench.add("IMG_1.jpg", "2024-05-01T00:00:00Z")
            let second = try await bench.run()
            #expect(await second.record(plain)?.attributes[Attribute.id] == older)
            #expect(await second.record(marked)?.attributes[Attribute.id] == newer)
            let third = "/media/by-month/2024/2024-05/IMG_1 {\(SafeName.mark(of: late))}.jpg"
            #expect(await second.record(third)?.attributes[Attribute.id] == late)
        }
    }

    @Test func namesDoNotDependOnTheIndex() async throws {
        try await FakeService.run(FakeOptions()) { service in
            let first = try await ImportBench(service).run().paths
            let second = try await ImportBench(service).run().paths
            #expect(first == second)
        }
    }

    @Test func albumsOfOneTitleAreToldApart() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let item = try bench.add("a.jpg", "2024-05-02T00:00:00Z")
            let albums = try (0..<2).map { _ in
                try service.library.addAlbum("Lisbon", items: [item], account: "demo")
            }.sorted()
            let sink = try await bench.run()
            #expect(await sink.record("/album/Lisbon/a.jpg") != nil)
            #expect(await sink.record("/album/Lisbon {\(SafeName.mark(of: albums[1]))}/a.jpg") != nil)
        }
    }

    @Test func anAlbumAndAnItemOfItsNameDoNotMeet() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let item = try bench.add("Norway", "2024-05-02T00:00:00Z")
            _ = try service.library.addAlbum("Trip", items: [item], account: "demo")
            _ = try service.library.addAlbum("Trip/Norway", items: [item], account: "demo")
            let sink = try await bench.run(["views": "album"])
            let paths = await sink.paths
            #expect(Set(paths).count == paths.count)
            #expect(paths.contains("/album/Trip/Norway"))
            #expect(paths.contains("/album/Trip/Norway/Norway"))
            #expect(paths.contains("/album/Trip/Norway {\(SafeName.mark(of: item))}"))
        }
    }

    @Test func noNameLeavesItsDirectory() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            for name in ["../../etc/passwd", "..", "", "a\0b.jpg", "/", "x\n.jpg"] {
                try bench.add(name, "2024-05-02T00:00:00Z")
            }
            for title in ["..", "../..", "", "/", "a//b", "."] {
                _ = try service.library.addAlbum(title, items: [], account: "demo")
            }
            let sink = try await bench.run()
            for record in await sink.records { #expect(throws: Never.self) { try Pathname(record.pathname.string) } }
            #expect(await sink.files.count == 6)
            #expect(await sink.records.filter { $0.pathname.string.hasPrefix("/album/") }.count == 7)
        }
    }
}

@Suite struct ListingFailureTests {
    @Test func anAlbumThatCannotBeListedIsAnErrorOfItsDirectory() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let item = try bench.add("a.jpg", "2024-05-02T00:00:00Z")
            _ = try service.library.addAlbum("Good", items: [item], account: "demo")
            _ = try service.library.addAlbum("Bad", items: [item], account: "demo")
            var fault = FakeFault(.status, on: .itemsSearch)
            fault.match = "Bad"
            fault.status = 403
            service.library.inject(fault)
            let sink = try await bench.run()
            #expect(await sink.record("/album/Bad")?.error?.code == .permission)
            #expect(await sink.record("/album/Bad/a.jpg") == nil)
            #expect(await sink.record("/album/Good/a.jpg") != nil)
        }
    }

    @Test func aLibraryThatCannotBeListedEndsTheImportBeforeAnyRecord() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(250)
            var fault = FakeFault(.status, on: .itemsSearch)
            fault.status = 403
            fault.after = 1
            service.library.inject(fault)
            let sink = TestSink()
            let importer = try bench.importer()
            await #expect(throws: ConnectorError.self) { try await importer.importRecords(state: nil, to: sink) }
            #expect(await sink.records.isEmpty)
        }
    }

    @Test func oneImportOfAnAccountRunsAtATime() async throws {
        try await FakeService.run { service in
            let directory = NSTemporaryDirectory() + "gphotos-index-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let bench = try ImportBench(service, index: Index(path: directory + "/index.sqlite"))
            try bench.add("a.jpg", "2024-05-02T00:00:00Z")
            let lock = try bench.index.lockForImport()
            let error = await #expect(throws: ConnectorError.self) { try await bench.run() }
            #expect(error?.isRetryable == true)
            #expect(service.library.requestCount(.itemsSearch) == 0)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func aVideoThatIsStillProcessedIsARecordWithAnError() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.videoProcessingTime = 600 }
            let bench = try ImportBench(service)
            var video = NewFakeItem("v.mp4")
            video.kind = .mp4
            video.creationTime = Timestamp("2024-05-02T00:00:00Z")
            _ = try service.library.addItem(video)
            let sink = try await bench.run()
            let record = try #require(await sink.files.first)
            #expect(record.error?.isRetryable == true)
            #expect(record.caveats.contains(.stillProcessing))
            #expect(!record.hasContent)
            service.clock.advance(.seconds(700))
            #expect(try await bench.run().files.first?.error == nil)
        }
    }

    @Test func baseURLsThatGrewOldAreRenewedByFifties() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(60)
            let sink = try await bench.run(["views": "all"])
            service.clock.advance(.seconds(3 * 3600))
            service.library.resetStatistics()
            for record in await sink.files { _ = try await sink.store(record.pathname) }
            #expect(service.library.requestCount(.download) == 60)
            #expect(service.library.requestCount(.itemsBatchGet) == 2)
        }
    }
}
