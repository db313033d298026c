import ConnectorKit
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import SeededRandom
import TestSupport
import Testing

/// An item in several places is downloaded once, as long as there is room for what waits.
@Suite struct SpoolTests {
    /// Items in a month, an album and the favorites: three places each.
    private static func fill(_ bench: ImportBench, _ count: Int) throws -> [String] {
        let ids = try (0..<count).map { number in
            try bench.add("\(number).jpg", "2024-05-06T10:00:\(10 + number)Z", favorite: true)
        }
        _ = try bench.service.library.addAlbum("One", items: ids, account: "demo")
        return ids
    }

    @Test func inWhateverOrderTheHostOpensThem() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("spools: seed \(seed)")
        var random = SeededRandom(seed: seed)
        for round in 0..<8 {
            let places = (0..<24).shuffled(using: &random)
            let parallel = Int.random(in: 1...8, using: &random)
            // Some are read twice before the host is done with them, as after a break on its side.
            let repeated = Set((0..<24).filter { _ in Bool.random(using: &random) })
            try await FakeService.run { service in
                let bench = try ImportBench(service)
                let ids = try Self.fill(bench, 8)
                let sink = try await bench.run()
                let files = await sink.files
                try #require(files.count == 24)
                service.library.resetStatistics()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (turn, place) in places.enumerated() {
                        if turn >= parallel { try await group.next() }
                        group.addTask {
                            let path = files[place].pathname
                            if repeated.contains(place) {
                                let reader = try await #require(sink.content(path)).open()
                                _ = try await reader.read()
                                await reader.close()
                            }
                            let id = files[place].attributes[Attribute.id] ?? ""
                            let bytes = try await sink.store(path)
                            #expect(bytes == service.library.content(ofItem: id), "seed \(seed), round \(round)")
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(service.library.requestCount(.download) == ids.count, "seed \(seed), round \(round)")
            }
        }
    }

    @Test func beyondTheLimitWhatWaitsLongestIsDownloadedAgainAndThatIsSaid() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let ids = try Self.fill(bench, 6)
            let largest = ids.compactMap { service.library.content(ofItem: $0)?.count }.max() ?? 0
            let reporter = TestReporter()
            let importer = try PhotosImporter(
                settings: service.settings("demo", ["spool_limit": String(largest * 2)]), options: ConnectorOptions(),
                reporter: reporter, runtime: service.clock.runtime(), index: bench.index)
            let sink = TestSink()
            _ = try await importer.importRecords(state: nil, to: sink)
            let byItem = await Dictionary(grouping: sink.files) { $0.attributes[Attribute.id] ?? "" }
            service.library.resetStatistics()
            for turn in 0..<3 {
                for id in ids {
                    let path = try #require(byItem[id]?[turn].pathname)
                    #expect(try await sink.store(path) == service.library.content(ofItem: id))
                }
            }
            let downloads = service.library.requestCount(.download)
            #expect(downloads > ids.count && downloads <= ids.count * 3)
            #expect(await importer.counters()["second_downloads"] == Int64(downloads - ids.count))
            #expect(reporter.logs.contains { $0.contains("spool_limit") })
            try await importer.close()
        }
    }

    @Test func whatIsReadAtTheMomentIsKeptWhateverTheLimit() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let ids = try Self.fill(bench, 1)
            let sink = try await bench.run(["spool_limit": "0"])
            let expected = try #require(service.library.content(ofItem: ids[0]))
            let paths = await sink.files.map(\.pathname)
            service.library.resetStatistics()
            var readers: [any ContentReader] = []
            for path in paths { readers.append(try await #require(sink.content(path)).open()) }
            for reader in readers { #expect(try await reader.readAll() == expected) }
            #expect(service.library.requestCount(.download) == 1)
        }
    }

    @Test func theIndexLearnsWhatTheHostHolds() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            let importer = try bench.importer(["catalog": "true"])
            let sink = TestSink()
            _ = try await importer.importRecords(state: nil, to: sink)
            let hash = String(repeating: "0a", count: 32)
            let content = try #require(await sink.content(try Pathname("/media/by-month/2024/2024-05/a.jpg")))
            await content.finished(.unchanged, holding: HeldContent(sha256: hash, size: 17))
            try await importer.close()
            let item = try #require(try await bench.run(["catalog": "true"]).items().first)
            #expect(item.id == id && item.sha256 == hash && item.size == 17)
        }
    }

    @Test func whatIsNoHashIsNone() {
        #expect(HeldContent(sha256: "abc", size: 1) == nil)
        #expect(HeldContent(sha256: String(repeating: "G", count: 64), size: 1) == nil)
        #expect(HeldContent(sha256: String(repeating: "a", count: 64), size: -1) == nil)
    }
}
