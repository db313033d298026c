import ConnectorKit
import FakePhotos
import PhotosAPI
import PhotosImporter
import PhotosLibrary
import TestSupport
import Testing

/// What became of a library since the listing before, and the revision that stands for what is known of it.
@Suite struct ChangesTests {
    private typealias Counters = [String: Int64]

    private static func counts(new: Int64 = 0, changed: Int64 = 0, moved: Int64 = 0, removed: Int64 = 0) -> Counters {
        ["items_new": new, "items_changed": changed, "items_moved": moved, "items_removed": removed]
    }

    @Test func theFirstListingHasNothingToCompareWith() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            #expect(try await bench.changes().isEmpty)
            #expect(try await bench.changes() == Self.counts())
        }
    }

    @Test func newChangedMovedAndRemovedAreToldApart() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            var ids: [String] = []
            for number in 0..<8 { ids.append(try bench.add("\(number).jpg", "2024-05-0\(number + 1)T10:00:00Z")) }
            let trip = try service.library.addAlbum("Trip", items: Array(ids[0...2]), account: "demo")
            let home = try service.library.addAlbum("Home", items: [ids[3]], account: "demo")
            _ = try await bench.changes()

            let client = try service.client()
            defer { client.shutdown() }
            try bench.add("late.jpg", "2019-01-01T00:00:00Z")
            try service.library.updateItem(ids[0], description: "by the sea")
            try service.library.updateItem(ids[1], filename: "renamed.jpg")
            try service.library.updateItem(ids[4], isFavorite: true)
            try await client.addMediaItems([ids[2], ids[5]], toAlbum: home)
            try await client.removeMediaItems([ids[2]], fromAlbum: trip)
            try service.library.updateItem(ids[7], isTrashed: true)
            #expect(try await bench.changes() == Self.counts(new: 1, changed: 3, moved: 2, removed: 1))
            #expect(try await bench.changes() == Self.counts())

            try service.library.updateItem(ids[7], isTrashed: false)
            try service.library.deleteAlbum(trip)
            #expect(try await bench.changes() == Self.counts(new: 1, moved: 2))
            #expect(try await bench.changes() == Self.counts())
        }
    }

    @Test func whatAPartOfTheLibraryDoesNotShowIsNotRemoved() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let first = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            let second = try bench.add("b.jpg", "2023-06-01T00:00:00Z")
            _ = try service.library.addAlbum("One", items: [second], account: "demo")
            _ = try await bench.changes()
            let parts = [
                ["location": "googlephotos:///album/One"], ["location": "googlephotos:///media/by-year/2024"],
                ["since": "2024-01-01"], ["favorites": "true"], ["include_archived": "false"],
            ]
            for part in parts { #expect(try await bench.changes(part).isEmpty, "\(part)") }
            for part in parts { #expect(try await bench.changes(part) == Self.counts(), "\(part)") }
            #expect(try await bench.changes() == Self.counts())

            // A change that another listing found first is one for this listing, too; and what is gone counts in each.
            try service.library.updateItem(first, description: "by the sea")
            try service.library.updateItem(second, isTrashed: true)
            #expect(try await bench.changes(parts[1]) == Self.counts(changed: 1))
            #expect(try await bench.changes(parts[0]) == Self.counts(removed: 1))
            #expect(try await bench.changes() == Self.counts(changed: 1, removed: 1))
        }
    }

    @Test func whatAFailedListDoesNotShowIsNotRemoved() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let id = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            _ = try service.library.addAlbum("One", items: [id], account: "demo")
            let albums = ["views": "album", "album_recheck": "0"]
            _ = try await bench.changes(albums)
            let revision = try await bench.index.revision
            var fault = FakeFault(.status, on: .itemsSearch)
            (fault.status, fault.count) = (403, nil)
            service.library.inject(fault)
            #expect(try await bench.changes(albums) == Self.counts())
            service.library.clearFaults()
            #expect(try await bench.changes(albums) == Self.counts())
            // What it shows is kept nowhere: a host reads the catalog again.
            #expect(try await bench.index.revision != revision)
        }
    }

    @Test func theRevisionChangesWithWhatIsKnownAndOnlyThen() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let first = try bench.add("a.jpg", "2024-05-06T10:00:00Z")
            let second = try bench.add("b.jpg", "2023-06-01T00:00:00Z")
            let album = try service.library.addAlbum("One", items: [first], account: "demo")
            let client = try service.client()
            defer { client.shutdown() }
            var revisions: Set<String> = []
            func expectNew(_ what: String) async throws {
                _ = try await bench.run()
                let revision = try await bench.index.revision
                #expect(revisions.insert(revision).inserted, "\(what)")
                _ = try await bench.run()
                #expect(try await bench.index.revision == revision, "after \(what)")
            }
            try await expectNew("the first listing")
            try bench.add("c.jpg", "2022-06-01T00:00:00Z")
            try await expectNew("a new item")
            try service.library.updateItem(first, description: "by the sea")
            try await expectNew("a description")
            try service.library.updateItem(first, filename: "other.jpg")
            try await expectNew("a name")
            try service.library.updateItem(first, isFavorite: true)
            try await expectNew("a favorite")
            try await client.addMediaItems([second], toAlbum: album)
            try await expectNew("a member")
            _ = try await client.updateAlbum(album, title: "Two")
            try await expectNew("a title")
            _ = try await client.updateAlbum(album, coverItemID: second)
            try await expectNew("a cover")
            try service.library.addAlbum("Empty", account: "demo")
            try await expectNew("an album")
            try service.library.deleteAlbum(album)
            try await expectNew("an album that is gone")
            try service.library.updateItem(second, isTrashed: true)
            try await expectNew("an item that is gone")
            // What reading teaches of an item does not change it.
            _ = try await bench.importer().importRecords(state: nil, to: StoringSink(TestSink()))
            #expect(try await revisions.contains(bench.index.revision))
            #expect(try await bench.run().files.allSatisfy { $0.size != nil })
        }
    }

    @Test func aNewIndexHasNoOldRevision() async throws {
        try await FakeService.run { service in
            try service.library.addGeneratedItems(3)
            var revisions: Set<String> = []
            for _ in 0..<20 {
                let bench = try ImportBench(service)
                _ = try await bench.run()
                #expect(try await revisions.insert(bench.index.revision).inserted)
            }
        }
    }

    @Test func whatWasLearntOfAContentHoldsUntilTheContentIsAnother() async throws {
        let index = try Index(path: nil)
        var item = MediaItem(
            id: "1", filename: "a.jpg", mimeType: "image/jpeg", creationTime: .epoch, width: 4, height: 3, kind: .photo)
        func known() async throws -> LearntContent? {
            let listing = try await index.beginListing()
            let numbers = try await listing.add([item], from: .library, at: .epoch)
            let shelved = try #require(try await index.item(numbers[0], at: .root))
            return shelved.size.map { LearntContent(size: $0, sha256: shelved.sha256) }
        }
        func learn(_ content: LearntContent) async throws {
            let listing = try await index.beginListing()
            let numbers = try await listing.add([item], from: .library, at: .epoch)
            try await index.learn([numbers[0]: content])
        }
        #expect(try await known() == nil)
        let hash = String(repeating: "0a", count: 32)
        try await learn(LearntContent(size: 12, sha256: hash))
        #expect(try await known() == LearntContent(size: 12, sha256: hash))
        // Whoever asks for the size alone says nothing of the hash, unless the size is another.
        let revision = try await index.revision
        try await learn(LearntContent(size: 12))
        #expect(try await known() == LearntContent(size: 12, sha256: hash))
        #expect(try await index.revision == revision)
        try await learn(LearntContent(size: 13))
        #expect(try await known() == LearntContent(size: 13))
        #expect(try await index.revision != revision)
        item.description = "the same bytes"
        #expect(try await known() == LearntContent(size: 13))
        item.width = 5
        #expect(try await known() == nil)
    }
}

extension ImportBench {
    /// What an import counts as changed since the one before.
    func changes(_ more: [String: String] = [:]) async throws -> [String: Int64] {
        let importer = try importer(more)
        _ = try await importer.importRecords(state: nil, to: TestSink())
        return await importer.counters().filter { $0.key.hasPrefix("items_") }
    }
}
