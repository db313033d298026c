import FakePhotos
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// A library is backed up, restored into a second account, and that is backed up: the two are the same.
@Suite(.timeLimit(.minutes(5)))
struct RoundTripTests {
    /// What a person sees of an item, by its content: its name and its description.
    private func items(_ stage: Stage, _ account: String) throws -> [String: [String]] {
        Dictionary(
            try stage.service.library.items(of: account).filter { !$0.isTrashed }.map {
                ($0.sha256, [$0.filename, $0.description])
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The hashes of each album in its order, by title; albums of one title side by side.
    private func albums(_ stage: Stage, _ account: String) throws -> [String: [[String]]] {
        let hashes = Dictionary(
            uniqueKeysWithValues: try stage.service.library.items(of: account).map { ($0.id, $0.sha256) })
        var found: [String: [[String]]] = [:]
        for album in try stage.service.library.albums(of: account) where !album.items.isEmpty {
            found[album.title, default: []].append(album.items.map { hashes[$0] ?? "" })
        }
        return found.mapValues { $0.sorted { $0.joined() < $1.joined() } }
    }

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
            #expect(await stage.sandbox.run("source set demo albums=\(kind)").status == 0)
            #expect(await stage.sandbox.run("backup @demo --quiet --vault first").status == 0)
            let restore = await stage.sandbox.run("restore latest --to @demo2 --vault first")
            #expect(restore.status == 0, "\(restore.out) \(restore.err)")

            let (original, restored) = (try items(stage, "demo"), try items(stage, "demo2"))
            #expect(Set(restored.keys) == Set(original.keys))
            // Google gives no item an empty name twice: it has that of its path then.
            for (hash, texts) in original where !texts[0].isEmpty { #expect(restored[hash] == texts) }
            // Google makes no album without a title: such a one has the name of its folder then.
            let wanted = try albums(stage, "demo")
            var found = try albums(stage, "demo2")
            let untitled = try #require(found.keys.first { $0.hasPrefix("{") })
            found[""] = found.removeValue(forKey: untitled)
            #expect(found == wanted)

            stage.service.library.resetStatistics()
            let again = try await stage.sandbox.run("restore latest --to @demo2 --vault first --json").summary()
            #expect(again["stored"] == 0)
            for endpoint in [Endpoint.uploads, .itemsBatchCreate, .albumsCreate, .albumsBatchAdd] {
                #expect(stage.service.library.requestCount(endpoint) == 0, "\(endpoint)")
            }

            let config = try stage.service.rcloneConfig()
            #expect(await stage.sandbox.run("source import demo2", stdin: config).status == 0)
            #expect(await stage.sandbox.run("source set demo2 albums=\(kind)").status == 0)
            #expect(await stage.sandbox.run("backup @demo2 --quiet --vault second").status == 0)
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
        }
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
