import ConnectorKit
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import SeededRandom
import TestSupport
import Testing

/// A damaged index is set aside and learnt anew, and says so; it never costs more than a listing.
@Suite(.timeLimit(.minutes(3))) struct DamagedIndexTests {
    private final class Disk {
        let directory = NSTemporaryDirectory() + "gphotos-damage-\(UUID().uuidString)"
        var path: String { directory + "/index.sqlite" }
        let reporter = TestReporter()

        deinit { try? FileManager.default.removeItem(atPath: directory) }

        func index(_ service: FakeService) throws -> Index {
            try Index(path: path, runtime: service.clock.runtime(), reporter: reporter)
        }

        var damaged: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter {
                $0.contains(".damaged-")
            }
        }
    }

    private func onStage(_ body: (FakeService, Disk) async throws -> Void) async throws {
        try await FakeService.run { service in
            let ids = try service.library.addGeneratedItems(600)
            _ = try service.library.addAlbum("Trip", items: Array(ids.prefix(40)), account: "demo")
            let disk = Disk()
            try await body(service, disk)
        }
    }

    private func run(_ service: FakeService, _ disk: Disk) async throws -> TestSink {
        try await ImportBench(service, index: disk.index(service)).run()
    }

    @Test func aFileThatIsNoDatabaseIsSetAside() async throws {
        try await onStage { service, disk in
            let paths = try await run(service, disk).paths.sorted()
            try Data("this is no database, but a letter home".utf8).write(to: URL(fileURLWithPath: disk.path))
            #expect(try await run(service, disk).paths.sorted() == paths)
            #expect(disk.damaged.count == 1)
            #expect(disk.reporter.logs.contains { $0.contains("is damaged") && $0.contains(disk.damaged[0]) })
            // The new one is sound.
            #expect(try await run(service, disk).paths.sorted() == paths)
            #expect(disk.damaged.count == 1)
        }
    }

    @Test func aFileThatWasCutIsSetAside() async throws {
        try await onStage { service, disk in
            let paths = try await run(service, disk).paths.sorted()
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: disk.path))
            try handle.truncate(atOffset: 3 * 4096)
            try handle.close()
            #expect(try await run(service, disk).paths.sorted() == paths)
            #expect(disk.damaged.count == 1)
        }
    }

    @Test func anIndexThatIsGoneIsLearntAgainWithTheSameNames() async throws {
        try await onStage { service, disk in
            let bench = try ImportBench(service)
            for day in 1...5 { try bench.add("twin.jpg", "2024-05-0\(day)T10:00:00Z") }
            let paths = try await run(service, disk).paths.sorted()
            try FileManager.default.removeItem(atPath: disk.path)
            service.library.resetStatistics()
            #expect(try await run(service, disk).paths.sorted() == paths)
            // 605 items, the favorites, the album.
            #expect(service.library.requestCount(.itemsSearch) == 9)
        }
    }

    /// Whatever is overwritten: the import shows every item, at once or when it is run again.
    @Test(arguments: 0..<6) func overwrittenPagesNeverHideAnItem(_ turn: Int) async throws {
        let seed =
            (ProcessInfo.processInfo.environment["GPHOTOS_TEST_SEED"].flatMap { UInt64($0) } ?? 20_261_121)
            + UInt64(turn)
        var random = SeededRandom(seed: seed)
        try await onStage { service, disk in
            let ids = Set(try service.library.items(of: "demo", hashing: false).map(\.id))
            _ = try await run(service, disk)
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: disk.path))
            let pages = try handle.seekToEnd() / 4096
            for _ in 0..<(1 + random.next() % 8) {
                // Not the first: that is a file which is no database.
                let page = 1 + random.next() % (pages - 1)
                try handle.seek(toOffset: page * 4096 + random.next() % 3584)
                let garbage = (0..<(1 + random.next() % 512)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                try handle.write(contentsOf: garbage)
            }
            try handle.close()
            var shown: Set<String> = []
            for _ in 0..<3 {
                do {
                    let sink = try await run(service, disk)
                    shown = await Set(sink.files.compactMap { $0.attributes[Attribute.id] })
                    #expect(await Set(sink.paths).count == sink.paths.count, "seed \(seed)")
                    break
                } catch let error as ConnectorError {
                    #expect(error.isRetryable, "seed \(seed): \(error)")
                }
            }
            #expect(shown == ids, "seed \(seed)")
        }
    }
}
