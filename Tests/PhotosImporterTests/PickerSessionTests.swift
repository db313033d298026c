import ConnectorKit
import FakePhotos
import PhotosAPI
import PhotosImporter
import PhotosLibrary
import TestSupport
import Testing

/// How sessions of the Picker begin, go on and end, and what goes wrong with them.
@Suite struct PickerSessionTests {
    // MARK: - Going on

    @Test func aRunThatDiedIsGoneOnWithWithoutAskingAgain() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg"), try bench.add("b.jpg")])
            // Killed after the listing: the host had no time for anything.
            _ = try await bench.list()
            let outcome = try await PickerHost(bench).backUp()
            #expect(outcome.read.count == 2)
            #expect(bench.reporter.links.count == 1)
            #expect(bench.library.requestCount(.pickerCreate) == 1)
            #expect(bench.library.pickerSessions.isEmpty)
        }
    }

    @Test func aRunThatDiedWhileItWaitedShowsTheSameLink() async throws {
        try await PickerBench.run { bench in
            let waits = try bench.importer()
            var fault = FakeFault(.status, on: .pickerGet)
            fault.status = 400
            bench.library.inject(fault)
            _ = await PickerBench.error { _ = try await waits.importRecords(state: nil, to: TestSink()) }
            bench.library.willPick([try bench.add("a.jpg")], afterLooks: 1)
            #expect(try await PickerHost(bench).backUp().read.count == 1)
            #expect(bench.library.requestCount(.pickerCreate) == 1)
            #expect(bench.reporter.links.count == 2 && Set(bench.reporter.links).count == 1)
        }
    }

    @Test func aHostThatReadsNothingLeavesTheSessionForTheNextRun() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg")])
            let sink = try await bench.list()
            for file in await sink.files { await sink.content(file.pathname)?.finished(.skipped) }
            #expect(bench.library.pickerSessions.count == 1)
            #expect(try await PickerHost(bench).backUp().read.count == 1)
            #expect(bench.library.requestCount(.pickerCreate) == 1)
        }
    }

    @Test func aListThatBreaksOffHasSentNothingAndIsReadByTheNextRun() async throws {
        var options = FakeOptions.empty
        options.plan.itemSize = 1000
        try await PickerBench.run(options) { bench in
            bench.library.willPick(try bench.library.addGeneratedItems(250))
            var fault = FakeFault(.status, on: .pickerItems)
            fault.after = 1
            // A list whose token is refused is begun again: its first page is refused as well.
            fault.count = 2
            fault.status = 400
            bench.library.inject(fault)
            let sink = TestSink()
            let error = await PickerBench.error { _ = try await bench.importer().importRecords(state: nil, to: sink) }
            #expect(error?.code == .rejected)
            #expect(await sink.records.isEmpty)
            #expect(try await PickerHost(bench).backUp().read.count == 250)
            #expect(bench.reporter.links.count == 1)
        }
    }

    // MARK: - Nobody chooses

    @Test func nobodyChoosesInTime() async throws {
        try await PickerBench.run { bench in
            let error = await PickerBench.error { _ = try await bench.list() }
            #expect(error?.code == .notPicked)
            #expect(error?.message.contains("30 minutes") == true)
            #expect(bench.service.clock.sleeps.count == 360)
            // Each half minute, and until when.
            let told = bench.reporter.logs.filter { $0.contains("still waiting") }
            #expect(told.count == 59 && Set(told).count == 1)
            let end = bench.service.clock.now.description.prefix(19).replacing("T", with: " ")
            #expect(told.first?.contains(end) == true, "\(told.first ?? "") is not \(end)")
            // The service wants nobody to wait for that one any more.
            bench.library.willPick([try bench.add("a.jpg")], afterLooks: 1)
            #expect(try await PickerHost(bench).backUp().read.count == 1)
            #expect(bench.library.requestCount(.pickerCreate) == 2)
            #expect(bench.library.pickerSessions.isEmpty)
        }
    }

    @Test func aChoiceThatCameTooLateIsReadByTheNextRun() async throws {
        try await PickerBench.run { bench in
            _ = await PickerBench.error { _ = try await bench.list() }
            let session = try #require(bench.library.pickerSessions.first)
            try bench.library.pick([try bench.add("a.jpg")], session: session.id)
            #expect(try await PickerHost(bench).backUp().read.count == 1)
            #expect(bench.library.requestCount(.pickerCreate) == 1)
        }
    }

    @Test func nothingIsChosen() async throws {
        try await PickerBench.run { bench in
            let host = PickerHost(bench)
            bench.library.willPick([try bench.add("a.jpg")])
            _ = try await host.backUp()
            bench.library.willPick([])
            let sink = TestSink()
            let error = await PickerBench.error { _ = try await bench.importer().importRecords(state: nil, to: sink) }
            #expect(error?.code == .notPicked && error?.hint != nil)
            #expect(await sink.records.isEmpty)
            #expect(bench.library.pickerSessions.isEmpty)
        }
    }

    // MARK: - The end of a session

    @Test func aSessionEndsWhileItIsWaitedFor() async throws {
        try await PickerBench.run { bench in
            bench.library.updateRules { $0.pickerSessionLifetime = 60 }
            let error = await PickerBench.error { _ = try await bench.list() }
            #expect(error?.code == .notFound && error?.hint?.contains("choose once more") == true)
            let remembered = try await bench.remembered()
            #expect(remembered.isEmpty)
        }
    }

    @Test func aSessionThatEndedBetweenTwoRunsIsForgotten() async throws {
        try await PickerBench.run { bench in
            let id = try bench.add("a.jpg")
            bench.library.willPick([id])
            _ = try await bench.list()
            bench.service.clock.advance(.seconds(8 * 86400))
            bench.library.willPick([id])
            #expect(try await PickerHost(bench).backUp().read.count == 1)
            #expect(bench.reporter.links.count == 2)
            #expect(try await bench.remembered().isEmpty)
        }
    }

    @Test func aSessionThatEndsBeforeItsItemsAreReadSaysSo() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg")])
            let sink = try await bench.list()
            bench.service.clock.advance(.seconds(8 * 86400))
            let path = try #require(await sink.files.first?.pathname)
            let error = await PickerBench.error { _ = try await sink.store(path) }
            #expect(error?.code == .notFound && error?.hint?.contains("choose it again") == true)
        }
    }

    @Test func urlsThatGrewOldAreRenewedOnceForAll() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg"), try bench.add("b.jpg"), try bench.add("c.jpg")])
            let sink = TestSink()
            let importer = try bench.importer()
            _ = try await importer.importRecords(state: nil, to: sink)
            bench.service.clock.advance(.seconds(3700))
            bench.library.resetStatistics()
            for file in await sink.files { _ = try await sink.store(file.pathname) }
            #expect(bench.library.requestCount(.pickerItems) == 1)
            #expect(bench.library.requestCount(.pickerDownload) == 3)
            await importer.acknowledged()
            #expect(bench.library.pickerSessions.isEmpty)
        }
    }

    @Test func aSessionThatCouldNotBeEndedIsEndedByTheNextRun() async throws {
        try await PickerBench.run { bench in
            let host = PickerHost(bench)
            var fault = FakeFault(.status, on: .pickerDelete)
            fault.status = 400
            bench.library.inject(fault)
            bench.library.willPick([try bench.add("a.jpg")])
            _ = try await host.backUp()
            #expect(bench.reporter.logs.contains { $0.contains("was not ended") })
            #expect(bench.library.pickerSessions.count == 1)
            bench.library.willPick([try bench.add("b.jpg")])
            #expect(try await host.backUp().read.count == 1)
            #expect(bench.library.pickerSessions.isEmpty)
        }
    }

    // MARK: - What cannot be read

    @Test func aVideoInProcessingIsReadLaterBesideANewChoice() async throws {
        try await PickerBench.run { bench in
            bench.library.updateRules { $0.videoProcessingTime = 600 }
            let host = PickerHost(bench)
            bench.library.willPick([try bench.add("v.mp4", video: true), try bench.add("a.jpg")])
            let first = try await host.backUp()
            #expect(first.read == ["/media/by-month/2024/2024-05/a.jpg"])
            let error = try #require(first.errors["/media/by-month/2024/2024-05/v.mp4"])
            #expect(error.code == .unavailable && error.hint != nil)
            #expect(bench.library.pickerSessions.count == 1)

            bench.service.clock.advance(.seconds(700))
            bench.library.willPick([try bench.add("b.jpg")])
            let second = try await host.backUp()
            #expect(
                second.read == ["/media/by-month/2024/2024-05/b.jpg", "/media/by-month/2024/2024-05/v.mp4"])
            #expect(second.errors.isEmpty && bench.reporter.links.count == 2)
            #expect(bench.library.pickerSessions.isEmpty)
        }
    }

    @Test func whatCouldNotBeReadIsTriedAgainAndItsLossIsTold() async throws {
        try await PickerBench.run { bench in
            let host = PickerHost(bench)
            bench.library.willPick([try bench.add("a.jpg")])
            var fault = FakeFault(.image, on: .pickerDownload)
            fault.count = nil
            bench.library.inject(fault)
            #expect(try await host.backUp().errors.count == 1)
            bench.library.willPick([try bench.add("b.jpg")])
            #expect(try await host.backUp().errors.count == 2)
            bench.library.clearFaults()
            bench.service.clock.advance(.seconds(8 * 86400))
            bench.library.willPick([try bench.add("c.jpg")])
            let last = try await host.backUp()
            #expect(last.paths == ["/media/by-month/2024/2024-05/c.jpg"])
            #expect(bench.reporter.logs.filter { $0.contains("has to be chosen again") }.count == 2)
        }
    }

    // MARK: - What keeps a session from beginning

    @Test func aSignInWithoutThePermissionSaysHowToGetIt() async throws {
        try await PickerBench.run { bench in
            let token = try bench.library.accessToken(account: "demo", scopes: [.read])
            let blob = #"{"access_token":"\#(token)","token_type":"Bearer"}"#
            for body in [
                { _ = try await bench.list(["token": blob]) }, { try await bench.importer(["token": blob]).ping() },
            ] as [() async throws -> Void] {
                let error = await PickerBench.error(body)
                #expect(error?.code == .permission)
                #expect(error?.hint?.contains("gphotos login NAME --picker") == true)
            }
        }
    }

    @Test func aUserWithoutPhotosAndTooManySessionsAreTold() async throws {
        try await PickerBench.run { bench in
            bench.library.updateRules { $0.hasNoPhotosAccount = true }
            let nobody = await PickerBench.error { _ = try await bench.list() }
            #expect(nobody?.code == .permission && nobody?.hint?.contains("photos.google.com") == true)
            bench.library.updateRules {
                $0.hasNoPhotosAccount = false
                $0.pickerSessionLimit = 0
            }
            let tooMany = await PickerBench.error { _ = try await bench.list() }
            #expect(tooMany?.code == .quota && tooMany?.hint != nil)
            let remembered = try await bench.remembered()
            #expect(remembered.isEmpty)
        }
    }

    @Test func leftoversMakeRoomForANewSession() async throws {
        try await PickerBench.run { bench in
            bench.library.updateRules {
                $0.videoProcessingTime = 600
                $0.pickerSessionLimit = 1
            }
            let host = PickerHost(bench)
            bench.library.willPick([try bench.add("v.mp4", video: true)])
            _ = try await host.backUp()
            bench.library.willPick([try bench.add("a.jpg")])
            #expect(try await host.backUp().read == ["/media/by-month/2024/2024-05/a.jpg"])
            #expect(bench.reporter.logs.contains { $0.contains("has to be chosen again") })
        }
    }

    @Test func tooManyRequestsAreWaitedFor() async throws {
        try await PickerBench.run { bench in
            for endpoint in [Endpoint.pickerCreate, .pickerGet, .pickerItems, .pickerDownload] {
                var fault = FakeFault(.status, on: endpoint)
                fault.status = 429
                fault.message = "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'"
                bench.library.inject(fault)
            }
            bench.library.willPick([try bench.add("a.jpg")])
            #expect(try await PickerHost(bench).backUp().read.count == 1)
            #expect(bench.library.faultCount(.status) == 4)
        }
    }

    @Test func aPingBeginsASessionAndEndsIt() async throws {
        try await PickerBench.run { bench in
            try await bench.importer().ping()
            #expect(bench.library.requestCount(.pickerCreate) == 1)
            #expect(bench.library.pickerSessions.isEmpty)
        }
    }

    @Test func theMostItemsOfASessionAreAskedFor() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg")])
            let sink = try await bench.list(["max_items": "7"])
            #expect(await sink.files.count == 1)
            #expect(bench.library.pickerSessions.map(\.maxItemCount) == [7])
            for count in ["0", "2001"] {
                let error = await PickerBench.error { _ = try bench.importer(["max_items": count]) }
                #expect(error?.code == .config)
            }
            let error = await PickerBench.error { _ = try bench.importer(["location": "picker:///media"]) }
            #expect(error?.code == .config && error?.hint?.contains("path=") == true)
        }
    }
}
