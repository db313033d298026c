import ConnectorKit
import Foundation
import PhotosLibrary
import TakeoutSupport
import TestSupport
import Testing

/// Filters and layouts of exports: what they leave is what they leave of the same library at Google.
@Suite struct TakeoutFilterTests {
    private let bench: ExportBench

    init() throws { bench = try ExportBench() }

    private func item(
        _ title: String, _ taken: String, albums: [String] = [], isFavorite: Bool = false
    ) throws -> TakeoutBuilder.Item {
        let time = try #require(Timestamp(taken))
        var item = TakeoutBuilder.Item(title, Array((title + taken).utf8), taken: time.seconds)
        item.albums = albums
        item.isFavorite = isFavorite
        return item
    }

    private func writeLibrary() throws {
        var builder = TakeoutBuilder()
        builder.add(try item("a.jpg", "2024-05-06T10:00:00Z", albums: ["One"], isFavorite: true))
        builder.add(try item("b.jpg", "2024-06-30T23:59:59Z", albums: ["Two"]))
        builder.add(try item("v.mp4", "2024-07-01T00:00:00Z", albums: ["One"], isFavorite: true))
        builder.add(try item("d.jpg", "2020-01-01T00:00:00Z"))
        try builder.write(to: bench.exports, stamp: "20260301T101500Z", parts: 2)
    }

    private static let everything = [
        "/album/One/a.jpg", "/album/One/v.mp4", "/album/Two/b.jpg", "/feature/favorites/a.jpg",
        "/feature/favorites/v.mp4", "/media/by-month/2020/2020-01/d.jpg", "/media/by-month/2024/2024-05/a.jpg",
        "/media/by-month/2024/2024-06/b.jpg", "/media/by-month/2024/2024-07/v.mp4",
    ]

    @Test(arguments: [
        ([:], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (["album": "One"], [0, 1, 3, 4, 6, 8]),
        (["album": "One\nTwo"], [0, 1, 2, 3, 4, 6, 7, 8]),
        (["album_regex": "^tw"], [2, 7]),
        (["album": "One", "path": "/media"], [6, 8]),
        (["since": "2024-06-30"], [1, 2, 4, 7, 8]),
        (["until": "2024-06-30"], [0, 2, 3, 5, 6, 7]),
        (["media_type": "video"], [1, 4, 8]),
        (["media_type": "photo"], [0, 2, 3, 5, 6, 7]),
        (["favorites": "true"], [0, 1, 3, 4, 6, 8]),
        (["favorites": "true", "media_type": "photo", "views": "by-month"], [6]),
        (["include": "*.mp4"], [1, 4, 8]),
        (["exclude": "/album/One/"], [2, 3, 4, 5, 6, 7, 8]),
        (["include": "/media/by-month/2024/**", "exclude": "b.*"], [6, 8]),
        (["since": "2024-06-30", "path": "/album/One"], [1]),
    ])
    func aFilterNarrowsEveryView(settings: [String: String], left: [Int]) async throws {
        try writeLibrary()
        let sink = try await bench.run(settings)
        let files = await sink.files
        #expect(files.map(\.pathname.string).sorted() == left.map { Self.everything[$0] })
        // No folder without a file that is left.
        for record in await sink.records where record.kind == .directory {
            #expect(files.contains { record.pathname.contains($0.pathname) }, "\(record.pathname)")
        }
    }

    @Test func anArchivedItemOfAChosenAlbumIsInTheAlbumAlone() async throws {
        var builder = TakeoutBuilder()
        var archived = try item("a.jpg", "2024-05-06T10:00:00Z", albums: ["One"], isFavorite: true)
        archived.isArchived = true
        builder.add(archived)
        builder.add(try item("b.jpg", "2024-05-07T10:00:00Z", albums: ["One"]))
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let files = try await bench.run(["album": "One", "include_archived": "false", "views": "by-month,album"]).files
        #expect(
            files.map(\.pathname.string).sorted() == [
                "/album/One/a.jpg", "/album/One/b.jpg", "/media/by-month/2024/2024-05/b.jpg",
            ])
        let favorites = try await bench.run(["favorites": "true", "include_archived": "false"]).files
        #expect(favorites.map(\.pathname.string).sorted() == ["/album/One/a.jpg", "/feature/favorites/a.jpg"])
    }

    @Test func whatWentToTheTrashDatesNoAlbum() async throws {
        var builder = TakeoutBuilder()
        builder.add(try item("a.jpg", "2024-05-06T10:00:00Z", albums: ["One"]))
        var gone = try item("gone.jpg", "2024-05-09T10:00:00Z", albums: ["One"])
        builder.add(gone)
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        #expect(try await bench.run().files.count == 4)
        var later = TakeoutBuilder()
        gone.isTrashed = true
        later.add(gone)
        try later.write(to: bench.exports, stamp: "20260401T101500Z")
        let files = try await bench.run(["layout": "gphotos-sync", "album_order": "inverted"]).files
        #expect(
            files.map(\.pathname.string).sorted() == ["/albums/2024/0506 One/0001_a.jpg", "/photos/2024/05/a.jpg"])
    }

    @Test(arguments: [["album": "Three"], ["album_regex": "^x"]])
    func anAlbumThatIsNotThereIsAnError(settings: [String: String]) async throws {
        try writeLibrary()
        let error = await #expect(throws: ConnectorError.self) { try await bench.run(settings) }
        #expect(error?.code == .notFound)
    }

    @Test func whatIsOlderThanTheFirstYearIsSaid() async throws {
        try writeLibrary()
        let files = try await bench.run(["start_year": "2021", "views": "by-month"]).files
        #expect(files.map(\.pathname.name).sorted() == ["a.jpg", "b.jpg", "v.mp4"])
        #expect(bench.reporter.logs.contains { $0.contains("1 item is older than 2021") })
    }

    @Test func theLayoutOfGphotosSyncNumbersAlbumsByTheirDates() async throws {
        try writeLibrary()
        let settings = ["layout": "gphotos-sync"]
        let paths = try await bench.run(settings).files.map(\.pathname.string).sorted()
        #expect(
            paths == [
                "/albums/2024/0630 Two/0001_b.jpg", "/albums/2024/0701 One/0001_a.jpg",
                "/albums/2024/0701 One/0002_v.mp4", "/photos/2020/01/d.jpg", "/photos/2024/05/a.jpg",
                "/photos/2024/06/b.jpg", "/photos/2024/07/v.mp4",
            ])
        let album = try await bench.run(settings.merging(["path": "/albums/2024/0701 One"]) { $1 })
        #expect(await album.record("/albums/2024/0701 One")?.attributes[Attribute.albumTitle] == "One")
        #expect(await album.files.map(\.pathname.name) == ["0001_a.jpg", "0002_v.mp4"])
        let flat = try await bench.run(["layout": "gphotos-sync", "flat_path": "true", "path": "/photos/2024-06"])
        #expect(await flat.files.map(\.pathname.string) == ["/photos/2024-06/b.jpg"])
        // An export that comes later renames nothing.
        var later = TakeoutBuilder()
        later.add(try item("c.jpg", "2025-01-01T00:00:00Z", albums: ["One"]))
        try later.write(to: bench.exports, stamp: "20260401T101500Z")
        let more = try await bench.run(settings).files.map(\.pathname.string)
        #expect(Set(paths).isSubset(of: more))
        #expect(more.contains("/albums/2024/0701 One/0003_c.jpg"))
        let error = await #expect(throws: ConnectorError.self) {
            try await bench.run(settings.merging(["path": "/media/all"]) { $1 })
        }
        #expect(error?.code == .notFound)
    }
}
