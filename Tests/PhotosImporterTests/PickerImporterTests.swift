import ConnectorKit
import FakePhotos
import PhotosImporter
import PhotosLibrary
import StrictJSON
import TestSupport
import Testing

/// What a host gets of the Picker.
@Suite struct PickerImporterTests {
    @Test func whatWasChosenLandsInItsMonthAndTheSessionIsEnded() async throws {
        try await PickerBench.run { bench in
            bench.library.updateRules { $0.pickerPollMilliseconds = 3500 }
            let ids = [try bench.add("a.jpg"), try bench.add("v.mp4", "2023-01-01T00:00:00Z", video: true)]
            try bench.add("not-chosen.jpg")
            bench.library.willPick(ids, afterLooks: 2)
            let host = PickerHost(bench)
            let outcome = try await host.backUp()
            #expect(outcome.paths == ["/media/by-month/2023/2023-01/v.mp4", "/media/by-month/2024/2024-05/a.jpg"])
            #expect(outcome.read == outcome.paths && outcome.errors.isEmpty)
            #expect(host.contents["/media/by-month/2024/2024-05/a.jpg"] == bench.library.content(ofItem: ids[0]))
            #expect(bench.reporter.links.count == 1)
            // Three looks, each after as long as the service wants.
            #expect(bench.service.clock.sleeps == Array(repeating: .milliseconds(3500), count: 3))
            #expect(bench.library.pickerSessions.isEmpty)
            #expect(try await bench.remembered().isEmpty)
            #expect(bench.library.requestCount(.pickerDelete) == 1)
        }
    }

    @Test func recordsSayWhatThePickerDoesNotTell() async throws {
        try await PickerBench.run { bench in
            let ids = [try bench.add("a.jpg"), try bench.add("v.mp4", video: true)]
            bench.library.willPick(ids)
            let sink = try await bench.list()
            let photo = try #require(await sink.record("/media/by-month/2024/2024-05/a.jpg"))
            #expect(photo.caveats == [.locationRemoved, .metadataMissing])
            #expect(photo.attributes[Attribute.id] == ids[0])
            #expect(photo.modificationTime == Timestamp("2024-05-06T10:00:00Z"))
            #expect(photo.size == nil)
            let video = try #require(await sink.record("/media/by-month/2024/2024-05/v.mp4"))
            #expect(video.caveats == [.transcoded, .metadataMissing])
        }
    }

    @Test func choosingTheSameAgainCostsNothing() async throws {
        try await PickerBench.run { bench in
            let ids = [try bench.add("a.jpg"), try bench.add("b.jpg")]
            let host = PickerHost(bench)
            bench.library.willPick([ids[0]])
            #expect(try await host.backUp().read.count == 1)
            bench.library.resetStatistics()
            bench.library.willPick(ids)
            let second = try await host.backUp()
            #expect(second.read == ["/media/by-month/2024/2024-05/b.jpg"])
            #expect(bench.library.requestCount(.pickerDownload) == 1)
            #expect(bench.library.pickerSessions.isEmpty)
        }
    }

    @Test(arguments: [false, true]) func earlierChoicesStay(keepsState: Bool) async throws {
        try await PickerBench.run { bench in
            let host = PickerHost(bench, keepsState: keepsState)
            var seen: [[String]] = []
            for name in ["IMG.jpg", "b.jpg", "IMG.jpg"] {
                bench.library.willPick([try bench.add(name)])
                let outcome = try await host.backUp()
                #expect(outcome.read.count == 1 && outcome.errors.isEmpty)
                seen.append(outcome.paths)
            }
            #expect(seen.map(\.count) == [1, 2, 3])
            // Nobody is renamed because somebody else came.
            #expect(Set(seen[0]).isSubset(of: seen[1]) && Set(seen[1]).isSubset(of: seen[2]))
        }
    }

    @Test func aSecondHostWithStateIsNotToldOfWhatOnlyTheFirstHas() async throws {
        try await PickerBench.run { bench in
            let first = PickerHost(bench, keepsState: true)
            let second = PickerHost(bench, keepsState: true)
            let names = ["a", "b", "c", "d"].map { "/media/by-month/2024/2024-05/\($0).jpg" }
            bench.library.willPick([try bench.add("a.jpg")])
            _ = try await first.backUp()
            bench.library.willPick([try bench.add("b.jpg")])
            #expect(try await second.backUp().paths == [names[1]])
            bench.library.willPick([try bench.add("c.jpg")])
            #expect(try await first.backUp().paths == [names[0], names[2]])
            bench.library.willPick([try bench.add("d.jpg")])
            let last = try await second.backUp()
            #expect(last.paths == [names[1], names[3]] && last.errors.isEmpty)
        }
    }

    @Test func aHostWithoutStateIsToldToChooseAgainWhatItLacks() async throws {
        try await PickerBench.run { bench in
            let id = try bench.add("a.jpg")
            bench.library.willPick([id])
            _ = try await PickerHost(bench).backUp()
            let other = PickerHost(bench)
            bench.library.willPick([try bench.add("b.jpg")])
            let outcome = try await other.backUp()
            #expect(outcome.read == ["/media/by-month/2024/2024-05/b.jpg"])
            let error = try #require(outcome.errors["/media/by-month/2024/2024-05/a.jpg"])
            #expect(error.code == .notFound && error.hint?.contains("choose it again") == true)
            bench.library.willPick([id])
            #expect(try await other.backUp().read == ["/media/by-month/2024/2024-05/a.jpg"])
        }
    }

    @Test func aMemoryThatWasLostDoesNotLookLikeARemoval() async throws {
        try await PickerBench.run { bench in
            let ids = [try bench.add("a.jpg"), try bench.add("b.jpg")]
            bench.library.willPick(ids)
            let state = try await bench.importer(keepsState: true).importRecords(state: nil, to: TestSink())
            let fresh = try PickerBench(bench.service)
            bench.library.willPick([ids[0]])
            let sink = TestSink()
            let importer = try fresh.importer(keepsState: true)
            let next = try await importer.importRecords(state: state, to: sink)
            #expect(await sink.record("/")?.error?.code == .notFound)
            #expect(await sink.files.count == 1)
            #expect(next == state)
            // Until all of it was chosen again: a host that has the bytes says so.
            for file in await sink.files { await sink.content(file.pathname)?.finished(.unchanged) }
            await importer.acknowledged()
            bench.library.willPick([ids[1]])
            let second = TestSink()
            let again = try fresh.importer(keepsState: true)
            _ = try await again.importRecords(state: state, to: second)
            #expect(await second.record("/")?.error?.code == .notFound)
            for file in await second.files { await second.content(file.pathname)?.finished(.unchanged) }
            await again.acknowledged()
            bench.library.willPick([try bench.add("c.jpg")])
            let third = TestSink()
            _ = try await fresh.importer(keepsState: true).importRecords(state: state, to: third)
            #expect(await third.record("/")?.error == nil)
            #expect(await third.files.count == 3)
        }
    }

    @Test func anotherChoiceDoesNotStandForWhatWasLost() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg")])
            let state = try await bench.importer(keepsState: true).importRecords(state: nil, to: TestSink())
            let fresh = try PickerBench(bench.service)
            for name in ["b.jpg", "c.jpg"] {
                bench.library.willPick([try bench.add(name)])
                let sink = TestSink()
                let importer = try fresh.importer(keepsState: true)
                _ = try await importer.importRecords(state: state, to: sink)
                #expect(await sink.record("/")?.error?.code == .notFound, "\(name)")
                for file in await sink.files where file.pathname.name == name {
                    _ = try await sink.store(file.pathname)
                }
                await importer.acknowledged()
            }
        }
    }

    @Test func aStateOfAnotherSourceIsIgnoredWithAWarning() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg")])
            let state = try await bench.importer().importRecords(state: "2023", to: TestSink())
            #expect(state?.contains("picker") == true)
            #expect(bench.reporter.logs.contains { $0.contains("none of the Picker's") })
        }
    }

    @Test func withoutChoosingOnlyWhatWasChosenEarlierIsShown() async throws {
        try await PickerBench.run { bench in
            let error = await PickerBench.error { _ = try await bench.list(["choose": "false"]) }
            #expect(error?.code == .notFound)
            bench.library.willPick([try bench.add("a.jpg")])
            _ = try await PickerHost(bench, keepsState: true).backUp()
            bench.library.resetStatistics()
            let sink = try await bench.list(["choose": "false"])
            #expect(await sink.files.map(\.pathname.name) == ["a.jpg"])
            #expect(bench.library.requestCount(.pickerCreate) == 0)
        }
    }

    @Test func layoutsViewsAndFiltersWorkAsEverywhere() async throws {
        try await PickerBench.run { bench in
            let ids = [try bench.add("a.jpg"), try bench.add("v.mp4", "2023-01-01T00:00:00Z", video: true)]
            func paths(_ more: [String: String]) async throws -> [String] {
                bench.library.willPick(ids)
                let paths = try await bench.list(more).files.map(\.pathname.string).sorted()
                for session in try await bench.remembered() {
                    try await PickerMemory(bench.index).forget(session: session.id)
                }
                return paths
            }
            #expect(try await paths(["layout": "gphotos-sync"]) == ["/photos/2023/01/v.mp4", "/photos/2024/05/a.jpg"])
            #expect(try await paths(["views": "all"]) == ["/media/all/a.jpg", "/media/all/v.mp4"])
            #expect(try await paths(["since": "2024-01-01"]) == ["/media/by-month/2024/2024-05/a.jpg"])
            #expect(bench.reporter.logs.contains { $0.hasPrefix("1 of what was chosen is not shown") })
            #expect(try await paths(["media_type": "video"]) == ["/media/by-month/2023/2023-01/v.mp4"])
            #expect(
                try await paths(["path": "/media/by-month/2023"]) == ["/media/by-month/2023/2023-01/v.mp4"])
            for more in [["album": "Trip"], ["favorites": "true"]] {
                let error = await PickerBench.error { _ = try bench.importer(more) }
                #expect(error?.code == .config)
            }
        }
    }

    @Test func anItemInSeveralPlacesIsDownloadedOnceAndEndsTheSessionOnce() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg")])
            let outcome = try await PickerHost(bench).backUp(["views": "all,by-year,by-month"])
            #expect(outcome.read.count == 3)
            #expect(bench.library.requestCount(.pickerDownload) == 1)
            #expect(bench.library.requestCount(.pickerDelete) == 1)
        }
    }

    @Test func theCatalogTellsOfAllThatTheHostHas() async throws {
        try await PickerBench.run { bench in
            let host = PickerHost(bench)
            var ids: [String] = []
            for name in ["a.jpg", "b.jpg"] {
                ids.append(try bench.add(name))
                bench.library.willPick([ids[ids.count - 1]])
                _ = try await host.backUp(["catalog": "true"])
            }
            let lines = try String(decoding: #require(host.contents["/.gphotos/items.jsonl"]), as: UTF8.self)
                .split(separator: "\n").map { try #require(CatalogItem(try JSON(parsing: String($0)))) }
            #expect(Set(lines.map(\.id)) == Set(ids))
            #expect(lines.allSatisfy { $0.source == "picker" && $0.paths.count == 1 && $0.albums.isEmpty })
            #expect(lines.allSatisfy { $0.caveats == ["location-removed", "metadata-missing"] })
            #expect(host.contents["/.gphotos/albums.jsonl"] == [])
            // The catalog alone asks nobody.
            let alone = try await bench.list(["catalog": "true", "path": "/.gphotos"])
            #expect(await alone.files.map(\.pathname.name).sorted() == ["albums.jsonl", "items.jsonl"])
            #expect(bench.library.requestCount(.pickerCreate) == 2)
            // The same choice is the same catalog.
            bench.library.willPick([ids[0]])
            let again = try await host.backUp(["catalog": "true"])
            #expect(again.read.isEmpty || again.read == ["/.gphotos/items.jsonl"])
        }
    }

    @Test func theDailyQuotaIsTheLibrarys() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg")])
            let importer = try bench.importer()
            _ = try await importer.importRecords(state: nil, to: TestSink())
            let counters = await importer.counters()
            #expect(counters["api_requests"] == 3)
            #expect(counters["api_requests_left"] == nil)
        }
    }
}
