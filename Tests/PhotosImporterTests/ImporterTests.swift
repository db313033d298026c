import ConnectorKit
import Crypto
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import TestSupport
import Testing

/// An index that outlives several imports, as the file on a person's disk does.
struct ImportBench {
    let service: FakeService
    let index: Index

    init(_ service: FakeService, index: Index? = nil) throws {
        self.service = service
        self.index = try index ?? Index(path: nil)
    }

    func run(_ more: [String: String] = [:]) async throws -> TestSink {
        let sink = TestSink()
        let importer = try importer(more)
        _ = try await importer.importRecords(state: nil, to: sink)
        return sink
    }

    func importer(_ more: [String: String] = [:]) throws -> PhotosImporter {
        try PhotosImporter(
            settings: service.settings("demo", more), options: ConnectorOptions(), reporter: TestReporter(),
            runtime: service.clock.runtime(), index: index)
    }

    @discardableResult
    func add(_ filename: String, _ time: String, favorite: Bool = false) throws -> String {
        var item = NewFakeItem(filename)
        item.creationTime = Timestamp(time)
        item.isFavorite = favorite
        return try service.library.addItem(item)
    }
}

@Suite struct ImporterTests {
    @Test func theTreeIsRclones() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let first = try bench.add("a.jpg", "2024-05-06T10:00:00Z", favorite: true)
            let second = try bench.add("b.jpg", "2024-06-01T00:00:00Z")
            _ = try service.library.addAlbum("Trip/Norway", items: [second, first], account: "demo")
            let sink = try await bench.run(["views": "all,by-year,by-month,by-day,album,favorites"])
            #expect(
                await sink.paths.sorted() == [
                    "/", "/album", "/album/Trip", "/album/Trip/Norway", "/album/Trip/Norway/a.jpg",
                    "/album/Trip/Norway/b.jpg", "/feature", "/feature/favorites", "/feature/favorites/a.jpg", "/media",
                    "/media/all", "/media/all/a.jpg", "/media/all/b.jpg", "/media/by-day", "/media/by-day/2024",
                    "/media/by-day/2024/2024-05-06", "/media/by-day/2024/2024-05-06/a.jpg",
                    "/media/by-day/2024/2024-06-01", "/media/by-day/2024/2024-06-01/b.jpg", "/media/by-month",
                    "/media/by-month/2024", "/media/by-month/2024/2024-05", "/media/by-month/2024/2024-05/a.jpg",
                    "/media/by-month/2024/2024-06", "/media/by-month/2024/2024-06/b.jpg", "/media/by-year",
                    "/media/by-year/2024", "/media/by-year/2024/a.jpg", "/media/by-year/2024/b.jpg",
                ])
            let record = try #require(await sink.record("/album/Trip/Norway/a.jpg"))
            #expect(record.attributes[Record.orderAttribute] == "1")
            #expect(record.attributes[Attribute.id] == first)
            #expect(record.modificationTime == Timestamp("2024-05-06T10:00:00Z"))
            #expect(record.caveats == [.locationRemoved])
        }
    }

    @Test func directoriesComeBeforeWhatIsInThemAndNothingTwice() async throws {
        try await FakeService.run(FakeOptions()) { service in
            let sink = try await ImportBench(service).run()
            var seen: Set<Pathname> = []
            for record in await sink.records {
                #expect(seen.insert(record.pathname).inserted, "\(record.pathname) came twice")
                if let parent = record.pathname.parent { #expect(seen.contains(parent), "\(record.pathname)") }
            }
            let shown = await Set(sink.files.compactMap { $0.attributes[Attribute.id] })
            let held = try service.library.items(of: "demo", hashing: false).map(\.id)
            #expect(shown == Set(held))
        }
    }

    @Test func theListsAreAskedForOnce() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let ids = try service.library.addGeneratedItems(350)
            _ = try service.library.addAlbum("Big", items: Array(ids.prefix(250)), account: "demo")
            _ = try service.library.addAlbum("Small", items: Array(ids.suffix(3)), account: "demo")
            service.library.resetStatistics()
            let sink = try await bench.run()
            // The library 4, the favorites 1, the albums 3 + 1.
            #expect(service.library.requestCount(.itemsSearch) == 9)
            #expect(service.library.requestCount(.albumsList) == 1)
            #expect(service.library.requestCount(.itemsBatchGet) == 0)
            #expect(await sink.files.count >= 603)
        }
    }

    @Test func everyContentIsTheServicesAndIsDownloadedOnce() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try bench.add("a.jpg", "2024-05-06T10:00:00Z", favorite: true)
            _ = try service.library.addAlbum("One", items: [id], account: "demo")
            let sink = try await bench.run()
            let paths = await sink.files.map(\.pathname)
            #expect(paths.count == 3)
            let expected = try #require(service.library.content(ofItem: id))
            // At the same time, and one after the other.
            try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for path in paths.dropLast() { group.addTask { try await sink.store(path) } }
                for try await bytes in group { #expect(bytes == expected) }
            }
            #expect(try await sink.store(paths[2]) == expected)
            #expect(service.library.requestCount(.download) == 1)
        }
    }

    @Test func aSizeIsUnknownUntilItWasLearnt() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            let sink = TestSink()
            let importer = try bench.importer()
            _ = try await importer.importRecords(state: nil, to: StoringSink(sink))
            let path = "/media/by-month/2024/2024-05/a.jpg"
            #expect(await sink.record(path)?.size == nil)
            let again = try await bench.run()
            let size = try #require(service.library.content(ofItem: id)).count
            #expect(await again.record(path)?.size == Int64(size))
            let fingerprint = await sink.record(path)?.fingerprint
            #expect(await again.record(path)?.fingerprint == fingerprint)
        }
    }

    @Test func aLocationSelectsADirectoryOrOneFile() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let first = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            let second = try bench.add("b.jpg", "2023-06-01T00:00:00Z")
            _ = try service.library.addAlbum("One", items: [first, second], account: "demo")
            _ = try service.library.addAlbum("Two", items: [second], account: "demo")
            service.library.resetStatistics()
            let album = try await bench.run(["location": "googlephotos:///album/One"])
            #expect(
                await album.paths.sorted() == ["/", "/album", "/album/One", "/album/One/a.jpg", "/album/One/b.jpg"])
            // The library was not listed, nor the other album.
            #expect(service.library.requestCount(.itemsSearch) == 1)

            let file = try await bench.run(["location": "googlephotos:///album/One/b.jpg"])
            #expect(await file.paths == ["/", "/album", "/album/One", "/album/One/b.jpg"])
            let year = try await bench.run(["location": "gphotos://media/by-year/2024"])
            #expect(await year.files.map(\.pathname.string) == ["/media/by-year/2024/a.jpg"])

            for nowhere in ["/album/Three", "/album/One/c.jpg", "/media/by-year/2011"] {
                let error = await #expect(throws: ConnectorError.self) {
                    try await bench.run(["location": "googlephotos://" + nowhere])
                }
                #expect(error?.code == .notFound)
            }
        }
    }

    @Test func anEmptyLibraryIsARootAlone() async throws {
        try await FakeService.run { service in
            let sink = try await ImportBench(service).run()
            #expect(await sink.paths.first == "/")
            #expect(await sink.files.isEmpty)
        }
    }
}

/// Stores every content the moment its record comes.
struct StoringSink: RecordSink {
    let sink: TestSink
    init(_ sink: TestSink) { self.sink = sink }

    func emit(_ record: Record, content: (any ContentSource)?) async throws {
        await sink.emit(record, content: content)
        if content != nil { _ = try await sink.store(record.pathname) }
    }
}
