import FakePhotos
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// A library is backed up, restored into a second account, and that is backed up: the two are the same.
@Suite(.timeLimit(.minutes(5)))
struct RoundTripTests {
    private func listing(_ stage: Stage, _ vault: String) async throws -> [String: String] {
        let outcome = await stage.sandbox.run("ls latest -r --json --vault \(vault)")
        var files: [String: String] = [:]
        for entry in try #require(try JSON(parsing: outcome.out).arrayValue) {
            guard let path = entry["path"]?.stringValue, !path.hasPrefix("/.gphotos"),
                let hash = entry["sha256"]?.stringValue
            else { continue }
            files[path] = hash
        }
        return files
    }

    @Test(arguments: ["copies", "links"])
    func whatIsRestoredIsBackedUpAsWhatItWas(albums kind: String) async throws {
        try await Stage.run(300) { stage in
            #expect(await stage.sandbox.run("source set demo albums=\(kind) catalog=true").status == 0)
            // The second one has a catalog with the hashes of all: it is read before the last contents are stored.
            for _ in 0..<2 { #expect(await stage.sandbox.run("backup @demo --quiet --vault first").status == 0) }
            let restore = await stage.sandbox.run("restore latest --to @demo2 --vault first")
            #expect(restore.status == 0, "\(restore.out) \(restore.err)")

            let restored = try LibraryPicture(of: "demo2", in: stage.service.library)
            let wanted = try LibraryPicture(of: "demo", in: stage.service.library).restored(as: restored)
            #expect(restored.items == wanted.items)
            #expect(restored.albums == wanted.albums)

            stage.service.library.resetStatistics()
            let again = try await stage.sandbox.run("restore latest --to @demo2 --vault first --json").summary()
            #expect(again["stored"] == 0)
            for endpoint in [Endpoint.uploads, .itemsBatchCreate, .albumsCreate, .albumsBatchAdd] {
                #expect(stage.service.library.requestCount(endpoint) == 0, "\(endpoint)")
            }

            let config = try stage.service.rcloneConfig()
            #expect(await stage.sandbox.run("source import demo2", stdin: config).status == 0)
            #expect(await stage.sandbox.run("source set demo2 albums=\(kind)").status == 0)
            for _ in 0..<2 { #expect(await stage.sandbox.run("backup @demo2 --quiet --vault second").status == 0) }
            let (first, second) = (try await listing(stage, "first"), try await listing(stage, "second"))
            // A date is what the bytes say, or when they came: the dated views differ, the albums do not.
            func contents(_ files: [String: String]) -> Set<Set<String>> {
                var albums: [Substring: Set<String>] = [:]
                for (path, hash) in files where path.hasPrefix("/album/") {
                    let title = path[..<(path.lastIndex(of: "/") ?? path.endIndex)]
                    albums[title, default: []].insert(hash)
                }
                return Set(albums.values)
            }
            #expect(Set(first.values) == Set(second.values))
            #expect(contents(first) == contents(second))

            let (before, after) = (try await catalog(stage, "first"), try await catalog(stage, "second"))
            #expect(Set(before.items.keys) == Set(after.items.keys))
            for (hash, item) in before.items {
                var found = after.items[hash]
                // One without a name has that of its path afterwards.
                if item.filename == "" {
                    found?.filename = ""
                    found?.paths = item.paths
                }
                #expect(found == item, "\(hash)")
            }
            #expect(after.albums == before.albums)
        }
    }

    /// The two catalogs of a snapshot, without what is meant to differ (docs/restore.md, "What comes back").
    private func catalog(
        _ stage: Stage, _ vault: String
    ) async throws -> (items: [String: CatalogEntry], albums: [[String]]) {
        func lines(_ name: String) async throws -> [JSON] {
            let text = await stage.sandbox.run("cat latest:/.gphotos/\(name).jsonl --vault \(vault)").out
            return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
        }
        let items = try await lines("items")
        var titles: [String: String] = [:]
        for album in try await lines("albums") {
            let id = try #require(album["id"]?.stringValue)
            // Two albums of one title are told apart by what is in them; one without a title has the name of its folder.
            let title = album["title"]?.stringValue ?? ""
            titles[id] = title.hasPrefix("{") ? "" : title
        }
        var entries: [String: CatalogEntry] = [:]
        var members: [String: [Int64: String]] = [:]
        for item in items {
            let hash = try #require(item["sha256"]?.stringValue)
            var entry = CatalogEntry(item)
            for membership in item["albums"]?.arrayValue ?? [] {
                let id = try #require(membership["id"]?.stringValue)
                let position = try #require(membership["position"]?.integerValue)
                entry.albums.append("\(titles[id] ?? "?") \(position)")
                members[id, default: [:]][position] = hash
            }
            entry.albums.sort()
            entries[hash] = entry
        }
        #expect(entries.count == items.count)
        let albums = members.map { id, places in
            [titles[id] ?? "?"] + places.sorted { $0.key < $1.key }.map(\.value)
        }
        return (entries, albums.sorted { $0.joined() < $1.joined() })
    }

    /// What rclone copies, and what Plakar's Google Photos integration stores: another tree, and no attributes.
    @Test(arguments: [
        ["/media/by-year/2024/a.jpg", "/media/by-month/2024/2024-05/a.jpg", "/album/Trip/a.jpg", "/album/Trip/b.jpg"],
        ["/media/all/a.jpg", "/media/by-day/2024/2024-05-06/b.jpg", "/album/Trip/a.jpg", "/album/Trip/b.jpg"],
        ["/album/Trip/a.jpg", "/album/Trip/b.jpg", "/feature/favorites/a.jpg", "/shared-album/Other/b.jpg"],
        ["/upload/a.jpg", "/upload/sub/b.jpg", "/album/Trip/a.jpg", "/album/Trip/b.jpg"],
    ])
    func aForeignTreeFindsItsPlaces(paths: [String]) async throws {
        try await Stage.run(2) { stage in
            let pictures = try stage.pictures(2)
            var entries: [(String, [UInt8])] = []
            for path in paths { entries.append((path, pictures[path.hasSuffix("a.jpg") ? 0 : 1])) }
            try await stage.makeSnapshot(entries)
            let outcome = await stage.sandbox.run("restore latest --to @demo2 --vault foreign")
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(try stage.service.library.items(of: "demo2").count == 2)
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2") == pictures.map(Stage.hash))
            #expect(stage.service.library.requestCount(.uploads) == 2)
            stage.service.library.resetStatistics()
            #expect(await stage.sandbox.run("restore latest --to @demo2 --vault foreign").status == 0)
            #expect(stage.service.library.requestCount(.itemsBatchCreate) == 0)
            #expect(try stage.hashes(ofAlbum: "Trip", account: "demo2") == pictures.map(Stage.hash))
        }
    }
}

/// What must survive of an item of the catalog.
private struct CatalogEntry: Equatable {
    var filename: String?
    var description: String?
    var mimeType: String?
    var size: Int64?
    var dimensions: [Int64?]
    var kind: String?
    var camera: String?
    var albums: [String] = []
    /// Where albums show it, without what tells files of one name, and albums of one title, apart.
    var paths: [String]

    init(_ item: JSON) {
        filename = item["filename"]?.stringValue
        description = item["description"]?.stringValue
        mimeType = item["mime_type"]?.stringValue
        size = item["size"]?.integerValue
        dimensions = [item["width"]?.integerValue, item["height"]?.integerValue]
        kind = item["kind"]?.stringValue
        camera = item["camera"]?.stringValue
        let mark = #/ ?\{[0-9a-f]{8}\}/#
        paths = (item["paths"]?.arrayValue ?? []).compactMap(\.stringValue).filter { $0.hasPrefix("/album/") }
            .map { $0.replacing(mark, with: "") }.sorted()
    }
}
