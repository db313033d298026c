import ConnectorKit
import FakePhotos
import PhotosImporter
import PhotosLibrary
import TestSupport
import Testing

/// A session is for one host, and lives until that has kept what was chosen.
@Suite struct PickerHostTests {
    private static func path(_ name: String) -> String { "/media/by-month/2024/2024-05/\(name).jpg" }

    @Test(arguments: [false, true])
    func aHostThatIsKilledBeforeItHasKeptAnythingFindsItsSessionAgain(keepsState: Bool) async throws {
        try await PickerBench.run { bench in
            let host = PickerHost(bench, keepsState: keepsState)
            bench.library.willPick([try bench.add("a.jpg"), try bench.add("b.jpg")])
            // Once in its first backup, and once in a later one.
            for names in [["a", "b"], ["c"]] {
                if names == ["c"] { bench.library.willPick([try bench.add("c.jpg")]) }
                for _ in 0..<2 {
                    let killed = try await host.backUp(isKilled: true)
                    #expect(killed.read == names.map(Self.path) && killed.errors.isEmpty)
                    #expect(bench.library.pickerSessions.count == 1)
                }
                let outcome = try await host.backUp()
                #expect(outcome.read == names.map(Self.path) && outcome.errors.isEmpty)
                #expect(bench.library.pickerSessions.isEmpty)
            }
            #expect(host.contents.count == 3)
            #expect(bench.library.requestCount(.pickerCreate) == 2)
        }
    }

    @Test func twoHostsDoNotTakeEachOthersSession() async throws {
        try await PickerBench.run { bench in
            let first = PickerHost(bench, keepsState: true)
            let second = PickerHost(bench, keepsState: true)
            for (host, name) in [(first, "a"), (second, "b")] {
                bench.library.willPick([try bench.add("\(name).jpg")])
                _ = try await host.backUp()
            }
            bench.library.willPick([try bench.add("c.jpg")])
            _ = try await first.backUp(isKilled: true)
            bench.library.willPick([try bench.add("d.jpg")])
            #expect(try await second.backUp().paths == ["b", "d"].map(Self.path))
            // A third one, new and without a state, and one that never has any, take it neither.
            bench.library.willPick([try bench.add("e.jpg")])
            #expect(try await PickerHost(bench, keepsState: true).backUp().paths == [Self.path("e")])
            bench.library.willPick([try bench.add("f.jpg")])
            #expect(try await PickerHost(bench).backUp().read == [Self.path("f")])
            let links = bench.reporter.links.count
            #expect(try await first.backUp().paths == ["a", "c"].map(Self.path))
            #expect(bench.reporter.links.count == links)
            #expect(bench.library.pickerSessions.isEmpty)
        }
    }

    @Test func whatADryRunChoseIsForTheNextBackup() async throws {
        try await PickerBench.run { bench in
            let host = PickerHost(bench, keepsState: true)
            bench.library.willPick([try bench.add("a.jpg")])
            _ = try await host.backUp()
            bench.library.willPick([try bench.add("b.jpg")])
            let sink = TestSink()
            let importer = try bench.importer()
            _ = try await importer.importRecords(state: nil, to: sink)
            for file in await sink.files { await sink.content(file.pathname)?.finished(.skipped) }
            await importer.acknowledged()
            try await importer.close()
            #expect(try await host.backUp().read == [Self.path("b")])
            #expect(bench.library.requestCount(.pickerCreate) == 2)
        }
    }

    @Test func whatAHostWithoutStateLeftIsNotForOneWithState() async throws {
        try await PickerBench.run { bench in
            bench.library.willPick([try bench.add("a.jpg")])
            let mirror = PickerHost(bench)
            _ = try await mirror.backUp(isKilled: true)
            bench.library.willPick([try bench.add("b.jpg")])
            #expect(try await PickerHost(bench, keepsState: true).backUp().paths == [Self.path("b")])
            #expect(try await mirror.backUp().read == [Self.path("a")])
        }
    }
}
