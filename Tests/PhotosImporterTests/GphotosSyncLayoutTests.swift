import ConnectorKit
import FakePhotos
import PhotosLibrary
import TestSupport
import Testing

/// The folders of gphotos-sync.
@Suite struct GphotosSyncLayoutTests {
    private struct Library {
        var bench: ImportBench
        var first: String
        var second: String

        func paths(_ more: [String: String] = [:]) async throws -> [String] {
            // An index of its own: names that were given stay.
            try await ImportBench(bench.service).run(["layout": "gphotos-sync"].merging(more) { $1 })
                .files.map(\.pathname.string).sorted()
        }
    }

    private func withLibrary(_ body: (Library) async throws -> Void) async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let first = try bench.add("a.jpg", "2023-12-31T10:00:00Z", favorite: true)
            let second = try bench.add("b.jpg", "2024-05-06T10:00:00Z")
            _ = try service.library.addAlbum("Trip/Norway", items: [second, first], account: "demo")
            _ = try service.library.addAlbum("Empty", items: [], account: "demo")
            try await body(Library(bench: bench, first: first, second: second))
        }
    }

    @Test func itsFoldersAreItsOwn() async throws {
        try await withLibrary { library in
            let paths = try await library.paths()
            #expect(
                paths == [
                    "/albums/2024/0506 Trip／Norway/0001_b.jpg", "/albums/2024/0506 Trip／Norway/0002_a.jpg",
                    "/photos/2023/12/a.jpg", "/photos/2024/05/b.jpg",
                ])
        }
    }

    @Test(arguments: [
        (["flat_path": "true"], ["/albums/2024-0506 T/0001_b.jpg", "/photos/2023-12/a.jpg"]),
        (["album_date": "first"], ["/albums/2023/1231 T/0001_b.jpg"]),
        (["album_date": "none"], ["/albums/T/0001_b.jpg"]),
        (["album_order": "false"], ["/albums/2024/0506 T/b.jpg"]),
        (["album_order": "inverted"], ["/albums/2024/0506 T/0001_a.jpg", "/albums/2024/0506 T/0002_b.jpg"]),
        (["month_format": "%Y-%m-%d"], ["/albums/2024/2024-05-06 T/0001_b.jpg"]),
        (["path_format": "{1} ({0})"], ["/albums/2024/T (0506)/0001_b.jpg"]),
        (["flat_path": "true", "path_format": "{0}/{2}"], ["/albums/2024/T/0001_b.jpg"]),
        (["views": "album"], ["/albums/2024/0506 T/0001_b.jpg"]),
    ])
    func anOptionChangesThePaths(settings: [String: String], expected: [String]) async throws {
        try await withLibrary { library in
            let paths = try await library.paths(settings)
            for path in expected.map({ $0.replacing("T", with: "Trip／Norway") }) { #expect(paths.contains(path)) }
            #expect(paths.count == (settings["views"] == nil ? 4 : 2))
        }
    }

    @Test(arguments: [
        ("/photos/2024", 1), ("/photos/2023/12", 1), ("/photos/2023/12/a.jpg", 1), ("/albums/2024", 2),
        ("/albums/2024/0506 Trip／Norway/0002_a.jpg", 1), ("/photos", 2), ("/albums", 2),
    ])
    func aLocationNamesAPartOfIt(path: String, count: Int) async throws {
        try await withLibrary { library in
            let paths = try await library.paths(["location": "googlephotos://" + path])
            #expect(paths.count == count)
        }
    }

    @Test(arguments: ["/media/all", "/photos/24", "/photos/2024/5", "/feature/favorites", "/albums/2024/Nothing"])
    func whatIsNowhereIsNotFound(path: String) async throws {
        try await withLibrary { library in
            let error = await #expect(throws: ConnectorError.self) {
                try await library.paths(["location": "googlephotos://" + path])
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func anAlbumKeepsItsFolderAndItsFilesTheirNumbers() async throws {
        try await withLibrary { library in
            let settings = ["layout": "gphotos-sync"]
            let before = try await library.bench.run(settings).paths
            let third = try library.bench.add("c.jpg", "2025-01-01T00:00:00Z")
            let album = try #require(try library.bench.service.library.albums().first { $0.title == "Trip/Norway" })
            let client = try library.bench.service.client()
            try await client.addMediaItems([third], toAlbum: album.id)
            let after = try await library.bench.run(settings).paths
            #expect(Set(before).isSubset(of: after))
            #expect(after.contains("/albums/2024/0506 Trip／Norway/0003_c.jpg"))
        }
    }

    @Test func oneIndexServesBothLayouts() async throws {
        try await withLibrary { library in
            let first = try await library.bench.run().paths
            let other = try await library.bench.run(["layout": "gphotos-sync"]).paths
            #expect(Set(first).intersection(other).subtracting(["/"]).isEmpty)
            let again = try await library.bench.run().paths
            #expect(again == first)
        }
    }
}
