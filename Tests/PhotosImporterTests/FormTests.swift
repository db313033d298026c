import ConnectorKit
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import StrictJSON
import TakeoutSupport
import TestSupport
import Testing

/// Albums as links into a dated view.
@Suite struct AlbumLinkTests {
    private func bench(_ service: FakeService) throws -> ImportBench {
        let bench = try ImportBench(service)
        let first = try bench.add("a.jpg", "2024-05-06T10:00:00Z", favorite: true)
        let second = try bench.add("b.jpg", "2024-06-01T00:00:00Z")
        _ = try service.library.addAlbum("Trip/Norway", items: [second, first], account: "demo")
        return bench
    }

    @Test func albumsAndFavoritesLeadToTheFirstDatedView() async throws {
        try await FakeService.run { service in
            let bench = try bench(service)
            let sink = try await bench.run(["albums": "links", "views": "by-month,by-day,album,favorites"])
            let link = try #require(await sink.record("/album/Trip/Norway/a.jpg"))
            #expect(link.kind == .symlink && link.target == "../../../media/by-month/2024/2024-05/a.jpg")
            #expect(link.attributes[Record.orderAttribute] == "1" && !link.hasContent)
            let favorite = try #require(await sink.record("/feature/favorites/a.jpg"))
            #expect(favorite.target == "../../media/by-month/2024/2024-05/a.jpg")
            #expect(await sink.record("/media/by-day/2024/2024-05-06/a.jpg")?.kind == .file)
            // The file comes before what leads to it.
            let paths = await sink.paths
            let file = try #require(paths.firstIndex(of: "/media/by-month/2024/2024-05/a.jpg"))
            #expect(try file < #require(paths.firstIndex(of: "/album/Trip/Norway/a.jpg")))
            service.library.resetStatistics()
            for record in await sink.files { _ = try await sink.store(record.pathname) }
            #expect(service.library.requestCount(.download) == 2)

            let layout = try await bench.run(["albums": "links", "layout": "gphotos-sync"])
            let numbered = try #require(await layout.record("/albums/2024/0601 Trip／Norway/0002_a.jpg"))
            #expect(numbered.target == "../../../photos/2024/05/a.jpg")
        }
    }

    @Test func whatNoDatedViewShowsIsACopy() async throws {
        try await FakeService.run { service in
            let bench = try bench(service)
            let reporter = TestReporter()
            let importer = try PhotosImporter(
                settings: service.settings("demo", ["albums": "links", "location": "googlephotos:///album/Trip"]),
                options: ConnectorOptions(), reporter: reporter, runtime: service.clock.runtime(), index: bench.index)
            let sink = TestSink()
            _ = try await importer.importRecords(state: nil, to: sink)
            #expect(await sink.files.count == 2)
            #expect(reporter.logs.contains { $0.contains("albums are not links") })
            // An item of which a filter leaves the place in the album alone.
            let filtered = try await bench.run(["albums": "links", "exclude": "/media/**/a.jpg"])
            #expect(await filtered.record("/album/Trip/Norway/a.jpg")?.kind == .file)
            #expect(await filtered.record("/album/Trip/Norway/b.jpg")?.kind == .symlink)
        }
    }

    @Test func exportsHaveThemToo() async throws {
        let bench = try ExportBench()
        var builder = TakeoutBuilder()
        var one = TakeoutBuilder.Item("a.jpg", Array(repeating: 1, count: 1000), taken: 1_714_989_600)
        one.albums = ["Trip"]
        builder.add(one)
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let sink = try await bench.run(["albums": "links"])
        #expect(await sink.record("/album/Trip/a.jpg")?.target == "../../media/by-month/2024/2024-05/a.jpg")
    }
}

/// What a file cannot hold, in a file beside it.
@Suite struct SidecarTests {
    private static let on = ["metadata": "sidecar", "views": "by-month"]

    @Test func ourOwnReaderOfExportsFindsThemAgain() async throws {
        let long = String(repeating: "x", count: 260) + ".jpg"
        let names = [
            "plain.jpg", "a/b: 1?.jpg", "twin.jpg", "twin.jpg", "cut\(String(repeating: "ü", count: 112)).jpg", long,
        ]
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            for (number, name) in names.enumerated() {
                var item = NewFakeItem(name)
                item.creationTime = Timestamp("2024-05-06T10:00:0\(number)Z")
                item.description = "number \(number)"
                _ = try service.library.addItem(item)
            }
            let export = try ExportBench()
            let sink = try await bench.run(Self.on)
            let folder = export.exports
            for record in await sink.records {
                let path = folder + "/mirror" + record.pathname.string
                if record.kind == .directory {
                    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                } else {
                    let bytes = try await sink.store(record.pathname)
                    if record.attributes[Attribute.sidecar] != nil { #expect(record.size == Int64(bytes.count)) }
                    try Data(bytes).write(to: URL(fileURLWithPath: path))
                }
            }
            let files = await sink.files
            #expect(files.count == names.count * 2 && Set(files.map(\.pathname)).count == files.count)
            #expect(await sink.record("/media/by-month/2024/2024-05/plain.jpg.supplemental-metadata.json") != nil)

            let read = try await export.run(["catalog": "true"])
            let items = try await read.items()
            #expect(items.count == names.count)
            for number in names.indices {
                let item = try #require(items.first { $0.description == "number \(number)" }, "number \(number)")
                #expect(item.created == Timestamp("2024-05-06T10:00:0\(number)Z"))
                #expect(item.caveats == [])
                if number < 4 { #expect(item.filename == names[number]) }
            }
        }
    }

    @Test func theyAreTheSameAsLongAsNothingChangedAndNeverTakeTheNameOfAnItem() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            try bench.add("a.jpg.supplemental-metadata.json", "2024-05-06T10:00:01Z")
            let sink = try await bench.run(Self.on)
            let paths = await sink.paths
            #expect(Set(paths).count == paths.count && paths.filter { $0.contains("a.jpg") }.count == 4)
            let again = try await bench.run(Self.on)
            #expect(await sink.records == again.records)
            try service.library.updateItem(id, description: "the sea")
            let changed = try await bench.run(Self.on)
            func sidecar(_ sink: TestSink) async -> Record? {
                await sink.files.first { $0.attributes[Attribute.sidecar] == "a.jpg" }
            }
            #expect(await sidecar(changed)?.pathname == sidecar(sink)?.pathname)
            #expect(await sidecar(changed)?.fingerprint != sidecar(sink)?.fingerprint)
        }
    }

    @Test func whatExportsKnowIsPassedOnAndALinkHasNone() async throws {
        let bench = try ExportBench()
        var builder = TakeoutBuilder()
        var one = TakeoutBuilder.Item("a.jpg", Array(repeating: 1, count: 1000), taken: 1_714_989_600)
        one.albums = ["Trip"]
        one.people = ["Ada"]
        one.latitude = 38.7
        one.longitude = -9.1
        one.url = "https://photos.google.com/photo/AF1Q"
        builder.add(one)
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let sink = try await bench.run(["metadata": "sidecar", "albums": "links"])
        let sidecars = await sink.files.filter { $0.attributes[Attribute.sidecar] != nil }
        #expect(sidecars.map(\.pathname.string) == ["/media/by-month/2024/2024-05/a.jpg.supplemental-metadata.json"])
        let json = try JSON(parsing: try await sink.store(sidecars[0].pathname))
        #expect(json["title"]?.stringValue == "a.jpg" && json["geoData"]?["latitude"]?.doubleValue == 38.7)
        #expect(json["people"]?.arrayValue?.first?["name"]?.stringValue == "Ada")
        #expect(json["photoTakenTime"]?["timestamp"]?.stringValue == "1714989600")
        #expect(json["url"]?.stringValue == "https://photos.google.com/photo/AF1Q")
        // A single file is that alone.
        let file = try await bench.run(["metadata": "sidecar", "path": "/media/by-month/2024/2024-05/a.jpg"])
        #expect(await file.files.count == 1)
    }
}
