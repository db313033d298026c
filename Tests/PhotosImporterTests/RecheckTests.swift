import ConnectorKit
import FakePhotos
import PhotosAPI
import PhotosImporter
import PhotosLibrary
import TestSupport
import Testing

/// Albums that look the same are not listed again, until they are old enough.
@Suite struct RecheckTests {
    /// A library of ten items with two albums of three each.
    private func onStage(_ body: (ImportBench, _ ids: [String]) async throws -> Void) async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let ids = try service.library.addGeneratedItems(10)
            _ = try service.library.addAlbum("One", items: Array(ids[0...2]), account: "demo")
            _ = try service.library.addAlbum("Two", items: Array(ids[3...5]), account: "demo")
            try await body(bench, ids)
        }
    }

    private func searches(_ bench: ImportBench, _ more: [String: String] = [:]) async throws -> Int {
        bench.service.library.resetStatistics()
        _ = try await bench.run(more)
        return bench.service.library.requestCount(.itemsSearch)
    }

    private func members(_ album: String, _ sink: TestSink) async -> Set<String> {
        await Set(
            sink.files.filter { $0.pathname.string.hasPrefix("/album/\(album)/") }
                .compactMap { $0.attributes[Attribute.id] })
    }

    @Test func anAlbumThatLooksTheSameIsListedAgainAfterAWeek() async throws {
        try await onStage { bench, ids in
            // The library, the favorites, two albums.
            #expect(try await searches(bench) == 4)
            #expect(try await searches(bench) == 2)
            let sink = try await bench.run()
            #expect(await members("One", sink) == Set(ids[0...2]))
            bench.service.clock.advance(.seconds(6 * 86400))
            #expect(try await searches(bench) == 2)
            bench.service.clock.advance(.seconds(86400))
            #expect(try await searches(bench) == 4)
            #expect(try await searches(bench) == 2)
            #expect(try await searches(bench, ["album_recheck": "0"]) == 4)
            bench.service.clock.advance(.seconds(3 * 3600))
            #expect(try await searches(bench, ["album_recheck": "2h30m"]) == 4)
        }
    }

    @Test func anAlbumThatLooksOtherwiseIsListed() async throws {
        try await onStage { bench, ids in
            _ = try await bench.run()
            let client = try bench.service.client()
            defer { client.shutdown() }
            let album = try #require(try bench.service.library.albums(of: "demo").first { $0.title == "One" })
            try await client.addMediaItems([ids[7]], toAlbum: album.id)
            #expect(try await searches(bench) == 3)
            let sink = try await bench.run()
            #expect(await members("One", sink) == Set(ids[0...2] + [ids[7]]))
            _ = try await client.updateAlbum(album.id, coverItemID: ids[1])
            #expect(try await searches(bench) == 3)
            _ = try await client.updateAlbum(album.id, title: "Three")
            #expect(try await searches(bench) == 3)
            #expect(try await members("Three", bench.run()) == Set(ids[0...2] + [ids[7]]))
        }
    }

    @Test func aSwapThatTheListOfAlbumsDoesNotShowIsFoundByTheRecheck() async throws {
        try await onStage { bench, ids in
            let album = try #require(try bench.service.library.albums(of: "demo").first { $0.title == "One" })
            let client = try bench.service.client()
            defer { client.shutdown() }
            _ = try await client.updateAlbum(album.id, coverItemID: ids[0])
            _ = try await bench.run()
            try await client.addMediaItems([ids[8]], toAlbum: album.id)
            try await client.removeMediaItems([ids[1]], fromAlbum: album.id)
            #expect(try await members("One", bench.run()) == Set(ids[0...2]))
            bench.service.clock.advance(.seconds(8 * 86400))
            #expect(try await members("One", bench.run()) == [ids[0], ids[2], ids[8]])
        }
    }

    @Test func whatLeftTheLibraryIsNotShownInAnAlbum() async throws {
        try await onStage { bench, ids in
            _ = try await bench.run()
            try bench.service.library.updateItem(ids[1], isTrashed: true)
            // Another one takes its place, so that the count is the same.
            let album = try #require(try bench.service.library.albums(of: "demo").first { $0.title == "One" })
            let client = try bench.service.client()
            defer { client.shutdown() }
            try await client.addMediaItems([ids[9]], toAlbum: album.id)
            let sink = try await bench.run()
            #expect(await members("One", sink) == [ids[0], ids[2], ids[9]])
            #expect(await !sink.files.contains { $0.attributes[Attribute.id] == ids[1] })
        }
    }

    @Test func albumsAloneAreShownFromTheIndexUnlessTheyAreAskedFor() async throws {
        try await onStage { bench, ids in
            let albums = ["views": "album"]
            #expect(try await searches(bench, albums) == 2)
            #expect(try await searches(bench, albums) == 0)
            let sink = try await bench.run(albums)
            #expect(await members("Two", sink) == Set(ids[3...5]))
            // Their contents can be read, though no list has told of their URLs.
            let path = try #require(await sink.files.first?.pathname)
            #expect(try await !sink.store(path).isEmpty)
            #expect(try await searches(bench, ["location": "googlephotos:///album/Two"]) == 1)
            #expect(try await searches(bench, ["album": "Two", "views": "album"]) == 1)
        }
    }

    @Test func aVideoThatIsStillProcessedIsLookedAtAgain() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            var video = NewFakeItem("clip.mp4")
            video.kind = .mp4
            let id = try service.library.addItem(video)
            try service.library.updateItem(id, isProcessing: true)
            _ = try service.library.addAlbum("One", items: [id], account: "demo")
            let albums = ["views": "album"]
            #expect(try await bench.run(albums).files.first?.error != nil)
            try service.library.updateItem(id, isProcessing: false)
            let sink = try await bench.run(albums)
            #expect(await sink.files.first?.error == nil)
        }
    }

    @Test func lateUploadsOfOldPhotosAreFound() async throws {
        try await onStage { bench, _ in
            _ = try await bench.run()
            try bench.add("scan.jpg", "1968-07-01T12:00:00Z")
            let sink = try await bench.run()
            #expect(await sink.record("/media/by-month/1968/1968-07/scan.jpg") != nil)
        }
    }

    @Test func durationsAreThoseOfRclone() throws {
        func seconds(_ text: String?) throws -> Int64 {
            var settings = ["name": "demo", "token": #"{"access_token":"a","refresh_token":"r"}"#]
            settings["album_recheck"] = text
            return try LibrarySettings(Settings(settings)).albumRecheck
        }
        #expect(try seconds(nil) == 7 * 86400)
        for (text, expected) in [
            ("0", 0), ("90", 90), ("1h30m", 5400), ("7d", 604800), ("2w", 1_209_600), ("1.5d", 129600),
        ] as [(String, Int64)] {
            #expect(try seconds(text) == expected, "\(text)")
        }
        for text in ["d", "7x", "-1d", "1d2", "1e9y", "nan", "inf"] {
            let error = #expect(throws: ConnectorError.self) { try seconds(text) }
            #expect(error?.code == .config, "\(text)")
        }
    }
}
