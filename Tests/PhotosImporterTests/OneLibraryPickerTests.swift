import ConnectorKit
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import StrictJSON
import TakeoutSupport
import TestSupport
import Testing

/// What was chosen in the Picker, as a part of the library that the service and exports show.
@Suite struct OneLibraryPickerTests {
    private static let time = OneLibraryBench.time
    private static let choosing = ["picker": "true", "choose": "true"]
    private static func path(_ name: String) -> String { "/media/by-month/2024/2024-05/\(name)" }

    private func pickerRequests(_ bench: OneLibraryBench) -> Int {
        [Endpoint.pickerCreate, .pickerGet, .pickerItems, .pickerDownload, .pickerDelete]
            .reduce(0) { $0 + bench.fake.requestCount($1) }
    }

    @Test func whatWasChosenIsShownOnceAndStaysWithoutAnotherChoice() async throws {
        try await OneLibraryBench.run { bench in
            let (listed, _) = try bench.add("listed.jpg", description: "of the service")
            try bench.add("other.jpg", at: Self.time.adding(seconds: 60))
            let (hidden, _) = try bench.addHidden("hidden.jpg")
            let host = OneLibraryBench.Host()
            // Before anything was chosen, and without a word to the Picker.
            #expect(try await host.backUp(bench).files == ["listed.jpg", "other.jpg"].map(Self.path))
            #expect(pickerRequests(bench) == 0)
            bench.fake.willPick([listed, hidden])
            let first = try await host.backUp(bench, Self.choosing)
            #expect(first.files == ["hidden.jpg", "listed.jpg", "other.jpg"].map(Self.path) && first.errors.isEmpty)
            #expect(first.read == [Self.path("hidden.jpg")])
            #expect(host.contents[Self.path("hidden.jpg")] == bench.fake.servedContent(ofItem: hidden))
            #expect(bench.summary == "1 items by both ways, 1 only by the Picker, 1 only by the API")
            let record = try #require(first.records[Self.path("hidden.jpg")])
            #expect(record.caveats == [.locationRemoved, .metadataMissing])
            // The service says more than the Picker.
            #expect(
                first.records[Self.path("listed.jpg")]?.attributes[Attribute.description] == "of the service")
            #expect(bench.fake.pickerSessions.isEmpty)
            bench.fake.resetStatistics()
            let revision = try await bench.revision()
            let second = try await host.backUp(bench)
            #expect(second.files == first.files && second.read.isEmpty && second.errors.isEmpty)
            #expect(bench.changes == [:] && pickerRequests(bench) == 0)
            #expect(try await bench.revision() == revision)
            // Without the setting it is what it was.
            #expect(try await host.backUp(bench, [:]).files.count == 2)
        }
    }

    @Test func theOriginalOfAnExportTakesThePlaceOfWhatWasChosen() async throws {
        try await OneLibraryBench.run { bench in
            let (one, original) = try bench.addHidden("a.jpg")
            let (two, _) = try bench.addHidden("b.jpg")
            let host = OneLibraryBench.Host()
            bench.fake.willPick([one, two])
            let before = try await host.backUp(bench, Self.choosing)
            #expect(before.read.count == 2)
            var builder = TakeoutBuilder()
            var item = OneLibraryBench.exported("a.jpg", original)
            item.people = ["Ada"]
            builder.add(item)
            builder.add(OneLibraryBench.exported("c.jpg", [1, 2, 3]))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let after = try await host.backUp(bench, withExports: true)
            #expect(after.files == ["a.jpg", "b.jpg", "c.jpg"].map(Self.path) && after.errors.isEmpty)
            #expect(after.read == ["a.jpg", "c.jpg"].map(Self.path))
            #expect(host.contents[Self.path("a.jpg")] == original)
            #expect(after.records[Self.path("a.jpg")]?.attributes[Attribute.people] == #"["Ada"]"#)
            #expect(after.records[Self.path("a.jpg")]?.caveats == [])
            #expect(
                bench.summary
                    == "1 items by several ways, 1 only by Takeout, 1 only by the Picker, 0 only by the API")
            let again = try await host.backUp(bench, withExports: true)
            #expect(again.files == after.files && again.read.isEmpty && bench.changes == [:])
        }
    }

    @Test func theSameBytesAreTheSameItemWhateverTheyAreCalled() async throws {
        try await OneLibraryBench.run(changesContents: false) { bench in
            let (id, original) = try bench.addHidden("a.jpg")
            let host = OneLibraryBench.Host()
            bench.fake.willPick([id])
            _ = try await host.backUp(bench, Self.choosing)
            var builder = TakeoutBuilder()
            builder.add(OneLibraryBench.exported("renamed.jpg", original, at: Self.time.adding(seconds: 5000)))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let after = try await host.backUp(bench, withExports: true)
            #expect(after.files == [Self.path("a.jpg")])
            #expect(bench.summary.hasPrefix("1 items by several ways, 0 only by Takeout, 0 only by the Picker"))
        }
    }

    @Test func whatTheServiceShowsLaterKeepsItsPathnameAndIsNotReadAgain() async throws {
        try await OneLibraryBench.run { bench in
            let (id, _) = try bench.add("a.jpg")
            try bench.fake.updateItem(id, isTrashed: true)
            let (other, _) = try bench.addHidden("a.jpg", at: Self.time.adding(seconds: 60))
            let host = OneLibraryBench.Host()
            bench.fake.willPick([other])
            let first = try await host.backUp(bench, Self.choosing)
            #expect(first.files == [Self.path("a.jpg")])
            try bench.fake.updateItem(id, isTrashed: false)
            let second = try await host.backUp(bench)
            #expect(second.files.count == 2 && second.files.contains(Self.path("a.jpg")))
            #expect(second.read.count == 1 && second.read != first.files)
            // And now the other one is chosen, too.
            bench.fake.willPick([id])
            let third = try await host.backUp(bench, Self.choosing)
            #expect(third.files == second.files && third.read.isEmpty)
            // The service has it no more: what was chosen stays.
            try bench.fake.updateItem(id, isTrashed: true)
            let last = try await host.backUp(bench)
            #expect(last.files == second.files && last.read.isEmpty && last.errors.isEmpty)
        }
    }

    @Test(arguments: [false, true]) func aHostThatIsKilledFindsTheChoiceAgain(withExports: Bool) async throws {
        try await OneLibraryBench.run { bench in
            let (id, bytes) = try bench.addHidden("a.jpg")
            if withExports {
                var builder = TakeoutBuilder()
                builder.add(OneLibraryBench.exported("a.jpg", bytes))
                try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            }
            let host = OneLibraryBench.Host()
            bench.fake.willPick([id])
            _ = try await host.backUp(bench, Self.choosing, withExports: withExports, isKilled: true)
            #expect(bench.fake.pickerSessions.count == 1)
            // Nobody is asked.
            let outcome = try await host.backUp(bench, withExports: withExports)
            #expect(outcome.read == [Self.path("a.jpg")] && outcome.errors.isEmpty)
            #expect(bench.fake.pickerSessions.isEmpty && bench.home.reporter.links.count == 1)
            #expect(try await host.backUp(bench, withExports: withExports).files == outcome.files)
        }
    }

    @Test func aHostThatHasNothingOfItIsToldOnceAndThenShownWhatItHas() async throws {
        try await OneLibraryBench.run { bench in
            try bench.add("listed.jpg")
            let (id, _) = try bench.addHidden("a.jpg")
            bench.fake.willPick([id])
            _ = try await OneLibraryBench.Host().backUp(bench, Self.choosing)
            let other = OneLibraryBench.Host()
            let first = try await other.backUp(bench)
            #expect(first.errors.keys.sorted() == [Self.path("a.jpg")])
            #expect(first.errors[Self.path("a.jpg")]?.code == .notFound)
            let second = try await other.backUp(bench)
            #expect(second.files == [Self.path("listed.jpg")] && second.errors.isEmpty)
            #expect(bench.home.reporter.logs.contains { $0.hasPrefix("1 items that were chosen for others") })
            bench.fake.willPick([id])
            #expect(try await other.backUp(bench, Self.choosing).read == [Self.path("a.jpg")])
        }
    }

    @Test func aMemoryThatWasLostDoesNotLookLikeARemoval() async throws {
        try await OneLibraryBench.run { bench in
            try bench.add("listed.jpg")
            let (id, _) = try bench.addHidden("a.jpg")
            let host = OneLibraryBench.Host()
            bench.fake.willPick([id])
            _ = try await host.backUp(bench, Self.choosing)
            try FileManager.default.removeItem(atPath: bench.home.path + "/state")
            let outcome = try await host.backUp(bench)
            #expect(outcome.errors["/"]?.code == .notFound)
            #expect(outcome.files == [Self.path("listed.jpg")])
            bench.fake.willPick([id])
            let again = try await host.backUp(bench, Self.choosing)
            #expect(again.files == ["a.jpg", "listed.jpg"].map(Self.path) && again.read.isEmpty)
            #expect(try await host.backUp(bench).errors.isEmpty)
        }
    }

    @Test func theCatalogTellsThatItCameByThePicker() async throws {
        try await OneLibraryBench.run { bench in
            try bench.add("listed.jpg")
            let (id, _) = try bench.addHidden("a.jpg")
            let host = OneLibraryBench.Host()
            bench.fake.willPick([id])
            _ = try await host.backUp(bench, Self.choosing.merging(["catalog": "true"]) { $1 })
            let text = String(decoding: host.contents["/.gphotos/items.jsonl"] ?? [], as: UTF8.self)
            let lines = try text.split(separator: "\n").map { try #require(CatalogItem(try JSON(parsing: String($0)))) }
            #expect(lines.map(\.source).sorted() == ["library", "picker"])
            #expect(lines.first { $0.source == "picker" }?.id == id)
        }
    }

    @Test func aChoiceThatIsNotMadeIsNoBackup() async throws {
        try await OneLibraryBench.run { bench in
            try bench.add("listed.jpg")
            bench.fake.willPick([])
            let error = await #expect(throws: ConnectorError.self) {
                try await OneLibraryBench.Host().backUp(bench, Self.choosing)
            }
            #expect(error?.code == .notPicked)
        }
    }
}
