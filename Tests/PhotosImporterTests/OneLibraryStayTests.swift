import ConnectorKit
import FakePhotos
import PhotosImporter
import PhotosLibrary
import StrictJSON
import TakeoutSupport
import TestSupport
import Testing

/// One library by two ways, run after run: what did not change is not counted, not written and not asked for again.
@Suite struct OneLibraryStayTests {
    private static let time = OneLibraryBench.time

    /// An album that the service and an export have, in which the export has one more.
    private func onStage(
        _ body: (_ bench: OneLibraryBench, _ ids: [String], _ album: String) async throws -> Void
    ) async throws {
        try await OneLibraryBench.run { bench in
            let (one, first) = try bench.add("a.jpg")
            let (two, second) = try bench.add("b.jpg", at: Self.time.adding(seconds: 60))
            let album = try bench.fake.addAlbum("Trip", items: [two, one])
            try bench.fake.addAlbum("Alone", items: [one])
            var builder = TakeoutBuilder()
            var items = [
                OneLibraryBench.exported("a.jpg", first),
                OneLibraryBench.exported("b.jpg", second, at: Self.time.adding(seconds: 60)),
                OneLibraryBench.exported("c.jpg", [1], at: Self.time.adding(seconds: 120)),
            ]
            for index in items.indices { items[index].albums = ["Trip"] }
            for item in items { builder.add(item) }
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            try await body(bench, [one, two], album)
        }
    }

    private func names(_ sink: TestSink, in folder: String) async -> [String] {
        await sink.files.filter { $0.pathname.parent?.string == folder }.map(\.pathname.name).sorted()
    }

    private func requests(_ bench: OneLibraryBench) -> [Int] {
        [Endpoint.itemsSearch, .albumsList, .itemsList].map { bench.fake.requestCount($0) }
    }

    @Test func aMergedAlbumThatIsAsItWasIsNotListedNotWrittenAndNotCounted() async throws {
        try await onStage { bench, _, _ in
            _ = try await bench.run(withExports: false)
            bench.fake.resetStatistics()
            _ = try await bench.run(withExports: false)
            let usual = requests(bench)
            _ = try await bench.run()
            let revision = try await bench.revision()
            for _ in 0..<2 {
                bench.fake.resetStatistics()
                let sink = try await bench.run()
                #expect(await names(sink, in: "/album/Trip") == ["a.jpg", "b.jpg", "c.jpg"])
                #expect(requests(bench) == usual)
                #expect(bench.changes == [:])
                #expect(try await bench.revision() == revision)
            }
            // Without the exports the album is what the service lists, and is not listed for it.
            bench.fake.resetStatistics()
            let alone = try await bench.run(withExports: false)
            #expect(await names(alone, in: "/album/Trip") == ["a.jpg", "b.jpg"])
            #expect(requests(bench) == usual)
            bench.fake.resetStatistics()
            #expect(try await names(bench.run(), in: "/album/Trip") == ["a.jpg", "b.jpg", "c.jpg"])
            #expect(requests(bench) == usual)
            // After a week it is listed again, and is as it was.
            bench.service.clock.advance(.seconds(8 * 86400))
            _ = try await bench.run()
            #expect(bench.changes == [:])
        }
    }

    @Test func whatBecomesOfAMergedAlbumAtTheServiceIsCountedOnce() async throws {
        try await onStage { bench, _, album in
            _ = try await bench.run()
            let (three, _) = try bench.add("d.jpg", at: Self.time.adding(seconds: 180))
            let client = try bench.service.client()
            defer { client.shutdown() }
            _ = try await bench.run()
            try await client.addMediaItems([three], toAlbum: album)
            let sink = try await bench.run()
            #expect(await names(sink, in: "/album/Trip") == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
            #expect(bench.changes == ["items_moved": 1])
            // What only the export has comes after what the service lists.
            let orders = await sink.files.filter { $0.pathname.parent?.string == "/album/Trip" }
                .compactMap { $0.attributes[Record.orderAttribute] }
            #expect(orders.sorted() == ["0", "1", "2"])
            _ = try await bench.run()
            #expect(bench.changes == [:])
        }
    }

    @Test func anAlbumKeepsTheFolderThatItHadFirstWhicheverWayItComes() async throws {
        try await OneLibraryBench.run { bench in
            let (one, bytes) = try bench.add("a.jpg")
            var builder = TakeoutBuilder()
            var item = OneLibraryBench.exported("a.jpg", bytes)
            item.albums = ["Trip"]
            builder.add(item)
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            for layout in ["rclone", "gphotos-sync"] {
                var folders: [[String]] = []
                func look() async throws {
                    let sink = try await bench.run(["layout": layout])
                    folders.append(await sink.files.map(\.pathname.string).sorted())
                }
                try await look()
                // Now the service has it, too; then it has none again; and again another.
                let album = try bench.fake.addAlbum("Trip", items: [one])
                try await look()
                #expect(bench.changes == [:], "\(layout)")
                try await look()
                try bench.fake.deleteAlbum(album)
                try await look()
                let other = try bench.fake.addAlbum("Trip", items: [one])
                try await look()
                try bench.fake.deleteAlbum(other)
                #expect(Set(folders).count == 1 && folders[0].count == 2, "\(layout): \(folders)")
            }
        }
    }

    @Test func theCommentsOfAnAlbumAreInItsLine() async throws {
        try await OneLibraryBench.run { bench in
            let (one, bytes) = try bench.add("a.jpg")
            try bench.fake.addAlbum("Trip", items: [one])
            var builder = TakeoutBuilder()
            var item = OneLibraryBench.exported("a.jpg", bytes)
            item.albums = ["Trip", "Home"]
            builder.add(item)
            for title in item.albums {
                let text = """
                    {"title":"\(title)","sharedAlbumComments":[{"text":"Nice","contentOwnerName":"Ada",
                    "creationTime":{"timestamp":"1714989600"}}]}
                    """
                builder.add(PackedFile("Takeout/Google Photos/\(title)/metadata(1).json", text))
            }
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let sink = try await bench.run(["catalog": "true"])
            let told = await sink.record("/album/Trip")?.attributes[Attribute.comments]
            #expect(told?.contains("Nice") == true && told?.contains("Ada") == true)
            let text = String(decoding: bench.contents["/.gphotos/albums.jsonl"] ?? [], as: UTF8.self)
            let lines = try text.split(separator: "\n")
                .map { try #require(CatalogAlbum(try JSON(parsing: String($0)))) }
            #expect(lines.count == 2 && lines.allSatisfy { $0.comments == told }, "\(text)")
        }
    }

    // MARK: The same bytes

    /// An item of which nothing is the same by both ways but its bytes, read by the service's way before or not.
    private func onStageWithSameBytes(
        knowingTheService: Bool, _ body: (OneLibraryBench) async throws -> Void
    ) async throws {
        try await OneLibraryBench.run(changesContents: false) { bench in
            let (_, bytes) = try bench.add("a.jpg")
            try bench.add("other.jpg")
            if knowingTheService { _ = try await bench.run(withExports: false) }
            var builder = TakeoutBuilder()
            builder.add(OneLibraryBench.exported("renamed.jpg", bytes, at: Self.time.adding(seconds: 86400)))
            builder.add(OneLibraryBench.exported("different.jpg", [1, 2, 3]))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            try await body(bench)
        }
    }

    @Test func bytesThatTheServiceIsKnownToHaveAreOneItemFromTheFirstRun() async throws {
        try await onStageWithSameBytes(knowingTheService: true) { bench in
            let names = try await bench.run().files.map(\.pathname.name).sorted()
            #expect(names == ["a.jpg", "different.jpg", "other.jpg"])
            #expect(bench.summary == "1 items by both ways, 1 only by Takeout, 1 only by the API")
        }
    }

    @Test func whatMergedIsNotRemoved() async throws {
        try await onStageWithSameBytes(knowingTheService: false) { bench in
            #expect(try await bench.run().files.count == 4)
            let names = try await bench.run().files.map(\.pathname.name).sorted()
            #expect(names == ["a.jpg", "different.jpg", "other.jpg"])
            #expect(bench.changes == ["items_merged": 1])
            _ = try await bench.run()
            #expect(bench.changes == [:])
        }
    }
}
