import ConnectorKit
import FakePhotos
import Foundation
import PhotosImporter
import PhotosLibrary
import SeededRandom
import StrictJSON
import TakeoutSupport
import TestSupport
import Testing

/// A library that is reached by the API and by Takeout exports: each photo once, with the best bytes there are.
@Suite struct OneLibraryTests {
    private func bench(_ options: FakeOptions = .empty, _ body: (OneLibraryBench) async throws -> Void) async throws {
        try await OneLibraryBench.run(options, body)
    }

    private static let time = OneLibraryBench.time

    @discardableResult
    private func add(
        _ name: String, to bench: OneLibraryBench, at time: Timestamp = time, description: String = "",
        client: String = FakeLibrary.clientID
    ) throws -> (id: String, bytes: [UInt8]) {
        try bench.add(name, at: time, description: description, client: client)
    }

    private func exported(_ name: String, _ bytes: [UInt8], at time: Timestamp = time) -> TakeoutBuilder.Item {
        OneLibraryBench.exported(name, bytes, at: time)
    }

    @Test func anItemOfBothWaysIsOneAndHasTheOriginalBytes() async throws {
        try await bench { bench in
            let (id, original) = try add("a.jpg", to: bench, description: "of now")
            try add("only-api.jpg", to: bench)
            var builder = TakeoutBuilder()
            var item = exported("a.jpg", original)
            item.description = "of then"
            item.people = ["Ada"]
            item.latitude = 38.7
            item.isFavorite = true
            builder.add(item)
            builder.add(exported("only-takeout.jpg", [1, 2, 3]))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let before = try await bench.run(withExports: false).files
            let path = "/media/by-month/2024/2024-05/a.jpg"
            #expect(bench.contents[path] != nil)
            let sink = try await bench.run()
            #expect(
                await sink.files.map(\.pathname.string).sorted() == [
                    "/feature/favorites/a.jpg", path, "/media/by-month/2024/2024-05/only-api.jpg",
                    "/media/by-month/2024/2024-05/only-takeout.jpg",
                ])
            #expect(bench.contents[path] == original)
            let record = try #require(await sink.record(path))
            #expect(record.attributes[Attribute.description] == "of now")
            #expect(record.attributes[Attribute.people] == #"["Ada"]"#)
            #expect(record.attributes[Attribute.id] == id)
            #expect(record.attributes[Attribute.location] == "38.7,0.0")
            #expect(record.caveats.isEmpty && record.size == Int64(original.count))
            #expect(record.fingerprint != before.first { $0.pathname.string == path }?.fingerprint)
            #expect(await sink.record("/media/by-month/2024/2024-05/only-api.jpg")?.caveats == [.locationRemoved])
            #expect(bench.summary == "1 items by both ways, 1 only by Takeout, 1 only by the API")
        }
    }

    @Test func whereTwoFitBothStay() async throws {
        try await bench { bench in
            let (_, first) = try add("a.jpg", to: bench)
            let (_, second) = try add("a.jpg", to: bench)
            var builder = TakeoutBuilder()
            builder.add(exported("a.jpg", first))
            builder.add(exported("a.jpg", second))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            #expect(try await bench.run().files.count == 4)
            #expect(bench.summary == "0 items by both ways, 2 only by Takeout, 2 only by the API")
        }
    }

    @Test func aPictureOfAnotherSizeIsAnother() async throws {
        try await bench { bench in
            try add("a.jpg", to: bench)
            var other = NewFakeItem("other")
            other.kind = .png
            let png = try #require(bench.fake.content(ofItem: try bench.fake.addItem(other, account: "demo2")))
            var builder = TakeoutBuilder()
            // The name says JPEG; the bytes say how large it is.
            builder.add(exported("a.jpg", png))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            #expect(try await bench.run().files.count == 2)
            #expect(bench.summary.hasPrefix("0 items by both ways"))
        }
    }

    @Test func thePageOfAnItemTellsItWhateverItsTimeIs() async throws {
        try await bench { bench in
            let (id, bytes) = try add("a.jpg", to: bench)
            var builder = TakeoutBuilder()
            var item = exported("a.jpg", bytes, at: Self.time.adding(seconds: 5000))
            item.url = "https://photos.google.com/photo/\(id)?x=1"
            builder.add(item)
            // An edited copy has the page of its original.
            builder.add(PackedFile("Takeout/Google Photos/Photos from 2024/a-edited.jpg", bytes + [0]))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let sink = try await bench.run()
            #expect(
                await sink.files.map(\.pathname.name).sorted() == ["a-edited.jpg", "a.jpg"])
            // The service says when it was taken, and the pathname is of it.
            let record = await sink.files.first { $0.pathname.name == "a.jpg" }
            #expect(record?.modificationTime == Self.time)
            #expect(record?.attributes[Attribute.id] == id)
        }
    }

    @Test func pathnamesStayWhateverComesAndGoes() async throws {
        try await bench { bench in
            // Two of one name: which has it plain is decided once.
            let (_, first) = try add("a.jpg", to: bench)
            let (_, second) = try add("a.jpg", to: bench, at: Self.time.adding(seconds: 60))
            try bench.fake.addAlbum("Trip", items: try bench.fake.items().map(\.id))
            let alone = try await bench.run(withExports: false).files.map(\.pathname)
            var builder = TakeoutBuilder()
            var items = [exported("a.jpg", first), exported("a.jpg", second, at: Self.time.adding(seconds: 60))]
            for index in items.indices { items[index].albums = ["Trip"] }
            for item in items { builder.add(item) }
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let both = try await bench.run().files
            #expect(Set(both.map(\.pathname)) == Set(alone))
            // What the service shows no more is shown as it was, by the export alone.
            for item in try bench.fake.items() { try bench.fake.updateItem(item.id, isTrashed: true) }
            let left = try await bench.run().files
            #expect(bench.summary == "0 items by both ways, 2 only by Takeout, 0 only by the API")
            #expect(Set(left.map(\.pathname)) == Set(alone))
            for record in left {
                #expect(record.fingerprint == both.first { $0.pathname == record.pathname }?.fingerprint)
            }
        }
    }

    @Test func whatTheServiceShowsLaterTakesTheNameThatItHad() async throws {
        try await bench { bench in
            let (first, bytes) = try add("a.jpg", to: bench)
            let (second, other) = try add("a.jpg", to: bench, at: Self.time.adding(seconds: 60))
            for id in [first, second] { try bench.fake.updateItem(id, isTrashed: true) }
            var builder = TakeoutBuilder()
            builder.add(exported("a.jpg", bytes))
            builder.add(exported("a.jpg", other, at: Self.time.adding(seconds: 60)))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let before = try await bench.run().files
            for id in [first, second] { try bench.fake.updateItem(id, isTrashed: false) }
            let after = try await bench.run().files
            #expect(bench.summary.hasPrefix("2 items by both ways, 0 only by Takeout"))
            #expect(Set(after.map(\.pathname)) == Set(before.map(\.pathname)) && after.count == 2)
            for record in after {
                #expect(record.fingerprint == before.first { $0.pathname == record.pathname }?.fingerprint)
                #expect(record.attributes[Attribute.id] != nil)
            }
        }
    }

    @Test func anAlbumOfBothWaysIsOne() async throws {
        try await bench { bench in
            let (one, first) = try add("a.jpg", to: bench)
            let (two, second) = try add("b.jpg", to: bench, at: Self.time.adding(seconds: 60))
            try bench.fake.addAlbum("Trip", items: [two, one])
            try bench.fake.addAlbum("Alone", items: [one])
            var builder = TakeoutBuilder()
            var items = [
                exported("a.jpg", first), exported("b.jpg", second, at: Self.time.adding(seconds: 60)),
                exported("c.jpg", [1], at: Self.time.adding(seconds: 120)), exported("d.jpg", [2]),
            ]
            for index in 0..<3 { items[index].albums = ["Trip"] }
            // The same title, and nothing in common.
            items[3].albums = ["Alone"]
            for item in items { builder.add(item) }
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let paths = try await bench.run(["views": "album"]).files
            let trip = paths.filter { $0.pathname.string.hasPrefix("/album/Trip/") }
            #expect(trip.map(\.pathname.name).sorted() == ["a.jpg", "b.jpg", "c.jpg"])
            #expect(trip.first { $0.pathname.name == "b.jpg" }?.attributes[Record.orderAttribute] == "0")
            let folders = Set(paths.compactMap { $0.pathname.parent?.string })
            #expect(folders.count == 3 && folders.isSuperset(of: ["/album/Trip", "/album/Alone"]))
            // A part of the source shows the same.
            let part = try await bench.run(["location": "googlephotos:///album/Trip"]).files
            #expect(Set(part.map(\.pathname)) == Set(trip.map(\.pathname)))
            let chosen = try await bench.run(["album": "Trip", "views": "album"]).files
            #expect(Set(chosen.map(\.pathname)) == Set(trip.map(\.pathname)))
        }
    }

    @Test func whatTheExportCannotReadComesByTheAPI() async throws {
        try await bench { bench in
            let (_, bytes) = try add("a.jpg", to: bench)
            var builder = TakeoutBuilder()
            builder.add(exported("a.jpg", bytes))
            builder.add(exported("b.jpg", [1, 2]))
            var files = builder.files
            files[0].isEncrypted = true
            try Data(ZipWriter(files).bytes)
                .write(to: URL(fileURLWithPath: bench.exports + "/takeout-20260301T101500Z-001.zip"))
            // Its size in pixels is not known either; the type is the same.
            let sink = try await bench.run()
            #expect(await sink.files.map(\.pathname.name).sorted() == ["a.jpg", "b.jpg"])
            #expect(await sink.files.allSatisfy { $0.error == nil })
            #expect(await sink.files.first { $0.pathname.name == "a.jpg" }?.caveats == [.locationRemoved])
        }
    }

    @Test func theArchiveIsThatOfTheExports() async throws {
        try await bench { bench in
            let (_, bytes) = try add("a.jpg", to: bench)
            var builder = TakeoutBuilder()
            var item = exported("a.jpg", bytes)
            item.isArchived = true
            builder.add(item)
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let sink = try await bench.run(["views": "archive"])
            #expect(await sink.files.map(\.pathname.string) == ["/feature/archive/a.jpg"])
        }
    }

    @Test func theCatalogTellsWhichWayTheBytesCame() async throws {
        try await bench { bench in
            let (id, bytes) = try add("a.jpg", to: bench, description: "of now")
            try add("b.jpg", to: bench)
            var builder = TakeoutBuilder()
            var item = exported("a.jpg", bytes)
            item.latitude = 38.7
            builder.add(item)
            builder.add(exported("c.jpg", [1, 2, 3]))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let sink = try await bench.run(["catalog": "true"])
            let text = String(decoding: bench.contents["/.gphotos/items.jsonl"] ?? [], as: UTF8.self)
            let lines = try text.split(separator: "\n").map { try #require(CatalogItem(try JSON(parsing: String($0)))) }
            #expect(lines.map(\.filename).sorted() == ["a.jpg", "b.jpg", "c.jpg"])
            let both = try #require(lines.first { $0.filename == "a.jpg" })
            #expect(both.source == "takeout" && both.id == id && both.description == "of now")
            #expect(both.location == "38.7,0.0" && both.caveats == [])
            #expect(lines.first { $0.filename == "b.jpg" }?.source == "library")
            // The same lines are the same content.
            let fingerprint = await sink.record("/.gphotos/items.jsonl")?.fingerprint
            let alone = try await bench.run(["catalog": "true", "location": "googlephotos:///.gphotos"])
            _ = try await bench.run()
            let again = try await bench.run(["catalog": "true", "location": "googlephotos:///.gphotos"])
            #expect(fingerprint != nil)
            #expect(
                await alone.record("/.gphotos/items.jsonl")?.fingerprint
                    == again.record("/.gphotos/items.jsonl")?.fingerprint)
        }
    }

    @Test func albumsAsLinksLeadToTheOriginals() async throws {
        try await bench { bench in
            let (id, bytes) = try add("a.jpg", to: bench)
            try bench.fake.addAlbum("Trip", items: [id])
            var builder = TakeoutBuilder()
            builder.add(exported("a.jpg", bytes))
            try builder.write(to: bench.exports, stamp: "20260301T101500Z")
            let sink = try await bench.run(["albums": "links"])
            let link = await sink.record("/album/Trip/a.jpg")
            #expect(link?.kind == .symlink && link?.target == "../../media/by-month/2024/2024-05/a.jpg")
            #expect(await sink.files.count == 1)
        }
    }

    @Test func withoutExportsItIsAnErrorAndNoSmallerLibrary() async throws {
        try await bench { bench in
            try add("a.jpg", to: bench)
            let error = await #expect(throws: ConnectorError.self) { try await bench.run() }
            #expect(error?.code == .notFound)
            await #expect(throws: ConnectorError.self) { try await bench.run(["takeout": "relative"]) }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func everythingIsThereOnceWithItsBestBytes(_ seed: UInt64) async throws {
        var options = FakeOptions()
        options.plan.items = 120
        options.plan.seed = seed
        options.plan.hasOddNames = false
        try await bench(options) { bench in
            var random = SeededRandom(seed: seed)
            // Most of the library was made by others, and the API does not show it.
            bench.fake.addClient(id: "other", secret: "x")
            var hidden: Set<String> = []
            for index in 0..<30 {
                let time = Self.time.adding(seconds: Int64(index) * 86400)
                hidden.insert(try add("other-\(index).jpg", to: bench, at: time, client: "other").id)
            }
            var plan = TakeoutPlan()
            plan.seed = seed
            plan.packing = TakeoutPlan.Packing.allCases.randomElement(using: &random) ?? .zip
            plan.increments = Int.random(in: 0...2, using: &random)
            plan.language = TakeoutLanguage.allCases.randomElement(using: &random) ?? .english
            let summary = try bench.fake.writeTakeout(to: bench.exports, plan: plan)
            // And some is newer than the last export.
            let newer = try bench.fake.addGeneratedItems(10)
            let before = try await bench.run(["views": "all"], withExports: false).files
            let files = try await bench.run(["views": "all"]).files
            let paths = Set(files.map(\.pathname))
            #expect(paths.count == files.count)
            #expect(before.allSatisfy { paths.contains($0.pathname) }, "seed \(seed): names changed")
            let truth = try bench.fake.items()
            let hashes = Dictionary(grouping: files) { record in
                bench.contents[record.pathname.string].map { FakeHash.of($0) } ?? ""
            }
            for item in truth {
                let copies = hashes[item.sha256]?.count ?? 0
                if newer.contains(item.id) {
                    // The API alone has it, and changes most of them.
                    #expect(copies <= 1, "seed \(seed): \(item.filename)")
                } else {
                    #expect(copies >= 1, "seed \(seed): \(item.filename) is lost")
                    if !summary.withoutSidecar.contains(item.id) {
                        #expect(copies == 1, "seed \(seed): \(item.filename) \(copies) times")
                    }
                }
            }
            // What has no metadata can only be told to be the same by its bytes, which were read of the service before.
            let doubles = summary.withoutSidecar.subtracting(hidden)
                .count { bench.fake.servedContent(ofItem: $0) != bench.fake.content(ofItem: $0) }
            #expect(files.count == truth.count + summary.extras + doubles, "seed \(seed): \(bench.summary)")
            let both = truth.count - newer.count - hidden.count - doubles
            #expect(
                bench.summary
                    == "\(both) items by both ways, \(hidden.count + doubles + summary.extras) only by Takeout, "
                    + "\(newer.count + doubles) only by the API", "seed \(seed)")
            // The next run shows the same, name by name.
            let again = try await bench.run(["views": "all"]).files
            #expect(again.map(\.pathname).sorted() == files.map(\.pathname).sorted(), "seed \(seed)")
        }
    }
}
