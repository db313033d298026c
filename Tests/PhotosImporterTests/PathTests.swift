import ConnectorKit
import FakePhotos
import PhotosImporter
import PhotosLibrary
import TestSupport
import Testing

/// Every path that rclone's backend knows, as a location of an import.
@Suite struct PathTests {
    /// Two items of one name, one of them a favourite; albums one in the other.
    private func withLibrary(_ body: (ImportBench, (first: String, second: String)) async throws -> Void) async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let first = try bench.add("a.jpg", "2024-05-06T10:00:00Z", favorite: true)
            let second = try bench.add("a.jpg", "2023-12-31T23:59:59Z")
            _ = try service.library.addAlbum("Trip", items: [first], account: "demo")
            _ = try service.library.addAlbum("Trip/Norway", items: [second, first], account: "demo")
            service.library.resetStatistics()
            try await body(bench, (first, second))
        }
    }

    @Test(arguments: [
        ("/media", ["/media/by-month/2023/2023-12/a.jpg", "/media/by-month/2024/2024-05/a.jpg"]),
        ("/media/all", ["/media/all/a.jpg", "/media/all/a {2}.jpg"]),
        ("/media/all/a.jpg", ["/media/all/a.jpg"]),
        ("/media/by-year", ["/media/by-year/2023/a.jpg", "/media/by-year/2024/a.jpg"]),
        ("/media/by-year/2024", ["/media/by-year/2024/a.jpg"]),
        ("/media/by-year/2024/a.jpg", ["/media/by-year/2024/a.jpg"]),
        ("/media/by-month", ["/media/by-month/2023/2023-12/a.jpg", "/media/by-month/2024/2024-05/a.jpg"]),
        ("/media/by-month/2024", ["/media/by-month/2024/2024-05/a.jpg"]),
        ("/media/by-month/2024/2024-05", ["/media/by-month/2024/2024-05/a.jpg"]),
        ("/media/by-month/2024/2024-05/a.jpg", ["/media/by-month/2024/2024-05/a.jpg"]),
        ("/media/by-day", ["/media/by-day/2023/2023-12-31/a.jpg", "/media/by-day/2024/2024-05-06/a.jpg"]),
        ("/media/by-day/2024", ["/media/by-day/2024/2024-05-06/a.jpg"]),
        ("/media/by-day/2024/2024-05-06", ["/media/by-day/2024/2024-05-06/a.jpg"]),
        ("/media/by-day/2024/2024-05-06/a.jpg", ["/media/by-day/2024/2024-05-06/a.jpg"]),
        ("/album", ["/album/Trip/Norway/a {2}.jpg", "/album/Trip/Norway/a.jpg", "/album/Trip/a.jpg"]),
        ("/album/Trip", ["/album/Trip/Norway/a {2}.jpg", "/album/Trip/Norway/a.jpg", "/album/Trip/a.jpg"]),
        ("/album/Trip/a.jpg", ["/album/Trip/a.jpg"]),
        ("/album/Trip/Norway", ["/album/Trip/Norway/a {2}.jpg", "/album/Trip/Norway/a.jpg"]),
        ("/album/Trip/Norway/a.jpg", ["/album/Trip/Norway/a.jpg"]),
        ("/feature", ["/feature/favorites/a.jpg"]),
        ("/feature/favorites", ["/feature/favorites/a.jpg"]),
        ("/feature/favorites/a.jpg", ["/feature/favorites/a.jpg"]),
    ])
    func aPathShowsWhatIsThere(path: String, files: [String]) async throws {
        try await withLibrary { bench, ids in
            let sink = try await bench.run(["location": "googlephotos://" + path])
            // The older item has the plain name; the other one's mark depends on its id.
            let expected = files.map { $0.replacing("{2}", with: "{\(SafeName.mark(of: ids.first))}") }
            #expect(await sink.files.map(\.pathname.string).sorted() == expected.sorted())
            let root = try Pathname(path)
            for record in await sink.records {
                #expect(root.contains(record.pathname) || record.pathname.contains(root), "\(record.pathname)")
            }
        }
    }

    @Test(arguments: [
        "/upload", "/upload/a.jpg", "/media/by-week", "/media/by-year/0999", "/media/by-year/24",
        "/media/by-year/2024/x/a.jpg", "/media/by-month/2024/2024-13", "/media/by-month/2024/2023-05",
        "/media/by-day/2024/2024-02-30", "/media/all/a/b.jpg", "/feature/people", "/media/all/b.jpg",
        "/media/by-year/2011", "/album/Nowhere", "/album/Trip/b.jpg", "/feature/favorites/b.jpg",
    ])
    func whatIsNotThereIsNotFound(path: String) async throws {
        try await withLibrary { bench, _ in
            let error = await #expect(throws: ConnectorError.self) {
                try await bench.run(["location": "googlephotos://" + path])
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test(arguments: ["/shared-album", "/shared-album/Trip", "/shared-album/Trip/a.jpg"])
    func sharedAlbumsAreSaidToBeGone(path: String) async throws {
        try await withLibrary { bench, _ in
            let error = await #expect(throws: ConnectorError.self) {
                try await bench.run(["location": "googlephotos://" + path])
            }
            #expect(error?.code == .permission)
            #expect(error?.message.contains("shared albums") == true)
            // The root does not fail for them.
            let whole = try await bench.run()
            #expect(await whole.records.allSatisfy { $0.error == nil })
        }
    }

    @Test(arguments: [
        "/media/all/a {ID}.jpg", "/media/by-year/1999/{ID}.jpg", "/album/Any/{ID}", "/feature/favorites/{ID}",
    ])
    func anItemIsFoundByItsIDAsRcloneMarksIt(path: String) async throws {
        try await withLibrary { bench, ids in
            let path = path.replacing("{ID}", with: "{\(ids.second)}")
            let sink = try await bench.run(["location": "googlephotos://" + path])
            let record = try #require(await sink.files.first)
            #expect(record.pathname.string == path)
            #expect(record.attributes[Attribute.id] == ids.second)
            let bytes = try await sink.store(record.pathname)
            #expect(bytes == bench.service.library.content(ofItem: ids.second))
            #expect(bench.service.library.requestCount(.itemsSearch) == 0)
        }
    }

    @Test func aFolderWithNothingInItIsStillThere() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            for path in ["/media", "/media/all", "/media/by-day", "/album", "/feature/favorites"] {
                let sink = try await bench.run(["location": "googlephotos://" + path])
                #expect(await sink.paths.contains(path))
                #expect(await sink.files.isEmpty)
            }
        }
    }

    @Test func yearsBeforeTheFirstAreNotShownInDatedViewsAndCounted() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            try bench.add("old.jpg", "1987-05-06T10:00:00Z")
            try bench.add("loved.jpg", "1988-05-06T10:00:00Z", favorite: true)
            try bench.add("new.jpg", "2000-01-01T00:00:00Z")
            func run(_ more: [String: String]) async throws -> (paths: [String], logs: [String]) {
                let (sink, reporter) = (TestSink(), TestReporter())
                let importer = try PhotosImporter(
                    settings: service.settings("demo", more), options: ConnectorOptions(), reporter: reporter,
                    runtime: service.clock.runtime(), index: bench.index)
                _ = try await importer.importRecords(state: nil, to: sink)
                return (await sink.files.map(\.pathname.string).sorted(), reporter.logs)
            }
            let usual = try await run(["start_year": "2000"])
            #expect(usual.paths == ["/feature/favorites/loved.jpg", "/media/by-month/2000/2000-01/new.jpg"])
            #expect(usual.logs.contains { $0.contains("1 item is older than 2000") })
            let all = try await run(["start_year": "2000", "views": "all,by-year"])
            #expect(all.paths.count == 4)
            #expect(all.logs.isEmpty)
            // Whoever names the year wants it.
            let named = try await run(["start_year": "2000", "location": "googlephotos:///media/by-year/1987"])
            #expect(named.paths.count == 1)
            let none = try await run([:])
            #expect(none.paths.count == 4)
            #expect(none.logs.isEmpty)
        }
    }

    @Test func archivedItemsAreShownUnlessTheyAreNotWanted() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            var item = NewFakeItem("archived.jpg")
            item.creationTime = Timestamp("2024-05-07T00:00:00Z")
            item.isArchived = true
            item.isFavorite = true
            let id = try service.library.addItem(item)
            _ = try service.library.addAlbum("Album", items: [id], account: "demo")
            let usual = try await bench.run()
            #expect(await usual.files.count == 4)
            // Google shows the archived items of an album always.
            let sink = try await bench.run(["include_archived": "false"])
            let paths = await sink.files.map(\.pathname.string).sorted()
            #expect(paths == ["/album/Album/archived.jpg", "/media/by-month/2024/2024-05/a.jpg"])
        }
    }

    @Test func sizesAreAskedForOnlyWhereTheyAreNotKnown() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let ids = try service.library.addGeneratedItems(12)
            service.library.resetStatistics()
            let sink = try await bench.run(["read_size": "true", "views": "all,by-year"])
            for record in await sink.files {
                let id = try #require(record.attributes[Attribute.id])
                let bytes = try #require(service.library.content(ofItem: id))
                #expect(record.size == Int64(bytes.count))
            }
            #expect(service.library.requestCount(.download) == ids.count)
            let again = try await bench.run(["read_size": "true"])
            #expect(await again.files.allSatisfy { $0.size != nil })
            #expect(service.library.requestCount(.download) == ids.count)
        }
    }

    @Test func withoutQuotaForSizesTheImportGoesOn() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(12)
            let sink = try await bench.run(["read_size": "true", "daily_downloads": "5"])
            #expect(await sink.files.count == 12)
            #expect(await sink.files.filter { $0.size != nil }.count <= 5)
        }
    }

    @Test func oneListingFeedsAllDatedViews() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            _ = try service.library.addGeneratedItems(250)
            service.library.resetStatistics()
            _ = try await bench.run(["views": "all,by-year,by-month,by-day"])
            #expect(service.library.requestCount(.itemsSearch) == 3)
        }
    }
}
