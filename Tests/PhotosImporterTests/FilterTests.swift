import ConnectorKit
import FakePhotos
import PhotosLibrary
import TestSupport
import Testing

@Suite struct FilterTests {
    private func withLibrary(_ body: (ImportBench) async throws -> Void) async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let first = try bench.add("a.jpg", "2024-05-06T10:00:00Z", favorite: true)
            let second = try bench.add("b.jpg", "2024-06-30T23:59:59Z")
            var video = NewFakeItem("v.mp4")
            video.kind = .mp4
            video.creationTime = Timestamp("2024-07-01T00:00:00Z")
            video.isFavorite = true
            let third = try service.library.addItem(video)
            try bench.add("d.jpg", "2020-01-01T00:00:00Z")
            _ = try service.library.addAlbum("One", items: [first, third], account: "demo")
            _ = try service.library.addAlbum("Two", items: [second], account: "demo")
            service.library.resetStatistics()
            try await body(bench)
        }
    }

    private static let everything = [
        "/album/One/a.jpg", "/album/One/v.mp4", "/album/Two/b.jpg", "/feature/favorites/a.jpg",
        "/feature/favorites/v.mp4", "/media/by-month/2020/2020-01/d.jpg", "/media/by-month/2024/2024-05/a.jpg",
        "/media/by-month/2024/2024-06/b.jpg", "/media/by-month/2024/2024-07/v.mp4",
    ]

    /// Which of all the files each filter leaves, and what it asks of Google: searches, lists of albums.
    @Test(arguments: [
        ([:], [0, 1, 2, 3, 4, 5, 6, 7, 8], 4, 1),
        // One album's members, and the favourites; nothing of the library.
        (["album": "One"], [0, 1, 3, 4, 6, 8], 2, 1),
        (["album": "One\nTwo"], [0, 1, 2, 3, 4, 6, 7, 8], 3, 1),
        (["album_regex": "^tw"], [2, 7], 2, 1),
        (["since": "2024-06-30"], [1, 2, 4, 7, 8], 4, 1),
        (["until": "2024-06-30"], [0, 2, 3, 5, 6, 7], 4, 1),
        (["since": "2024-06-30", "until": "2024-06-30"], [2, 7], 4, 1),
        (["media_type": "video"], [1, 4, 8], 4, 1),
        (["media_type": "photo"], [0, 2, 3, 5, 6, 7], 4, 1),
        // The favourites are all that is asked for beside the albums.
        (["favorites": "true"], [0, 1, 3, 4, 6, 8], 3, 1),
        (["favorites": "true", "media_type": "photo", "views": "by-month"], [6], 1, 0),
        (["include": "*.mp4"], [1, 4, 8], 4, 1),
        (["exclude": "*.jpg"], [1, 4, 8], 4, 1),
        (["include": "/album/**"], [0, 1, 2], 2, 1),
        (["exclude": "/album/One/"], [2, 3, 4, 5, 6, 7, 8], 3, 1),
        (["exclude": "/album/**\n/feature/**"], [5, 6, 7, 8], 1, 0),
        (["include": "/media/by-month/2024/**", "exclude": "b.*"], [6, 8], 1, 0),
    ])
    func aFilterNarrowsEveryViewWithTheFewestRequests(
        settings: [String: String], left: [Int], searches: Int, albumLists: Int
    ) async throws {
        try await withLibrary { bench in
            let sink = try await bench.run(settings)
            #expect(await sink.files.map(\.pathname.string).sorted() == left.map { Self.everything[$0] })
            #expect(bench.service.library.requestCount(.itemsSearch) == searches)
            #expect(bench.service.library.requestCount(.albumsList) == albumLists)
            // No folder without a file that is left.
            if settings.isEmpty { return }
            let files = await sink.files
            for record in await sink.records where record.kind == .directory {
                #expect(files.contains { record.pathname.contains($0.pathname) }, "\(record.pathname)")
            }
        }
    }

    @Test func googleLeavesOutWhatItCan() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            var video = NewFakeItem("v.mp4")
            video.kind = .mp4
            video.creationTime = Timestamp("2024-07-01T00:00:00Z")
            for _ in 0..<120 { _ = try service.library.addItem(video) }
            for _ in 0..<120 { try bench.add("a.jpg", "2023-07-01T00:00:00Z") }
            for settings in [["media_type": "photo"], ["since": "2024-01-01"], ["until": "2023-12-31"]] {
                service.library.resetStatistics()
                let sink = try await bench.run(settings.merging(["views": "by-month"]) { $1 })
                #expect(await sink.files.count == 120)
                #expect(service.library.requestCount(.itemsSearch) == 2)
            }
        }
    }

    @Test(arguments: [["album": "Three"], ["album": "One\nThree"], ["album_regex": "^x"]])
    func anAlbumThatIsNotThereIsAnError(settings: [String: String]) async throws {
        try await withLibrary { bench in
            let error = await #expect(throws: ConnectorError.self) { try await bench.run(settings) }
            #expect(error?.code == .notFound)
        }
    }

    @Test func aChosenAlbumThatCannotBeListedEndsTheImport() async throws {
        try await withLibrary { bench in
            var fault = FakeFault(.status, on: .itemsSearch)
            fault.match = "One"
            fault.status = 403
            bench.service.library.inject(fault)
            await #expect(throws: ConnectorError.self) { try await bench.run(["album": "One"]) }
        }
    }
}
