import ConnectorKit
import Crypto
import FakePhotos
import Foundation
import PhotosExporter
import PhotosLibrary
import TestSupport
import Testing

/// A destination account and the index that outlives several exports to it.
struct ExportBench {
    let service: FakeService
    let index: Index

    init(_ service: FakeService) throws {
        self.service = service
        index = try Index(path: nil)
    }

    func exporter(_ more: [String: String] = [:], index other: Index? = nil) throws -> PhotosExporter {
        try PhotosExporter(
            settings: service.settings("demo2", more), options: ConnectorOptions(), reporter: TestReporter(),
            runtime: service.clock.runtime(), index: other ?? index)
    }

    struct File: Sendable {
        var path: String
        var bytes: [UInt8]
        var knowsHash = true
    }

    /// Sends files as a host does: several at a time, in their order.
    func export(
        _ files: [File], _ more: [String: String] = [:], index: Index? = nil, with exporter: PhotosExporter? = nil
    ) async throws -> [RecordOutcome] {
        let exporter = try exporter ?? self.exporter(more, index: index)
        return try await withThrowingTaskGroup(of: (Int, RecordOutcome).self) { group in
            for (position, file) in files.enumerated() {
                let record = Record(
                    pathname: try Pathname(file.path), kind: .file, size: Int64(file.bytes.count), permissions: 0o600,
                    modificationTime: .epoch, hasContent: true, sha256: file.knowsHash ? Self.hash(file.bytes) : nil)
                group.addTask {
                    let content = MemoryContent(file.bytes)
                    return (position, await exporter.store(record, sequence: position + 1, content: content))
                }
            }
            await exporter.finishStoring()
            var outcomes: [Int: RecordOutcome] = [:]
            for try await (position, outcome) in group { outcomes[position] = outcome }
            try await exporter.endStoring()
            return files.indices.compactMap { outcomes[$0] }
        }
    }

    static func hash(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: Data(bytes)).map { String(format: "%02x", $0) }.joined()
    }

    /// So many different pictures, which the service takes.
    static func pictures(_ count: Int) async throws -> [[UInt8]] {
        let library = try FakeLibrary(options: .empty)
        return try library.addGeneratedItems(count).compactMap { library.content(ofItem: $0) }
    }

    /// The hashes of an album's items, in its order.
    func album(_ title: String) throws -> [String]? {
        let hashes = Dictionary(uniqueKeysWithValues: try service.library.items(of: "demo2").map { ($0.id, $0.sha256) })
        return try service.library.albums(of: "demo2").first { $0.title == title }?.items.map { hashes[$0] ?? "" }
    }

    func itemCount() throws -> Int { try service.library.items(of: "demo2", hashing: false).count }
}

@Suite struct ExporterTests {
    @Test func anAlbumHoldsItsFilesInTheirOrder() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(120)
            let files = pictures.enumerated().map { ExportBench.File(path: "/album/Lisbon/\($0).jpg", bytes: $1) }
            let outcomes = try await bench.export(files)
            #expect(outcomes.allSatisfy { $0.status == .stored })
            #expect(try bench.album("Lisbon") == pictures.map(ExportBench.hash))
            // As few calls as there can be.
            #expect(service.library.requestCount(.itemsBatchCreate) == 3)
            #expect(service.library.requestCount(.albumsCreate) == 1)
        }
    }

    @Test func aSecondRunCreatesNothing() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(10)
            let files = pictures.enumerated().map { ExportBench.File(path: "/album/Lisbon/\($0).jpg", bytes: $1) }
            _ = try await bench.export(files)
            service.library.resetStatistics()
            let again = try await bench.export(files)
            #expect(again.allSatisfy { $0.status == .unchanged })
            for endpoint in [Endpoint.uploads, .itemsBatchCreate, .albumsCreate, .albumsBatchAdd] {
                #expect(service.library.requestCount(endpoint) == 0, "\(endpoint)")
            }
            #expect(try bench.album("Lisbon")?.count == 10)
        }
    }

    @Test func withoutTheJournalTheSameBytesAreTheSameItem() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(4)
            let files = pictures.enumerated().map { ExportBench.File(path: "/album/Lisbon/\($0).jpg", bytes: $1) }
            _ = try await bench.export(files)
            _ = try await bench.export(files, index: try Index(path: nil))
            #expect(try bench.itemCount() == 4)
            #expect(try bench.album("Lisbon") == pictures.map(ExportBench.hash))
            #expect(try service.library.albums(of: "demo2").count == 1)
        }
    }

    @Test(arguments: [true, false])
    func aContentInSeveralPlacesIsOneItem(knowsHash: Bool) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let picture = try #require(try await ExportBench.pictures(1).first)
            let paths = [
                "/album/One/a.jpg", "/album/Two/a.jpg", "/album/Two/b.jpg", "/media/by-month/2024/2024-05/a.jpg",
            ]
            let outcomes = try await bench.export(
                paths.map { ExportBench.File(path: $0, bytes: picture, knowsHash: knowsHash) })
            #expect(outcomes.allSatisfy { $0.status == .stored || $0.status == .unchanged })
            #expect(try bench.itemCount() == 1)
            #expect(try bench.album("One")?.count == 1)
            #expect(try bench.album("Two")?.count == 1)
            if knowsHash { #expect(service.library.requestCount(.uploads) == 1) }
        }
    }

    @Test func aDestinationBelowAnAlbumPutsEverythingThere() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(2)
            let files = [
                ExportBench.File(path: "/a.jpg", bytes: pictures[0]),
                ExportBench.File(path: "/sub/b.jpg", bytes: pictures[1]),
            ]
            _ = try await bench.export(files, ["location": "googlephotos:///album/Lisbon"])
            #expect(try bench.album("Lisbon")?.count == 1)
            #expect(try bench.album("Lisbon/sub")?.count == 1)
        }
    }

    @Test func whatGoogleDoesNotTakeIsSkippedBeforeAnythingIsSent() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let outcomes = try await bench.export([
                ExportBench.File(path: "/album/A/notes.txt", bytes: [1, 2, 3]),
                ExportBench.File(path: "/album/A/empty.jpg", bytes: []),
            ])
            #expect(outcomes.map(\.status) == [.skipped, .skipped])
            #expect(outcomes.allSatisfy { $0.error?.code == .rejected })
            #expect(service.library.requestCount(.uploads) == 0)
            #expect(service.library.requestCount(.albumsCreate) == 0)
        }
    }

    @Test func whatThePersonDeletedIsMadeAgain() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(3)
            let files = pictures.enumerated().map { ExportBench.File(path: "/media/all/\($0).jpg", bytes: $1) }
            _ = try await bench.export(files)
            let victim = try #require(try service.library.items(of: "demo2").first { $0.filename == "1.jpg" })
            try service.library.updateItem(victim.id, isTrashed: true)
            let again = try await bench.export(files)
            #expect(again.map(\.status) == [.unchanged, .stored, .unchanged])
        }
    }

    @Test func theTitleOfAnAlbumCountsOnlyInItsOwnPlace() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let exporter = try bench.exporter()
            let pictures = try await ExportBench.pictures(2)
            let places = ["/album/Ends．": "Ends.", "/album/Other": "Lisbon"]
            var sequence = 0
            for (path, title) in places.sorted(by: { $0.key < $1.key }) {
                var record = Record.directory(try Pathname(path), modificationTime: .epoch)
                record.attributes[Attribute.albumTitle] = title
                sequence += 1
                _ = await exporter.store(record, sequence: sequence, content: nil)
            }
            for (path, picture) in zip(places.keys.sorted(), pictures) {
                let record = Record(
                    pathname: try Pathname(path + "/a.jpg"), kind: .file, size: Int64(picture.count),
                    permissions: 0o600, modificationTime: .epoch, hasContent: true)
                sequence += 1
                #expect(
                    await exporter.store(record, sequence: sequence, content: MemoryContent(picture)).status == .stored)
            }
            #expect(try service.library.albums(of: "demo2").map(\.title).sorted() == ["Ends.", "Other"])
        }
    }

    @Test func aReadOnlyDestinationRefusesToStart() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let error = #expect(throws: ConnectorError.self) { try bench.exporter(["read_only": "true"]) }
            #expect(error?.code == .readOnly)
        }
    }
}

@Suite struct ExporterFaultTests {
    private func files(_ count: Int) async throws -> (files: [ExportBench.File], hashes: [String]) {
        let pictures = try await ExportBench.pictures(count)
        let files = pictures.enumerated().map { ExportBench.File(path: "/album/Lisbon/\($0).jpg", bytes: $1) }
        return (files, pictures.map(ExportBench.hash))
    }

    @Test func aLostAnswerToBatchCreateLeavesEachItemOnce() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let (files, hashes) = try await files(10)
            service.library.inject(FakeFault(.dropAnswer, on: .itemsBatchCreate))
            // In the same run, and without another upload.
            #expect(try await bench.export(files).allSatisfy { $0.status == .stored })
            #expect(service.library.requestCount(.uploads) == 10)
            #expect(try await bench.export(files).allSatisfy { $0.status == .unchanged })
            #expect(try bench.album("Lisbon") == hashes)
            #expect(try bench.itemCount() == 10)
        }
    }

    @Test func aLostAnswerToAlbumsCreateLeavesOneAlbum() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            service.library.inject(FakeFault(.dropAnswer, on: .albumsCreate))
            let outcomes = try await bench.export(try await files(3).files)
            #expect(outcomes.allSatisfy { $0.status == .stored })
            #expect(try service.library.albums(of: "demo2").count == 1)
        }
    }

    @Test func anItemThatFailsForAMomentIsTriedAgainWithItsToken() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            var fault = FakeFault(.itemError, on: .itemsBatchCreate)
            fault.code = 13
            fault.match = "1.jpg"
            service.library.inject(fault)
            let (files, _) = try await files(3)
            let outcomes = try await bench.export(files)
            #expect(outcomes.allSatisfy { $0.status == .stored })
            #expect(service.library.requestCount(.uploads) == 3)
        }
    }

    @Test func aBadItemFailsAloneWithItsReason() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            var fault = FakeFault(.itemError, on: .itemsBatchCreate)
            fault.match = "1.jpg"
            service.library.inject(fault)
            let outcomes = try await bench.export(try await files(3).files)
            #expect(outcomes.map(\.status) == [.stored, .failed, .stored])
            #expect(outcomes[1].error?.code == .rejected)
            #expect(try bench.album("Lisbon")?.count == 2)
        }
    }

    @Test func aContentThatIsNotWhatWasPromisedNeverBecomesAnItem() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let picture = try #require(try await ExportBench.pictures(1).first)
            let exporter = try bench.exporter()
            let record = Record(
                pathname: try Pathname("/album/A/a.jpg"), kind: .file, size: Int64(picture.count), permissions: 0o600,
                modificationTime: .epoch, hasContent: true)
            async let outcome = exporter.store(record, sequence: 1, content: CorruptContent(bytes: picture))
            await exporter.finishStoring()
            #expect(await outcome.status == .failed)
            #expect(await outcome.error?.code == .corrupt)
            #expect(try bench.itemCount() == 0)
        }
    }

    @Test func anUploadThatIsRefusedForNowIsSentAgain() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            var fault = FakeFault(.status, on: .uploads)
            fault.status = 429
            service.library.inject(fault)
            let (files, hashes) = try await files(1)
            #expect(try await bench.export(files).map(\.status) == [.stored])
            #expect(service.clock.sleeps.contains(.seconds(30)))
            #expect(try bench.album("Lisbon") == hashes)
        }
    }

    @Test func aFullAccountStopsTheRun() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            service.library.updateRules { $0.storageLimit = 1 }
            let outcomes = try await bench.export(try await files(3).files)
            #expect(outcomes.allSatisfy { $0.status == .failed && $0.error?.code == .quota })
            #expect(try bench.itemCount() == 0)
        }
    }
}

/// Gives all of its bytes, and then says that they were not the right ones.
private actor CorruptContent: ContentReader {
    private var bytes: [UInt8]?
    init(bytes: [UInt8]) { self.bytes = bytes }

    func read() throws -> [UInt8]? {
        guard let bytes else { throw ConnectorError(.corrupt, "the hash differs") }
        self.bytes = nil
        return bytes
    }
    func close() {}
}

@Suite struct AccountLockTests {
    @Test func twoExportsToOneAccountDoNotMeet() async throws {
        try await FakeService.run { service in
            let directory = FileManager.default.temporaryDirectory.path + "/gphotos-lock-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(1)
            let file = ExportBench.File(path: "/album/Trip/a.jpg", bytes: pictures[0])
            let first = try bench.exporter(index: Index(path: directory + "/index.sqlite"))
            let second = try bench.exporter(index: Index(path: directory + "/index.sqlite"))
            try await first.beginStoring()
            await #expect(throws: ConnectorError.self) { try await second.beginStoring() }
            let refused = try await bench.export([file], with: second)
            #expect(refused[0].error?.code == .unavailable)
            #expect(refused[0].error?.message.contains("another run is writing to this account") == true)
            #expect(service.library.requestCount(.uploads) == 0)
            #expect(try await bench.export([file], with: first)[0].status == .stored)
            try await second.beginStoring()
            #expect(try await bench.export([file], with: second)[0].status == .unchanged)
        }
    }
}
