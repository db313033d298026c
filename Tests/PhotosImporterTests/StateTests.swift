import ConnectorKit
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import TestSupport
import Testing

/// What a host keeps of an index makes a new machine go on as the old one.
@Suite struct StateTests {
    private func state(_ bench: ImportBench, _ state: String? = nil) async throws -> (String, TestSink, TestReporter) {
        let (sink, reporter) = (TestSink(), TestReporter())
        let importer = try PhotosImporter(
            settings: bench.service.settings("demo"), options: ConnectorOptions(), reporter: reporter,
            runtime: bench.service.clock.runtime(), index: bench.index)
        let text = try #require(try await importer.importRecords(state: state, to: sink))
        return (text, sink, reporter)
    }

    @Test func aNewMachineGivesTheSameNamesAndKnowsTheSizes() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            // The younger twins were there first, and so were the second of two albums and a folder of one title.
            let second = try bench.add("twin.jpg", "2024-05-08T10:00:00Z")
            let gone = try bench.add("lost.jpg", "2024-05-01T10:00:00Z")
            try bench.add("lost.jpg", "2024-05-02T10:00:00Z")
            for number in 0..<4 {
                _ = try service.library.addAlbum("Same", items: [second], account: "demo")
                _ = try await bench.run()
                try bench.add("twin.jpg", "2024-05-0\(7 - number)T10:00:00Z")
            }
            _ = try await bench.importer().importRecords(state: nil, to: StoringSink(TestSink()))
            try service.library.updateItem(gone, isTrashed: true)
            let (text, old, _) = try await state(bench)

            let warm = try ImportBench(service)
            let (again, new, _) = try await state(warm, text)
            #expect(await new.paths.sorted() == old.paths.sorted())
            var sizes: [String: Int64] = [:]
            for record in await old.files { sizes[record.pathname.string] = record.size }
            for record in await new.files {
                #expect(record.size != nil && record.size == sizes[record.pathname.string], "\(record.pathname)")
            }
            // What it hands on is worth as much.
            let third = try ImportBench(service)
            let (_, newest, _) = try await state(third, again)
            #expect(await newest.paths.sorted() == old.paths.sorted())
            // Without it, names would be others: the test has something to show.
            let cold = try await state(ImportBench(service)).1
            #expect(await cold.paths.sorted() != old.paths.sorted())
        }
    }

    @Test func hashesAreHandedOn() async throws {
        try await FakeService.run { service in
            try service.library.addGeneratedItems(3)
            let bench = try ImportBench(service)
            _ = try await bench.run()
            let hash = String(repeating: "5c", count: 32)
            try await bench.index.learn([1: LearntContent(size: 7, sha256: hash), 2: LearntContent(size: 9)])
            let text = try await bench.index.state()
            let warm = try ImportBench(service)
            let (again, sink, _) = try await state(warm, text)
            #expect(await Set(sink.files.compactMap(\.size)) == [7, 9])
            let hashes = try await [1, 2, 3].asyncMap { try await warm.index.item($0, at: .root)?.sha256 }
            #expect(hashes.compactMap { $0 } == [hash])
            #expect(try await warm.index.state() == again)
        }
    }

    @Test func theStateIsTheSameAsLongAsNothingChanged() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            try bench.add("a.jpg", "2024-05-08T10:00:00Z")
            let first = try await state(bench).0
            #expect(try await state(bench, first).0 == first)
            let sink = StoringSink(TestSink())
            _ = try await bench.importer().importRecords(state: first, to: sink)
            #expect(try await state(bench, first).0 != first)
        }
    }

    @Test(arguments: ["", "2.AAAA", "1.", "1.%%%", "1.AAAAA", "1.BAAA", "1./////w==", "{}"])
    func aStateThatIsNotUnderstoodIsIgnoredWithAWarning(_ text: String) async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            try bench.add("a.jpg", "2024-05-08T10:00:00Z")
            let (_, sink, reporter) = try await state(bench, text)
            #expect(await sink.files.count == 1)
            #expect(reporter.logs.contains { $0.contains("state") })
        }
    }

    @Test func anIndexThatKnowsMoreGoesFirst() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            try bench.add("a.jpg", "2024-05-08T10:00:00Z")
            _ = try await bench.run()
            let first = try await bench.index.state()
            try await bench.index.learn([1: LearntContent(size: 7)])
            let old = try await bench.index.state()
            #expect(try await bench.index.state() == old && old != first)
            try await bench.index.learn([1: LearntContent(size: 8)])
            #expect(try await bench.index.state() != old)
            let (_, sink, _) = try await state(bench, old)
            #expect(await sink.files.first?.size == 8)
        }
    }
}

extension Array where Element: Sendable {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
