import ConnectorKit
import FakePhotos
import PhotosExporter
import PhotosLibrary
import TestSupport
import Testing

/// An album has the order of the records, whatever was in it before and whoever was stopped in the midst.
@Suite struct AlbumOrderTests {
    private func sent(_ pictures: [[UInt8]]) throws -> [Sent] {
        try pictures.enumerated().map { try .file("/album/Trip/\($0).jpg", $1) }
    }

    private func prepare(_ service: FakeService, _ count: Int) async throws -> ([[UInt8]], [Sent], [String]) {
        let pictures = try await ExportBench.pictures(count)
        return (pictures, try sent(pictures), pictures.map(ExportBench.hash))
    }

    /// What an earlier run had brought when it was killed, and what is to come: on the same machine and on a new one.
    @Test(arguments: [[0, 3, 4], [3, 4], [1, 3], [4], [0, 1, 2]], [true, false])
    func whatIsMissingFindsItsPlaceAmongWhatIsThere(first: [Int], isNew: Bool) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let (_, sent, hashes) = try await prepare(service, 5)
            _ = try await bench.run(first.map { sent[$0] })
            let result = try await bench.run(sent, index: isNew ? try Index(path: nil) : bench.index)
            #expect(result.outcomes.allSatisfy { $0.error == nil })
            #expect(result.counters["verify_failed"] == nil)
            #expect(try bench.albums("Trip") == [hashes])
            #expect(try bench.itemCount() == 5)
        }
    }

    @Test(arguments: [true, false])
    func aBatchThatFailedAsAWholeComesBeforeThoseThatDidNot(isNew: Bool) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let (_, sent, hashes) = try await prepare(service, 130)
            var fault = FakeFault(.status, on: .itemsBatchCreate)
            fault.count = 6
            service.library.inject(fault)
            let first = try await bench.run(sent)
            #expect(first.outcomes.filter { $0.status == .failed }.count == 50)
            #expect(try bench.albums("Trip") == [Array(hashes[50...])])
            let second = try await bench.run(sent, index: isNew ? try Index(path: nil) : bench.index)
            #expect(second.outcomes.allSatisfy { $0.error == nil })
            #expect(second.counters["verify_failed"] == nil)
            #expect(try bench.albums("Trip") == [hashes])
        }
    }

    /// What is added to the album of somebody else's photos comes behind them.
    @Test func whatNoRecordStandsForStaysWhereItIs() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let (_, sent, hashes) = try await prepare(service, 6)
            _ = try await bench.run(Array(sent[..<2]))
            _ = try await bench.run(Array(sent[2...]))
            #expect(try bench.albums("Trip") == [hashes])
            _ = try await bench.run([sent[5], sent[0]], index: try Index(path: nil))
            // They are in another order than the records, as a person may have sorted them.
            #expect(try bench.albums("Trip") == [hashes])
        }
    }

    /// A content that comes twice stands in the place of its first record.
    @Test func aSecondRecordOfAnItemDoesNotDrawTheNextOnesToIt() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let (pictures, _, hashes) = try await prepare(service, 60)
            var sent = try sent(Array(pictures[..<50]))
            sent.append(try .file("/album/Trip/again.jpg", pictures[0]))
            sent += try pictures[50...].enumerated().map { try Sent.file("/album/Trip/more\($0).jpg", $1) }
            _ = try await bench.run(Array(sent[..<51]))
            for _ in 0..<2 {
                _ = try await bench.run(sent)
                #expect(try bench.albums("Trip") == [hashes])
            }
        }
    }

    @Test(arguments: [Endpoint.albumsBatchRemove, .albumsBatchAdd], [0, 1])
    func aRunThatIsStoppedWhileItArrangesIsMadeGoodByTheNext(endpoint: Endpoint, after: Int) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let (_, sent, hashes) = try await prepare(service, 130)
            // So many are new before them that nobody knows where those belong when they are made.
            _ = try await bench.run(Array(sent[60...]))
            var fault = FakeFault(.dailyQuota, on: endpoint)
            fault.after = after
            service.library.inject(fault)
            let exporter = try bench.exporter()
            await #expect(throws: ConnectorError.self) { _ = try await bench.send(sent, to: exporter) }
            await exporter.close()
            // What is there is never in a wrong order.
            let there = try bench.albums("Trip")[0]
            #expect(there == hashes.filter(Set(there).contains))
            service.clock.advance(.seconds(2 * 86400))
            // A run that has nothing to do with it brings back what had left the album.
            _ = try await bench.run([sent[129]])
            #expect(Set(try bench.albums("Trip")[0]).isSuperset(of: hashes[60...]))
            _ = try await bench.run(sent)
            #expect(try bench.albums("Trip") == [hashes])
            #expect(try bench.itemCount() == 130)
        }
    }

    @Test func whatStandsInAWrongPlaceAfterAllIsPutRight() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let (pictures, sent, hashes) = try await prepare(service, 5)
            // The journal knows another content as the item that these bytes are.
            _ = try await bench.run([sent[0], sent[3], sent[4]])
            let ids = Dictionary(
                uniqueKeysWithValues: try service.library.items(of: "demo2").map { ($0.sha256, $0.id) })
            let index = try Index(path: nil)
            let journal = Journal(index)
            for number in [0, 3, 4] {
                try await journal.note(itemIDs: ["\(number)": try #require(ids[ExportBench.hash(pictures[number])])])
            }
            let result = try await bench.run(sent, index: index)
            #expect(result.counters["verify_failed"] == nil)
            #expect(try bench.albums("Trip") == [hashes])
        }
    }

    @Test(arguments: ["/album/Trip", "/media"])
    func anAnswerThatWasLostIsMadeGoodInTheSameRun(folder: String) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(60)
            let sent = try pictures.enumerated().map { try Sent.file("\(folder)/\($0).jpg", $1) }
            service.library.inject(FakeFault(.dropAnswer, on: .itemsBatchCreate))
            let result = try await bench.run(sent)
            #expect(result.statuses == Array(repeating: .stored, count: 60))
            #expect(service.library.requestCount(.uploads) == 60)
            #expect(try bench.itemCount() == 60)
            if folder == "/album/Trip" { #expect(try bench.albums("Trip") == [pictures.map(ExportBench.hash)]) }
            service.library.resetStatistics()
            #expect(try await bench.run(sent).statuses == Array(repeating: .unchanged, count: 60))
            #expect(service.library.requestCount(.uploads) == 0)
        }
    }
}
