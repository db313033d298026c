import ConnectorKit
import FakePhotos
import PhotosExporter
import PhotosLibrary
import SeededRandom
import TestSupport
import Testing

@Suite struct ExporterUploadTests {
    private static func video(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count / 8).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    }

    /// The smallest that goes by the resumable protocol, and a little more.
    private static let largeCount = (16 << 20) + 800_000

    private func files(_ count: Int) async throws -> [ExportBench.File] {
        try await ExportBench.pictures(count).enumerated().map {
            ExportBench.File(path: "/album/Lisbon/\($0).jpg", bytes: $1)
        }
    }

    @Test func aThousandSmallFilesWouldTakeLittleMoreThanAThousandRequests() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let exporter = try bench.exporter()
            let count = 120
            let outcomes = try await bench.export(try await files(count), with: exporter)
            #expect(outcomes.allSatisfy { $0.status == .stored })
            #expect(service.library.requestCount(.uploads) == count)
            #expect(service.library.requestCount(.itemsBatchCreate) == (count + 49) / 50)
            // One to look for the album, one to make it, and its pages to read it back.
            let pages = (count + 99) / 100
            #expect(await exporter.counters()["api_requests"] == Int64(count + (count + 49) / 50 + 2 + pages))
            #expect(service.library.checkedUploads == count)
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func aKilledRunIsContinuedWhereTheServiceHasGot(seed: UInt64) async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.acceptsAnyContent = true }
            var random = SeededRandom(seed: seed)
            let bench = try ExportBench(service)
            let file = ExportBench.File(
                path: "/album/Lisbon/a.mp4", bytes: Self.video(Self.largeCount, seed: seed))
            var cut = FakeFault(.reset, on: .uploads)
            cut.bytes = Int.random(in: 0..<16 << 20, using: &random)
            service.library.inject(cut)
            var outage = FakeFault(.status, on: .uploads)
            outage.status = 503
            outage.match = "upload_id"
            outage.count = 100
            service.library.inject(outage)
            let first = try await bench.export([file])
            #expect(first.map(\.status) == [.failed])
            #expect(first[0].error?.isRetryable == true)
            service.library.clearFaults()

            let exporter = try bench.exporter()
            #expect(try await bench.export([file], with: exporter).map(\.status) == [.stored])
            let kept = cut.bytes / 262_144 * 262_144
            #expect(
                await exporter.counters()["bytes_uploaded"] == Int64(file.bytes.count - kept), "seed \(seed)")
            #expect(try bench.album("Lisbon") == [ExportBench.hash(file.bytes)])
            #expect(try await Journal(bench.index).session(sha256: ExportBench.hash(file.bytes)) == nil)
        }
    }

    @Test(arguments: [false, true])
    func anUploadThatWasWholeWhenTheRunEndedIsNotSentTwiceWhereGoogleStillSaysItsToken(repeats: Bool) async throws {
        try await FakeService.run { service in
            service.library.updateRules { rules in
                rules.acceptsAnyContent = true
                rules.repeatsUploadTokens = repeats
            }
            let bench = try ExportBench(service)
            let file = ExportBench.File(path: "/media/a.mp4", bytes: Self.video(Self.largeCount, seed: 1))
            var lost = FakeFault(.dropAnswer, on: .uploads)
            lost.after = 2
            service.library.inject(lost)
            var outage = FakeFault(.status, on: .uploads)
            outage.status = 503
            outage.count = 6
            outage.after = 2
            service.library.inject(outage)
            #expect(try await bench.export([file]).map(\.status) == [.failed])
            service.library.clearFaults()
            let exporter = try bench.exporter()
            #expect(try await bench.export([file], with: exporter).map(\.status) == [.stored])
            #expect(await exporter.counters()["bytes_uploaded"] == (repeats ? 0 : Int64(file.bytes.count)))
            #expect(try service.library.items(of: "demo2").map(\.sha256) == [ExportBench.hash(file.bytes)])
        }
    }

    @Test func aContentThatIsNotWhatItsHashSaysNeverBecomesAnItem() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.acceptsAnyContent = true }
            let bench = try ExportBench(service)
            for count in [1000, Self.largeCount] {
                let bytes = Self.video(count, seed: 1)
                let exporter = try bench.exporter()
                let record = Record(
                    pathname: try Pathname("/a.mp4"), kind: .file, size: Int64(bytes.count), permissions: 0o600,
                    modificationTime: .epoch, hasContent: true, sha256: ExportBench.hash([1]))
                async let outcome = exporter.store(record, sequence: 1, content: MemoryContent(bytes))
                await exporter.finishStoring()
                #expect(await outcome.error?.code == .corrupt)
                #expect(try await Journal(bench.index).session(sha256: ExportBench.hash([1])) == nil)
            }
            #expect(try bench.itemCount() == 0)
            #expect(service.library.requestCount(.itemsBatchCreate) == 0)
        }
    }

    @Test(arguments: [(22, 0), (23, 2)])
    func aTokenIsUsedForTwentyThreeHoursAndNoLonger(hours: Int, uploads: Int) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let files = try await files(2)
            var fault = FakeFault(.status, on: .itemsBatchCreate)
            fault.status = 403
            service.library.inject(fault)
            #expect(try await bench.export(files).map(\.status) == [.failed, .failed])
            service.library.resetStatistics()
            service.clock.advance(.seconds(hours * 3600))
            #expect(try await bench.export(files).map(\.status) == [.stored, .stored])
            #expect(service.library.requestCount(.uploads) == uploads)
        }
    }

    @Test func aTokenOfAnEarlierRunThatIsRefusedIsFollowedByANewOne() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let files = try await files(2)
            var fault = FakeFault(.status, on: .itemsBatchCreate)
            fault.status = 403
            service.library.inject(fault)
            _ = try await bench.export(files)
            service.library.updateRules { $0.uploadTokenLifetime = 60 }
            service.clock.advance(.seconds(3600))
            #expect(try await bench.export(files).map(\.status) == [.stored, .stored])
            #expect(service.library.requestCount(.uploads) == 4)
        }
    }

    @Test(arguments: [400, 429])
    func aFullStorageEndsTheRunAndKeepsWhatWasUploaded(status: Int) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let files = try await files(120)
            let text = "The remaining storage in the user's account is not enough to perform this operation."
            var fault = FakeFault(.status, on: .itemsBatchCreate)
            fault.status = status
            fault.body = #"{"error":{"code":\#(status),"message":"\#(text)"}}"#
            fault.count = 100
            service.library.inject(fault)
            let outcomes = try await bench.export(files)
            #expect(outcomes.allSatisfy { $0.status == .failed && $0.error?.code == .quota })
            #expect(outcomes.allSatisfy { $0.error?.message.contains("storage") == true })
            #expect(service.library.requestCount(.itemsBatchCreate) == 1)
            let sent = service.library.requestCount(.uploads)

            service.library.clearFaults()
            #expect(try await bench.export(files).allSatisfy { $0.status == .stored })
            #expect(service.library.requestCount(.uploads) <= max(120, sent))
        }
    }

    @Test func aStorageThatIsFullForOneItemKeepsItsToken() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let files = try await files(1)
            var fault = FakeFault(.itemError, on: .itemsBatchCreate)
            fault.code = 8
            service.library.inject(fault)
            #expect(try await bench.export(files).map(\.error?.code) == [.quota])
            #expect(try await bench.export(files).map(\.status) == [.stored])
            #expect(service.library.requestCount(.uploads) == 1)
        }
    }

    @Test func anAlbumThatIsGoneFailsItsOwnItemsOnly() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(4)
            let files = pictures.enumerated().map {
                ExportBench.File(path: $0 < 2 ? "/album/Gone/\($0).jpg" : "/album/There/\($0).jpg", bytes: $1)
            }
            var fault = FakeFault(.status, on: .itemsBatchCreate)
            fault.status = 400
            fault.body = #"{"error":{"code":400,"message":"The provided ID does not match any albums."}}"#
            service.library.inject(fault)
            let outcomes = try await bench.export(files)
            #expect(outcomes.map(\.status) == [.failed, .failed, .stored, .stored])
            #expect(outcomes[0].error?.code == .notFound)
            #expect(try bench.album("There")?.count == 2)
        }
    }

    @Test func aPartialSuccessIsReadFromMultiStatusToo() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.answersMultiStatus = true }
            let bench = try ExportBench(service)
            var fault = FakeFault(.itemError, on: .itemsBatchCreate)
            fault.match = "1.jpg"
            service.library.inject(fault)
            #expect(try await bench.export(try await files(3)).map(\.status) == [.stored, .failed, .stored])
        }
    }

    @Test func aConcurrentWriteIsWaitedForAndSentAgain() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            var fault = FakeFault(.status, on: .itemsBatchCreate)
            fault.status = 429
            fault.count = 2
            service.library.inject(fault)
            #expect(try await bench.export(try await files(3)).allSatisfy { $0.status == .stored })
            #expect(service.clock.sleeps.filter { $0 >= .seconds(30) }.count == 2)
            #expect(service.library.requestCount(.itemsBatchCreate) == 3)
        }
    }
}
