import ConnectorKit
import FakePhotos
import PhotosLibrary
import TestSupport
import Testing

@Suite struct DryRunTests {
    @Test func itTellsWhatWouldBeAndDoesNothing() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(120)
            var sent = [try Sent.directory("/album/Empty", title: "Empty")]
            for (index, picture) in pictures.enumerated() {
                sent.append(try .file("/album/Trip/\(index).jpg", picture))
            }
            sent.append(try .file("/album/Other/again.jpg", pictures[0]))
            sent.append(try .file("/album/Other/text.txt", [1]))
            sent.append(try .link("/album/Other/link.jpg", to: "../../media/b.jpg"))
            sent.append(try .file("/media/b.jpg", pictures[1]))
            // A host sends no contents where they are not read.
            let bare = sent.map { Sent(record: $0.record) }
            let forecast = try await bench.run(bare, ["dry_run": "true", "daily_requests": "100"])
            #expect(try bench.titles().isEmpty)
            #expect(try bench.itemCount() == 0)
            #expect(forecast.counters["uploads"] == 120)
            #expect(forecast.counters["bytes_to_upload"] == Int64(pictures.reduce(0) { $0 + $1.count }))
            #expect(forecast.counters["albums_to_create"] == 3)
            for endpoint in [Endpoint.uploads, .itemsBatchCreate, .albumsCreate, .albumsBatchAdd] {
                #expect(service.library.requestCount(endpoint) == 0, "\(endpoint)")
            }
            let real = try await bench.run(sent)
            for (expected, found) in zip(forecast.statuses, real.statuses) {
                #expect((expected == .skipped) == (found == .skipped))
                #expect(found != .failed)
            }
            let expected = try #require(forecast.counters["requests_expected"])
            let spent = try #require(real.counters["api_requests"])
            #expect((spent...spent + 4).contains(expected), "expected \(expected), spent \(spent)")
            #expect(forecast.counters["days_by_quota"] == (expected + 99) / 100)

            let again = try await bench.run(bare, ["dry_run": "true"])
            #expect(again.counters["uploads"] == 0)
            #expect(again.counters["bytes_to_upload"] == 0)
            #expect(again.counters["albums_to_create"] == 0)
            #expect(again.statuses.filter { $0 == .stored }.count <= 1)
        }
    }

    /// Albums that share items, with and without an index, into an account that has some of them.
    @Test(arguments: [0, 40, 200], [true, false])
    func itForeseesTheRequestsOfWholeLibraries(there: Int, isNew: Bool) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(200)
            var sent: [Sent] = []
            for album in 0..<6 {
                for number in stride(from: album, to: 200, by: album + 1) {
                    sent.append(try .file("/album/\(album)/\(number).jpg", pictures[number]))
                }
            }
            for number in 0..<200 { sent.append(try .file("/media/\(number).jpg", pictures[number])) }
            if there > 0 { _ = try await bench.run(Array(sent[..<there])) }
            let index = isNew ? try Index(path: nil) : bench.index
            let forecast = try await bench.run(sent.map { Sent(record: $0.record) }, ["dry_run": "true"], index: index)
            let real = try await bench.run(sent, index: index)
            let expected = try #require(forecast.counters["requests_expected"])
            let spent = try #require(real.counters["api_requests"])
            #expect(expected >= spent, "expected \(expected), spent \(spent)")
            #expect(expected <= spent + spent / 20 + 4, "expected \(expected), spent \(spent)")
        }
    }

    @Test func nothingIsLeftBehindThatALaterRunWouldBelieve() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(3)
            let sent = try pictures.enumerated().map { try Sent.file("/album/Trip/\($0).jpg", $1) }
            _ = try await bench.run(sent, ["dry_run": "true"])
            #expect(try await bench.run(sent).statuses == [.stored, .stored, .stored])
            #expect(try bench.albums("Trip") == [pictures.map(ExportBench.hash)])
        }
    }
}

@Suite struct DeleteExtraTests {
    private static let trip = ["location": "googlephotos:///album/Trip", "delete_extra": "true"]

    @Test func whatNoRecordStandsForLeavesTheAlbumAndStaysInTheLibrary() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(70)
            let sent = try pictures.enumerated().map { try Sent.file("/\($0).jpg", $1) }
            _ = try await bench.run(sent + [.file("/sub/x.jpg", pictures[0])], Self.trip)
            let some = Array(sent[5..<10])
            let forecast = try await bench.run(some, Self.trip.merging(["dry_run": "true"]) { $1 })
            #expect(forecast.counters["to_remove"] == 65)
            #expect(try bench.albums("Trip")[0].count == 70)
            let result = try await bench.run(some, Self.trip)
            #expect(result.counters["removed"] == 65)
            #expect(try bench.albums("Trip") == [pictures[5..<10].map(ExportBench.hash)])
            #expect(try bench.albums("Trip/sub") == [[ExportBench.hash(pictures[0])]])
            #expect(try bench.itemCount() == 70)
            #expect(service.library.requestCount(.albumsBatchRemove) == 2)
        }
    }

    @Test func nothingIsRemovedAfterAFailureOrForNothing() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(4)
            let sent = try pictures.enumerated().map { try Sent.file("/\($0).jpg", $1) }
            _ = try await bench.run(Array(sent[..<3]), Self.trip)
            var fault = FakeFault(.itemError, on: .itemsBatchCreate)
            fault.match = "3.jpg"
            service.library.inject(fault)
            let failed = try await bench.run([sent[0], sent[3]], Self.trip)
            #expect(failed.counters["removed"] == nil)
            let empty = try await bench.run([.directory("/"), .file("/notes.txt", [1])], Self.trip)
            #expect(empty.counters["removed"] == nil)
            #expect(empty.logs.contains { $0.contains("nothing is removed") })
            #expect(try bench.albums("Trip")[0].count == 3)
        }
    }

    @Test func noMoreIsRemovedThanIsAllowed() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(6)
            let sent = try pictures.enumerated().map { try Sent.file("/\($0).jpg", $1) }
            _ = try await bench.run(sent, Self.trip)
            let some = Array(sent[..<3])
            let refused = try await bench.run(some, Self.trip.merging(["delete_limit": "2"]) { $1 })
            #expect(refused.counters["removed"] == nil)
            #expect(refused.counters["to_remove"] == 3)
            #expect(refused.logs.contains { $0.contains("nothing is removed from the album: 3 items") })
            #expect(try bench.albums("Trip")[0].count == 6)
            let done = try await bench.run(some, Self.trip.merging(["delete_limit": "3"]) { $1 })
            #expect(done.counters["removed"] == 3)
        }
    }

    /// A host that only ends its stream may have been stopped: what did not come is not gone.
    @Test func nothingIsRemovedForAHostThatDoesNotSayWhenItIsDone() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(3)
            let sent = try pictures.enumerated().map { try Sent.file("/\($0).jpg", $1) }
            _ = try await bench.run(sent, Self.trip)
            let result = try await bench.run([sent[0]], Self.trip, options: ConnectorOptions(tellsEnd: false))
            #expect(result.counters["removed"] == nil)
            #expect(result.logs.contains { $0.contains("does not say whether it has sent everything") })
            #expect(try bench.albums("Trip")[0].count == 3)
        }
    }

    @Test func aRemovalWhoseAnswerWasLostIsNotAFailure() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(4)
            let sent = try pictures.enumerated().map { try Sent.file("/\($0).jpg", $1) }
            _ = try await bench.run(sent, Self.trip)
            service.library.inject(FakeFault(.dropAnswer, on: .albumsBatchRemove))
            #expect(try await bench.run([sent[0]], Self.trip).counters["removed"] == 3)
            #expect(try bench.albums("Trip") == [[ExportBench.hash(pictures[0])]])
        }
    }

    @Test(arguments: ["googlephotos://", "googlephotos:///album", "googlephotos:///media/all"])
    func itNeedsALocationThatIsAnAlbum(location: String) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let error = #expect(throws: ConnectorError.self) {
                try bench.exporter(["location": location, "delete_extra": "true"])
            }
            #expect(error?.code == .config)
        }
    }
}

@Suite struct ReadBackTests {
    private func sent(_ pictures: [[UInt8]]) throws -> [Sent] {
        try pictures.enumerated().map { try .file("\($0 < 5 ? "/album/Trip" : "/media")/\($0).jpg", $1) }
    }

    @Test(arguments: ["none", "items", "bytes"])
    func whatWasMadeIsLookedAt(verify: String) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let result = try await bench.run(try sent(try await ExportBench.pictures(10)), ["verify": verify])
            #expect(result.counters["verified"] == (verify == "none" ? nil : 10))
            #expect(result.counters["verify_failed"] == nil)
            #expect(result.counters["verify_unknown"] == nil)
            #expect(service.library.requestCount(.download) == (verify == "bytes" ? 10 : 0))
        }
    }

    @Test func aListWithAGapIsReadAgainBeforeAnythingIsTold() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            var fault = FakeFault(.skipItem, on: .itemsSearch)
            fault.count = 1
            service.library.inject(fault)
            let result = try await bench.run(try sent(try await ExportBench.pictures(5)))
            #expect(service.library.faultCount(.skipItem) == 1)
            #expect(result.counters["verified"] == 5)
            #expect(result.counters["verify_failed"] == nil)
        }
    }

    @Test func damageIsToldFromALocationThatGoogleTookOut() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.stripsLocation = true }
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(40).filter { $0.starts(with: [0xFF, 0xD8]) }
            let files = try pictures.enumerated().map { try Sent.file("/media/\($0).jpg", $1) }
            var fault = FakeFault(.corrupt, on: .download)
            // Behind the metadata, in the picture.
            fault.bytes = (pictures.prefix(3).map(\.count).min() ?? 0) - 40
            let result = try await bench.run(files, ["verify": "bytes"])
            #expect(result.counters["verified"] == Int64(pictures.count))
            #expect((result.counters["verified_without_metadata"] ?? 0) > 0)

            service.library.inject(fault)
            let second = try await bench.run(
                try pictures.prefix(3).enumerated().map { try .file("/album/Other/\($0).jpg", $1) },
                ["verify": "bytes"],
                index: try Index(path: nil))
            #expect(second.counters["verify_failed"] == 1)
            #expect(second.counters["verified"] == 2)
            #expect(second.logs.contains { $0.contains("its picture there is another one") })
        }
    }

    @Test func aVideoThatWasEncodedAnewIsNotJudged() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.transcodesVideos = true }
            let bench = try ExportBench(service)
            var new = NewFakeItem("a.mp4")
            new.kind = .mp4
            let video = try service.library.addItem(new)
            let bytes = try #require(service.library.content(ofItem: video))
            let result = try await bench.run([.file("/media/a.mp4", bytes)], ["verify": "bytes"])
            #expect(result.counters["verify_unknown"] == 1)
            #expect(result.counters["verify_failed"] == nil)
        }
    }

    /// What two albums share changes all the time between what is to be made and what is there.
    @Test func albumsThatShareItemsCostNoMoreRequests() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(200)
            let first = try pictures.enumerated().filter { $0.offset % 2 == 0 }
                .map { try Sent.file("/album/A/\($0.offset).jpg", $0.element) }
            let second = try pictures.enumerated().map { try Sent.file("/album/B/\($0).jpg", $1) }
            let result = try await bench.run(first + second)
            #expect(result.outcomes.allSatisfy { $0.status == .stored })
            #expect(try bench.albums("B") == [pictures.map(ExportBench.hash)])
            #expect(service.library.requestCount(.itemsBatchCreate) == 6)
            #expect(service.library.requestCount(.albumsBatchAdd) == 4)
        }
    }

    @Test func requestsStayBelowFivePercentAboveTheFiles() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(300)
            let files = try pictures.enumerated().map { try Sent.file("/album/Trip/\($0).jpg", $1) }
            let result = try await bench.run(files)
            #expect(result.counters["verified"] == 300)
            #expect(try #require(result.counters["api_requests"]) <= 315)
        }
    }
}

@Suite struct KnownItemTests {
    private static let day = Timestamp(seconds: 1_600_000_000)

    /// Puts items into the account, as an earlier machine did.
    private func prepare(_ service: FakeService, _ names: [(String, [UInt8])]) throws {
        for (name, bytes) in names {
            var item = NewFakeItem(name, content: bytes)
            item.creationTime = Self.day
            try service.library.addItem(item, account: "demo2")
        }
    }

    @Test(arguments: ["/media/all/a.jpg", "/album/Trip/a.jpg"])
    func whatIsThereIsNotSentAgain(path: String) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(1)
            try prepare(service, [("a.jpg", pictures[0])])
            let result = try await bench.run([.file(path, pictures[0], created: Self.day)])
            #expect(result.statuses == [path.hasPrefix("/album") ? .stored : .unchanged])
            #expect(service.library.requestCount(.uploads) == 0)
            #expect(try bench.itemCount() == 1)
        }
    }

    @Test func itemsAreAskedForFiftyAtATime() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(120)
            try prepare(service, pictures.enumerated().map { ("\($0).jpg", $1) })
            let result = try await bench.run(
                try pictures.enumerated().map { try .file("/album/Trip/\($0).jpg", $1, created: Self.day) })
            #expect(result.outcomes.allSatisfy { $0.status == .stored })
            #expect(service.library.requestCount(.uploads) == 0)
            #expect(service.library.requestCount(.itemsBatchGet) <= 3)
            #expect(try bench.albums("Trip") == [pictures.map(ExportBench.hash)])
        }
    }

    @Test func whatCannotBeAskedForIsUploadedAndFindsItsItem() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(1)
            try prepare(service, [("a.jpg", pictures[0])])
            let result = try await bench.run(
                [.file("/media/all/a.jpg", pictures[0], created: Self.day)], ["daily_downloads": "0"])
            #expect(result.statuses == [.unchanged])
            #expect(service.library.requestCount(.uploads) == 1)
            #expect(try bench.itemCount() == 1)
        }
    }

    /// Another photo of that name and moment is there: the one at hand must not be taken for it.
    @Test func anotherPhotoOfThatNameAndMomentIsAnotherPhoto() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(3)
            try prepare(service, [("a.jpg", pictures[0]), ("b.jpg", pictures[1]), ("b.jpg", pictures[2])])
            let changed = pictures[0] + [0]
            let result = try await bench.run([
                .file("/media/all/a.jpg", changed, created: Self.day),
                .file("/media/all/b.jpg", pictures[1], created: Self.day),
            ])
            #expect(result.outcomes.allSatisfy { $0.error == nil })
            #expect(try service.library.items(of: "demo2").contains { $0.sha256 == ExportBench.hash(changed) })
            #expect(try bench.itemCount() == 4)
        }
    }

    @Test func bytesThatGoogleKnowsCountAsUnchanged() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(2)
            let sent = try pictures.enumerated().map { try Sent.file("/album/Trip/\($0).jpg", $1) }
            _ = try await bench.run(sent)
            let again = try await bench.run(sent, index: try Index(path: nil))
            #expect(again.statuses == [.unchanged, .unchanged])
            #expect(try bench.albums("Trip") == [pictures.map(ExportBench.hash)])
        }
    }

    @Test func aHostWithoutHashesSendsNothingTwice() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(2)
            let sent = try pictures.enumerated().map { try Sent.file("/album/Trip/\($0).jpg", $1, knowsHash: false) }
            _ = try await bench.run(sent)
            service.library.resetStatistics()
            #expect(try await bench.run(sent).statuses == [.unchanged, .unchanged])
            #expect(service.library.requestCount(.uploads) == 0)
        }
    }
}

@Suite struct FullStorageTests {
    @Test func theRunEndsAtOnceAndSaysHowMuchIsLeft() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(120)
            let limit = pictures.prefix(50).reduce(0) { $0 + Int64($1.count) }
            service.library.updateRules { $0.storageLimit = limit }
            let result = try await bench.run(
                try pictures.enumerated().map { try .file("/album/Trip/\($0).jpg", $1) }, ["transfers": "4"])
            let stored = result.outcomes.filter { $0.status == .stored }.count
            #expect(stored == 50)
            #expect(result.outcomes.filter { $0.error?.code == .quota }.count == 70)
            #expect(result.counters["bytes_stored"] == limit)
            #expect(result.counters["files_left"] == 70)
            #expect(result.counters["verified"] == 50)
            #expect(result.counters["bytes_left"] == pictures.dropFirst(50).reduce(0) { $0 + Int64($1.count) })
        }
    }
}
