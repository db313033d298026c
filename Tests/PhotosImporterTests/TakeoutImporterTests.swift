import ConnectorKit
import Foundation
import PhotosImporter
import PhotosLibrary
import SeededRandom
import TakeoutSupport
import TestSupport
import Testing

@Suite struct TakeoutImporterTests {
    private let bench: ExportBench

    init() throws { bench = try ExportBench() }

    private static func photo(_ number: Int) -> [UInt8] { Array(repeating: UInt8(number), count: 1000 + number) }

    private func item(_ title: String, _ number: Int) -> TakeoutBuilder.Item {
        TakeoutBuilder.Item(title, Self.photo(number), taken: 1_714_989_600 + Int64(number) * 86400 * 20)
    }

    @Test(arguments: TakeoutBuilder.Packing.allCases)
    func theTreeIsThatOfTheLibrary(_ packing: TakeoutBuilder.Packing) async throws {
        var builder = TakeoutBuilder()
        var one = item("a.jpg", 0)
        one.albums = ["Trip"]
        one.isFavorite = true
        builder.add(one)
        builder.add(item("b.jpg", 2))
        try builder.write(to: bench.exports, stamp: "20260301T101500Z", parts: 2, packing: packing)
        let sink = try await bench.run()
        #expect(
            await sink.paths.sorted() == [
                "/", "/album", "/album/Trip", "/album/Trip/a.jpg", "/feature", "/feature/favorites",
                "/feature/favorites/a.jpg", "/media", "/media/by-month", "/media/by-month/2024",
                "/media/by-month/2024/2024-05", "/media/by-month/2024/2024-05/a.jpg", "/media/by-month/2024/2024-06",
                "/media/by-month/2024/2024-06/b.jpg",
            ])
        for path in await sink.files.map(\.pathname) {
            let number = path.name == "a.jpg" ? 0 : 2
            #expect(try await sink.store(path) == Self.photo(number))
        }
    }

    @Test func aRecordSaysWhatOnlyTakeoutKnows() async throws {
        var builder = TakeoutBuilder()
        var one = item("a: 1?.jpg", 0)
        one.url = "https://photos.google.com/photo/AF1Q"
        one.description = "the sea"
        one.people = ["Ada", "Bob, jr"]
        one.isFavorite = true
        one.isArchived = true
        one.latitude = 38.7
        one.longitude = -9.1
        builder.add(one)
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let sink = try await bench.run(["views": "all"])
        let record = try #require(await sink.files.first)
        #expect(record.pathname.string == "/media/all/a: 1?.jpg")
        #expect(
            record.attributes == [
                Attribute.filename: "a: 1?.jpg", Attribute.url: "https://photos.google.com/photo/AF1Q",
                Attribute.description: "the sea", Attribute.people: #"["Ada","Bob, jr"]"#, Attribute.favorite: "true",
                Attribute.archived: "true", Attribute.location: "38.7,-9.1", Attribute.origin: "mobileUpload",
                Attribute.added: "2024-05-06T10:01:00Z",
            ])
        #expect(record.modificationTime == Timestamp("2024-05-06T10:00:00Z"))
        #expect(record.size == 1000 && record.mimeType == "image/jpeg")
        #expect(record.caveats == [] && record.error == nil)
    }

    @Test func whatHasNoMetadataSaysSo() async throws {
        var builder = TakeoutBuilder()
        var one = item("a.jpg", 0)
        one.hasSidecar = false
        builder.add(one)
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let record = try #require(try await bench.run().files.first)
        #expect(record.caveats == [.metadataMissing])
        #expect(record.pathname.string == "/media/by-month/2024/2024-01/a.jpg")
        #expect(bench.reporter.logs.contains { $0.contains("of 1 missing") })
    }

    @Test func trashIsLeftOutAndSaidAndTheArchiveOnWish() async throws {
        var builder = TakeoutBuilder()
        var gone = item("gone.jpg", 0)
        gone.isTrashed = true
        builder.add(gone)
        var archived = item("archived.jpg", 1)
        archived.isArchived = true
        archived.albums = ["Trip"]
        builder.add(archived)
        builder.add(item("kept.jpg", 2))
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let names = try await bench.run().files.map(\.pathname.string)
        #expect(Set(names.map { ($0 as NSString).lastPathComponent }) == ["archived.jpg", "kept.jpg"])
        #expect(bench.reporter.logs.contains { $0.contains("1 items of the trash") })
        let fewer = try await bench.run(["include_archived": "false"]).files.map(\.pathname.string)
        #expect(fewer.contains("/album/Trip/archived.jpg"))
        #expect(!fewer.contains { $0.hasPrefix("/media") && $0.hasSuffix("archived.jpg") })
    }

    @Test func theArchiveIsAViewOnRequest() async throws {
        var builder = TakeoutBuilder()
        var archived = item("archived.jpg", 1)
        archived.isArchived = true
        builder.add(archived)
        builder.add(item("kept.jpg", 2))
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let shown = try await bench.run(["views": "by-month,archive"]).files.map(\.pathname.string)
        #expect(shown.filter { $0.hasPrefix("/feature") } == ["/feature/archive/archived.jpg"])
        #expect(shown.count == 3)
        let root = try await bench.run(["path": "/feature/archive"]).files.map(\.pathname.string)
        #expect(root == ["/feature/archive/archived.jpg"])
        #expect(try await !bench.run().paths.contains { $0.contains("archive/") })
        // Shown where it was, once it is archived no more.
        let all = try await bench.run(["views": "archive", "include_archived": "false"]).files
        #expect(all.map(\.pathname.string) == ["/feature/archive/archived.jpg"])
    }

    @Test func theAPIHasNoArchiveAndSaysSo() throws {
        let more = ["type": "google photos", "token": #"{"refresh_token":"x"}"#]
        for settings in [["views": "archive"], ["location": "googlephotos:///feature/archive"]] {
            let error = #expect(throws: ConnectorError.self) {
                try SourceKind.makeImporter(
                    settings: Settings(settings.merging(more) { $1 }), options: ConnectorOptions(),
                    reporter: TestReporter(), runtime: TestClock().runtime())
            }
            #expect(error?.code == .config && error?.message.contains("archive") == true)
        }
    }

    @Test func whatHasNoMetadataSaysWhatDatesIt() async throws {
        var builder = TakeoutBuilder()
        var one = item("a.jpg", 0)
        one.hasSidecar = false
        builder.add(one)
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let record = try #require(try await bench.run().files.first)
        #expect(record.attributes[Attribute.dating] == "folder")
        #expect(bench.reporter.logs.contains { $0.contains("1 to the start of the year of their folder") })
    }

    @Test func fingerprintsAndNamesStayWhenMoreExportsCome() async throws {
        var builder = TakeoutBuilder()
        builder.add(item("a.jpg", 0))
        builder.add(TakeoutBuilder.Item("a.jpg", [1, 2, 3]))
        try builder.write(to: bench.exports, stamp: "20260301T101500Z", packing: .tgz)
        let first = try await bench.run().files
        #expect(Set(first.map(\.pathname)).count == 2)
        var later = TakeoutBuilder()
        later.add(TakeoutBuilder.Item("a.jpg", [9, 9]))
        later.add(item("a.jpg", 0))
        try later.write(to: bench.exports, stamp: "20260201T101500Z")
        let second = try await bench.run().files
        #expect(second.count == 3)
        for record in first {
            #expect(second.first { $0.pathname == record.pathname }?.fingerprint == record.fingerprint)
        }
    }

    @Test func whatCannotBeReadIsAnErrorOfTheWhole() async throws {
        var builder = TakeoutBuilder()
        for number in 0..<4 { builder.add(item("\(number).jpg", number)) }
        try builder.write(to: bench.exports, stamp: "20260301T101500Z", parts: 2)
        try FileManager.default.removeItem(atPath: bench.exports + "/takeout-20260301T101500Z-001.zip")
        var cut = TakeoutBuilder()
        cut.add(item("z.jpg", 7))
        try Data(ZipWriter(cut.files).bytes.dropLast(30))
            .write(to: URL(fileURLWithPath: bench.exports + "/takeout-20260201T101500Z-001.zip"))
        await #expect(throws: ConnectorError.self) { try await bench.run() }
        try Data(TarWriter(cut.files).bytes())
            .write(to: URL(fileURLWithPath: bench.exports + "/takeout-20260101T101500Z-001.tgz"))
        let sink = try await bench.run()
        let root = try #require(await sink.record("/"))
        #expect(root.error?.code == .corrupt)
        #expect(root.error?.message.contains("1 more") == true)
        #expect(await sink.files.map(\.pathname.name) == ["z.jpg"])
    }

    @Test func aBadChecksumIsAnErrorOfItsContentAlone() async throws {
        var builder = TakeoutBuilder()
        builder.add(item("a.jpg", 0))
        builder.add(item("b.jpg", 1))
        var files = builder.files
        files[0].hasWrongChecksum = true
        try Data(ZipWriter(files).bytes)
            .write(to: URL(fileURLWithPath: bench.exports + "/takeout-20260301T101500Z-001.zip"))
        let sink = try await bench.run()
        #expect(await sink.record("/")?.error == nil)
        let error = await #expect(throws: ConnectorError.self) {
            try await sink.store(try Pathname("/media/by-month/2024/2024-05/a.jpg"))
        }
        #expect(error?.code == .corrupt)
        #expect(try await sink.store(try Pathname("/media/by-month/2024/2024-05/b.jpg")) == Self.photo(1))
    }

    @Test func aPartOfTheTreeCanBeAskedFor() async throws {
        var builder = TakeoutBuilder()
        var one = item("a.jpg", 0)
        one.albums = ["Trip"]
        builder.add(one)
        builder.add(item("b.jpg", 1))
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        #expect(try await bench.run(["path": "/album/Trip"]).files.map(\.pathname.string) == ["/album/Trip/a.jpg"])
        let error = await #expect(throws: ConnectorError.self) { try await bench.run(["path": "/album/Nowhere"]) }
        #expect(error?.code == .notFound)
    }

    @Test func whereThereIsNoExportTheImportSaysSo() async throws {
        let error = await #expect(throws: ConnectorError.self) { try await bench.run() }
        #expect(error?.code == .notFound)
        #expect(throws: ConnectorError.self) { try SourceKindProbe.importer("takeout://relative") }
        let importer = try bench.importer()
        await #expect(throws: ConnectorError.self) { try await importer.ping() }
    }

    @Test(arguments: [1, 3, 8]) func whatWasLearntAndWasCutIsLearntAgain(pages: Int) async throws {
        var builder = TakeoutBuilder()
        for number in 0..<40 { builder.add(item("IMG_\(number).jpg", number)) }
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let paths = try await bench.run().paths
        let state = bench.path + "/state"
        let catalog = TakeoutSettings.catalogPath(bench.exports, environment: ["XDG_STATE_HOME": state])
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: catalog))
        try handle.truncate(atOffset: UInt64(pages) * 4096)
        try handle.close()
        #expect(try await bench.run().paths == paths)
        #expect(bench.reporter.logs.contains { $0.contains("nothing but that time is lost") })
        let told = bench.reporter.logs.count { $0.contains("is damaged") }
        #expect(try await bench.run().paths == paths)
        #expect(bench.reporter.logs.count { $0.contains("is damaged") } == told)
    }

    /// Whatever is overwritten: every item is there, at once or when it is run again.
    @Test(arguments: 0..<8) func overwrittenPagesOfWhatWasLearntHideNoItem(_ turn: Int) async throws {
        let seed =
            (ProcessInfo.processInfo.environment["GPHOTOS_TEST_SEED"].flatMap { UInt64($0) } ?? 20_261_121)
            + UInt64(turn)
        var random = SeededRandom(seed: seed)
        var builder = TakeoutBuilder()
        for number in 0..<200 { builder.add(item("IMG_\(number).jpg", number)) }
        try builder.write(to: bench.exports, stamp: "20260301T101500Z")
        let count = try await bench.run().files.count
        let catalog = TakeoutSettings.catalogPath(
            bench.exports, environment: ["XDG_STATE_HOME": bench.path + "/state"])
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: catalog))
        let pages = try handle.seekToEnd() / 4096
        for _ in 0..<(1 + random.next() % 8) {
            // Not the first: that is a file which is no database.
            try handle.seek(toOffset: (1 + random.next() % (pages - 1)) * 4096)
            let garbage = (0..<(1 + random.next() % 512)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            try handle.write(contentsOf: garbage)
        }
        try handle.close()
        #expect(try await bench.run().files.count == count, "seed \(seed)")
    }
}

private enum SourceKindProbe {
    static func importer(_ location: String) throws -> any Importer {
        try SourceKind.makeImporter(
            settings: Settings(["location": location]), options: ConnectorOptions(), reporter: TestReporter(),
            runtime: TestClock().runtime())
    }
}
