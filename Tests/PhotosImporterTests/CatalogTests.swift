import ConnectorKit
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import StrictJSON
import TakeoutSupport
import TestSupport
import Testing

extension TestSink {
    func items(_ path: String = "/.gphotos/items.jsonl") async throws -> [CatalogItem] {
        try await lines(path).map { try #require(CatalogItem($0)) }
    }

    func albums(_ path: String = "/.gphotos/albums.jsonl") async throws -> [CatalogAlbum] {
        try await lines(path).map { try #require(CatalogAlbum($0)) }
    }

    func bytes(_ path: String) async throws -> [UInt8] {
        try await #require(content(try Pathname(path))).open().readAll()
    }

    private func lines(_ path: String) async throws -> [JSON] {
        try await bytes(path).split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: Array($0)) }
    }
}

/// The catalog of an import of the Library API.
@Suite struct CatalogTests {
    private static let on = ["catalog": "true"]

    private func bench(_ service: FakeService) throws -> (ImportBench, first: String, second: String) {
        let bench = try ImportBench(service)
        let first = try bench.add("a.jpg", "2024-05-06T10:00:00Z", favorite: true)
        let second = try bench.add("b.jpg", "2024-06-01T00:00:00Z")
        _ = try service.library.addAlbum("Trip/Norway", items: [second, first], account: "demo")
        return (bench, first, second)
    }

    @Test func itTellsWhatFilesCannotHoldAndComesLast() async throws {
        try await FakeService.run { service in
            let (bench, first, second) = try bench(service)
            let sink = try await bench.run(Self.on)
            #expect(
                await sink.paths.suffix(3) == ["/.gphotos", "/.gphotos/items.jsonl", "/.gphotos/albums.jsonl"])
            let items = try await sink.items()
            #expect(items.map(\.id) == [second, first])
            let item = items[1]
            #expect(item.filename == "a.jpg" && item.source == "library" && item.isFavorite)
            #expect(
                item.paths == [
                    "/media/by-month/2024/2024-05/a.jpg", "/album/Trip/Norway/a.jpg", "/feature/favorites/a.jpg",
                ])
            #expect(item.created == Timestamp("2024-05-06T10:00:00Z"))
            #expect(item.caveats == ["location-removed"] && item.mimeType == "image/jpeg")
            let albums = try await sink.albums()
            #expect(albums.map(\.title) == ["Trip/Norway"])
            #expect(albums[0].paths == ["/album/Trip/Norway"] && albums[0].items == 2)
            #expect(item.albums == [.init(album: albums[0].id, position: 1)])
            #expect(items[0].albums == [.init(album: albums[0].id, position: 0)])
        }
    }

    @Test func itIsTheSameAsLongAsNothingChanged() async throws {
        try await FakeService.run { service in
            let (bench, first, _) = try bench(service)
            let one = try await bench.run(Self.on)
            let two = try await bench.run(Self.on)
            for file in ["/.gphotos/items.jsonl", "/.gphotos/albums.jsonl"] {
                let record = try #require(await one.record(file))
                #expect(await two.record(file) == record)
                #expect(try await one.bytes(file) == two.bytes(file))
            }
            func fingerprints(_ sink: TestSink) async -> [String?] {
                [
                    await sink.record("/.gphotos/items.jsonl")?.fingerprint,
                    await sink.record("/.gphotos/albums.jsonl")?.fingerprint,
                ]
            }
            let known = await fingerprints(two)
            try service.library.updateItem(first, description: "the sea")
            let described = await fingerprints(try await bench.run(Self.on))
            #expect(described[0] != known[0] && described[1] == known[1])
            _ = try service.library.addAlbum("Empty", items: [], account: "demo")
            let more = await fingerprints(try await bench.run(Self.on))
            #expect(more[1] != known[1])
        }
    }

    @Test func whatReadingTeachesMakesItNoOther() async throws {
        try await FakeService.run { service in
            let (bench, _, _) = try bench(service)
            let one = TestSink()
            let importer = try bench.importer(Self.on)
            _ = try await importer.importRecords(state: nil, to: one)
            // Read after the catalog has been told of, as a host does with the last items.
            for record in await one.files where record.mimeType == "image/jpeg" {
                _ = try await one.store(record.pathname)
            }
            try await importer.close()
            let two = try await bench.run(Self.on)
            #expect(await two.files.filter { $0.mimeType == "image/jpeg" }.allSatisfy { $0.size != nil })
            #expect(await one.record("/.gphotos/items.jsonl") == two.record("/.gphotos/items.jsonl"))
        }
    }

    @Test func whatWasLearntByReadingIsInIt() async throws {
        try await FakeService.run { service in
            let (bench, first, _) = try bench(service)
            _ = try await bench.importer(Self.on).importRecords(state: nil, to: StoringSink(TestSink()))
            let importer = try bench.importer(Self.on)
            let sink = TestSink()
            _ = try await importer.importRecords(state: nil, to: StoringSink(sink))
            let item = try #require(try await sink.items().first { $0.id == first })
            #expect(item.size == service.library.content(ofItem: first).map { Int64($0.count) })
        }
    }

    @Test func itCoversWhatTheImportShows() async throws {
        try await FakeService.run { service in
            let (bench, first, _) = try bench(service)
            _ = try service.library.addAlbum("Other", items: [first], account: "demo")
            let part = try await bench.run(["catalog": "true", "location": "googlephotos:///album/Trip"])
            #expect(await part.paths.suffix(2).first == "/album/Trip/.gphotos/items.jsonl")
            let items = try await part.items("/album/Trip/.gphotos/items.jsonl")
            #expect(Set(items.flatMap(\.paths)) == ["/album/Trip/Norway/a.jpg", "/album/Trip/Norway/b.jpg"])
            #expect(try await part.albums("/album/Trip/.gphotos/albums.jsonl").map(\.title) == ["Trip/Norway"])

            let filtered = try await bench.run(["catalog": "true", "include": "/media/**/a.jpg"])
            #expect(try await filtered.items().map(\.paths) == [["/media/by-month/2024/2024-05/a.jpg"]])
            #expect(try await filtered.albums().isEmpty)

            let file = try await bench.run(["catalog": "true", "location": "googlephotos:///album/Other/a.jpg"])
            #expect(await file.paths == ["/", "/album", "/album/Other", "/album/Other/a.jpg"])
        }
    }

    @Test func aLocationCanNameIt() async throws {
        try await FakeService.run { service in
            let (bench, _, _) = try bench(service)
            let whole = try await bench.run(Self.on)
            let alone = try await bench.run(["catalog": "true", "location": "googlephotos:///.gphotos"])
            #expect(
                await alone.paths == ["/", "/.gphotos", "/.gphotos/items.jsonl", "/.gphotos/albums.jsonl"])
            #expect(try await alone.bytes("/.gphotos/items.jsonl") == whole.bytes("/.gphotos/items.jsonl"))
            #expect(
                await alone.record("/.gphotos/items.jsonl")?.fingerprint
                    == whole.record("/.gphotos/items.jsonl")?.fingerprint)
            let file = try await bench.run(["catalog": "true", "location": "googlephotos://.gphotos/albums.jsonl"])
            #expect(await file.paths == ["/", "/.gphotos", "/.gphotos/albums.jsonl"])
            for (location, catalog) in [("/.gphotos/else", "true"), ("/.gphotos", "false")] {
                let error = #expect(throws: ConnectorError.self) {
                    try bench.importer(["location": "googlephotos://" + location, "catalog": catalog])
                }
                #expect(error?.code == .notFound)
            }
        }
    }

    @Test func theLayoutOfGphotosSyncHasOneToo() async throws {
        try await FakeService.run { service in
            let (bench, first, _) = try bench(service)
            let sink = try await bench.run(["catalog": "true", "layout": "gphotos-sync"])
            let item = try #require(try await sink.items().first { $0.id == first })
            #expect(item.paths == ["/photos/2024/05/a.jpg", "/albums/2024/0601 Trip／Norway/0002_a.jpg"])
            #expect(try await sink.albums().map(\.paths) == [["/albums/2024/0601 Trip／Norway"]])
        }
    }

    @Test func whatGoogleDoesToContentsIsSaid() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            var video = NewFakeItem("v.mp4")
            video.kind = .mp4
            let id = try service.library.addItem(video)
            #expect(try await bench.run(Self.on).items().map(\.caveats) == [["transcoded"]])
            try service.library.updateItem(id, isProcessing: true)
            let item = try #require(try await bench.run(Self.on).items().first)
            #expect(item.caveats == ["transcoded", "still-processing"] && item.isVideo)
            let original = try await bench.run(["catalog": "true", "proxy": service.server.baseURL])
            #expect(try await original.items().map(\.caveats) == [[]])
        }
    }

    @Test func anEmptyLibraryHasNone() async throws {
        try await FakeService.run { service in
            let paths = try await ImportBench(service).run(Self.on).paths
            #expect(paths.first == "/" && !paths.contains("/.gphotos"))
        }
    }

    @Test func whatTheLibraryCallsSoIsNotReplaced() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            _ = try service.library.addAlbum("Trip/.gphotos", items: [id], account: "demo")
            let sink = try await bench.run(["catalog": "true", "location": "googlephotos:///album/Trip"])
            #expect(
                await sink.paths == [
                    "/", "/album", "/album/Trip", "/album/Trip/.gphotos", "/album/Trip/.gphotos/a.jpg",
                ])
        }
    }

    @Test func anAlbumThatCannotBeListedSaysSo() async throws {
        try await FakeService.run { service in
            let (bench, first, _) = try bench(service)
            let album = try service.library.addAlbum("Other", items: [first], account: "demo")
            var fault = FakeFault(.status, on: .itemsSearch)
            fault.match = album
            fault.status = 403
            fault.count = 100
            service.library.inject(fault)
            let sink = try await bench.run(Self.on)
            let albums = try await sink.albums()
            #expect(albums.map(\.title) == ["Other", "Trip/Norway"])
            #expect(albums[0].error != nil && albums[1].error == nil)
            service.library.clearFaults()
            fault = FakeFault(.status, on: .albumsList)
            fault.status = 403
            fault.count = 100
            service.library.inject(fault)
            let none = try await bench.run(Self.on)
            for file in ["/.gphotos/items.jsonl", "/.gphotos/albums.jsonl"] {
                #expect(await none.record(file)?.error?.code == .permission)
                #expect(await none.content(try Pathname(file)) == nil)
            }
        }
    }

    @Test func aCatalogIsWholeAlthoughTheAccountWasListedAgain() async throws {
        try await FakeService.run { service in
            let (bench, first, _) = try bench(service)
            let sink = try await bench.run(Self.on)
            try service.library.updateItem(first, isTrashed: true)
            _ = try await bench.run(Self.on)
            #expect(try await sink.items().count == 2)
        }
    }

    @Test func pagesOfALargeLibraryAreOneCatalog() async throws {
        var options = FakeOptions()
        options.plan.items = 1700
        options.plan.itemSize = 500
        try await FakeService.run(options) { service in
            let sink = try await ImportBench(service).run(Self.on)
            let shown = await Dictionary(grouping: sink.files.filter { $0.attributes[Attribute.id] != nil }) {
                $0.attributes[Attribute.id] ?? ""
            }
            let items = try await sink.items()
            #expect(items.count == 1700)
            for item in items { #expect(item.paths == shown[item.id]?.map(\.pathname.string)) }
        }
    }
}

/// The catalog of Takeout exports.
@Suite struct TakeoutCatalogTests {
    @Test func itTellsWhatOnlyTakeoutKnows() async throws {
        let bench = try ExportBench()
        var builder = TakeoutBuilder()
        var one = TakeoutBuilder.Item("a.jpg", Array(repeating: 1, count: 1000), taken: 1_714_989_600)
        one.url = "https://photos.google.com/photo/AF1Q"
        one.description = "the sea"
        one.people = ["Ada", "Bob"]
        one.isFavorite = true
        one.isArchived = true
        one.latitude = 38.7
        one.longitude = -9.1
        one.albums = ["Trip"]
        builder.add(one)
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let sink = try await bench.run(["catalog": "true"])
        let item = try #require(try await sink.items().first)
        #expect(item.source == "takeout" && item.size == 1000 && item.url == "https://photos.google.com/photo/AF1Q")
        #expect(item.people == ["Ada", "Bob"] && item.location == "38.7,-9.1" && item.description == "the sea")
        #expect(item.isFavorite && item.isArchived && item.origin == "mobileUpload")
        let album = try #require(try await sink.albums().first)
        #expect(album.title == "Trip" && album.paths == ["/album/Trip"] && album.items == 1)
        #expect(item.albums == [.init(album: album.id, position: nil)])
        #expect(item.sha256 == nil)

        // Reading teaches the hash, which makes it no other.
        let importer = try bench.importer(["catalog": "true"])
        _ = try await importer.importRecords(state: nil, to: StoringSink(TestSink()))
        try await importer.close()
        let third = try await bench.run(["catalog": "true"])
        #expect(await third.record("/.gphotos/items.jsonl") == sink.record("/.gphotos/items.jsonl"))
        #expect(try await third.items().first?.sha256 != nil)
        let alone = try await bench.run(["catalog": "true", "path": "/.gphotos/items.jsonl"])
        #expect(await alone.paths == ["/", "/.gphotos", "/.gphotos/items.jsonl"])
        #expect(
            await alone.record("/.gphotos/items.jsonl")?.fingerprint
                == third.record("/.gphotos/items.jsonl")?.fingerprint)
    }
}
