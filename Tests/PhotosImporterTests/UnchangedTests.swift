import ConnectorKit
import FakePhotos
import Foundation
import PhotosAPI
import PhotosImporter
import PhotosLibrary
import SeededRandom
import TestSupport
import Testing

/// A host that has everything of one import, or of none.
private actor HoldingSink: RecordSink {
    private let held: String?
    /// What the import told last.
    private(set) var fingerprint: String?
    private(set) var isUnchanged = false
    private(set) var records: [Record] = []

    init(_ held: String?) { self.held = held }

    func emit(_ record: Record, content: (any ContentSource)?) { records.append(record) }

    func hasAll(of fingerprint: String) -> Bool {
        self.fingerprint = fingerprint
        isUnchanged = fingerprint == held
        return isUnchanged
    }

    /// What a host that knows all sizes has of them.
    var withoutSizes: [Record] {
        records.map { record in
            var record = record
            record.size = nil
            return record
        }
    }
}

/// An import that says that everything is as it was, and sends nothing.
@Suite struct UnchangedTests {
    private static func run(
        _ bench: ImportBench, _ settings: [String: String] = [:], held: String? = nil
    ) async throws -> HoldingSink {
        let sink = HoldingSink(held)
        let importer = try bench.importer(settings)
        _ = try await importer.importRecords(state: nil, to: sink)
        return sink
    }

    @Test func aSecondImportSendsNothing() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let ids = try service.library.addGeneratedItems(120)
            try service.library.addAlbum("Trip", items: Array(ids.prefix(30)), account: "demo")
            let first = try await Self.run(bench)
            let fingerprint = try #require(await first.fingerprint)
            #expect(await first.records.count > 150)

            service.library.clearLog()
            let second = try await Self.run(bench, held: fingerprint)
            #expect(await second.isUnchanged)
            #expect(await second.records.isEmpty)
            let asked = Set(service.library.log.map(\.endpoint))
            #expect(asked.isSubset(of: [.token, .itemsList, .itemsSearch, .albumsList]), "\(asked)")
            // Another host has nothing of it.
            #expect(try await Self.run(bench, held: "another").withoutSizes == first.withoutSizes)
            #expect(try await Self.run(bench).withoutSizes == first.withoutSizes)
        }
    }

    @Test func theStateComesAgainWhereItIsAnother() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            try service.library.addGeneratedItems(20)
            func run(_ state: String?, _ held: String?) async throws -> (state: String?, fingerprint: String?) {
                let sink = HoldingSink(held)
                let state = try await bench.importer().importRecords(state: state, to: sink)
                return (state, await sink.fingerprint)
            }
            let first = try await run(nil, nil)
            #expect(first.state != nil)
            #expect(try await run(first.state, first.fingerprint).state == nil)
            #expect(try await run(first.state, nil).state == first.state)
            #expect(try await run(nil, first.fingerprint).state == first.state)
            // What reading teaches makes the records no others, and the state another one.
            try await bench.index.learn([1: LearntContent(size: 7)])
            let second = try await run(first.state, first.fingerprint)
            #expect(second.fingerprint == first.fingerprint)
            #expect(second.state != nil && second.state != first.state)
        }
    }

    @Test func aSettingMakesItAnotherImport() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            try service.library.addGeneratedItems(5)
            let settings = [
                ["metadata": "sidecar"], ["albums": "links"], ["catalog": "true"], ["since": "2020-01-01"],
                ["views": "by-year,album"], ["location": "googlephotos:///album"], ["start_year": "2022"],
            ]
            for more in settings {
                // Another question is a listing to remember: what is known is settled after it.
                _ = try await Self.run(bench, more)
                let fingerprint = try await Self.run(bench).fingerprint
                #expect(try await !Self.run(bench, more, held: fingerprint).isUnchanged, "\(more)")
                let other = try await Self.run(bench, more).fingerprint
                #expect(try await Self.run(bench, more, held: other).isUnchanged, "\(more)")
                #expect(try await Self.run(bench, held: fingerprint).isUnchanged, "\(more)")
            }
            // What a sign-in is renewed to changes nothing.
            let fingerprint = try await Self.run(bench).fingerprint
            let token = try OAuthToken(parsing: #require(service.settings("demo")["token"]))
            let renewed = OAuthToken(
                accessToken: token.accessToken, refreshToken: token.refreshToken, expiry: .epoch.adding(seconds: 1))
            #expect(try await Self.run(bench, ["token": renewed.json.reveal()], held: fingerprint).isUnchanged)
        }
    }

    @Test func whatIsHiddenIsToldAgain() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            try bench.add("old.jpg", "1995-05-06T10:00:00Z")
            try bench.add("new.jpg", "2024-05-06T10:00:00Z")
            let settings = ["start_year": "2000"]
            let fingerprint = try await Self.run(bench, settings).fingerprint
            let reporter = TestReporter()
            let sink = HoldingSink(fingerprint)
            let importer = try PhotosImporter(
                settings: service.settings("demo", settings), options: ConnectorOptions(), reporter: reporter,
                runtime: service.clock.runtime(), index: bench.index)
            _ = try await importer.importRecords(state: nil, to: sink)
            #expect(await sink.isUnchanged)
            #expect(reporter.logs.contains { $0.hasPrefix("1 item is older than 2000") })
        }
    }

    @Test func aListThatFailsIsNotUnchanged() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            try service.library.addAlbum("One", items: [id], account: "demo")
            let settings = ["album_recheck": "0"]
            let fingerprint = try await Self.run(bench, settings).fingerprint
            var fault = FakeFault(.status, on: .itemsSearch)
            (fault.status, fault.count, fault.match) = (403, nil, "albumId")
            service.library.inject(fault)
            let failed = try await Self.run(bench, settings, held: fingerprint)
            #expect(await failed.fingerprint == nil)
            #expect(await failed.records.contains { $0.error != nil })
        }
    }

    /// Whatever is done to a library: where an import is called unchanged, all records are what they were.
    @Test func nothingIsHidden() async throws {
        let seed = ProcessInfo.processInfo.environment["GPHOTOS_TEST_SEED"].flatMap { UInt64($0) } ?? 20_261_121
        var random = SeededRandom(seed: seed)
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let settings = ["album_recheck": "0"]
            let library = service.library
            let client = try service.client()
            defer { client.shutdown() }
            var ids = try library.addGeneratedItems(40)
            var albums = [
                try library.addAlbum("A", items: Array(ids[0..<12]), account: "demo"),
                try library.addAlbum("B", items: Array(ids[8..<20]), account: "demo"),
            ]
            var held: (fingerprint: String, records: [Record])?
            var unchanged = 0
            for step in 0..<60 {
                let id = ids.randomElement(using: &random) ?? ""
                let album = albums.randomElement(using: &random) ?? ""
                let edit = Int.random(in: 0..<16, using: &random)
                switch edit {
                case 0: ids += try library.addGeneratedItems(1)
                case 1: try library.updateItem(id, description: "text \(step % 3)")
                case 2: try library.updateItem(id, filename: "n\(step % 4).jpg")
                case 3: try library.updateItem(id, isFavorite: Bool.random(using: &random))
                case 4: try library.updateItem(id, isTrashed: Bool.random(using: &random))
                case 5: try? await client.addMediaItems([id], toAlbum: album)
                case 6: try? await client.removeMediaItems([id], fromAlbum: album)
                case 7: _ = try await client.updateAlbum(album, title: "T\(step % 3)")
                case 8: _ = try? await client.updateAlbum(album, coverItemID: id)
                case 9: albums.append(try library.addAlbum("T1", items: [id], account: "demo"))
                case 10 where albums.count > 2: try library.deleteAlbum(albums.removeLast())
                // Another command looks at a part of it.
                case 11: _ = try? await Self.run(bench, ["location": "googlephotos:///album/A"])
                case 12: try library.updateItem(id, isProcessing: Bool.random(using: &random))
                default: break
                }
                let sink = try await Self.run(bench, settings, held: held?.fingerprint)
                let fingerprint = try #require(await sink.fingerprint)
                if await sink.isUnchanged {
                    unchanged += 1
                    #expect(await sink.records.isEmpty)
                    let full = try await Self.run(bench, settings)
                    #expect(await full.fingerprint == fingerprint, "seed \(seed), step \(step)")
                    #expect(await full.withoutSizes == held?.records, "seed \(seed), step \(step)")
                } else {
                    held = (fingerprint, await sink.withoutSizes)
                }
            }
            #expect(unchanged > 5, "seed \(seed)")
        }
    }
}
