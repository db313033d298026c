import ConnectorKit
import Foundation
import SeededRandom
import Synchronization
import TakeoutSupport
import Testing

@testable import Takeout

extension TakeoutLibrary {
    func allItems() async throws -> [TakeoutItem] {
        var found: [TakeoutItem] = []
        var page = try await items(after: nil, limit: 7)
        while let last = page.last {
            found += page
            page = try await items(after: last, limit: 7)
        }
        return found
    }

    func item(_ name: String) async throws -> TakeoutItem {
        try #require(try await allItems().first { $0.name == name }, "no \(name)")
    }

    func bytes(_ item: TakeoutItem) async throws -> [UInt8] { try await open(item).readAll() }
}

@Suite struct LibraryTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func library(catalog: String? = nil) async throws -> TakeoutLibrary {
        let library = try TakeoutLibrary(directory: scratch.path, catalog: catalog)
        try await library.update()
        return library
    }

    @Test(arguments: TakeoutBuilder.Packing.allCases)
    func anItemIsOneHoweverManyFoldersAndPartsHoldIt(_ packing: TakeoutBuilder.Packing) async throws {
        var builder = TakeoutBuilder()
        var contents: [String: [UInt8]] = [:]
        for index in 0..<30 {
            var item = TakeoutBuilder.Item("IMG_\(index).jpg", noise(3000 + index * 100, seed: UInt64(index)))
            item.albums = index % 3 == 0 ? ["Lisbon"] : index % 3 == 1 ? ["Lisbon", "Best of"] : []
            item.url = "https://photos.google.com/photo/\(index)"
            contents[item.title] = item.bytes
            builder.add(item)
        }
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", parts: 3, packing: packing)
        let library = try await library()
        let items = try await library.allItems()
        #expect(items.count == 30)
        for item in items.reversed() {
            #expect(item.certainty == .matched)
            #expect(item.time == Timestamp(seconds: 1_714_989_600))
            #expect(try await library.bytes(item) == contents[item.name])
        }
        let albums = try await library.albums()
        #expect(albums.map(\.title) == ["Best of", "Lisbon"])
        #expect(try await library.members(of: albums[1]).count == 20)
        #expect(try await library.problems() == [])
        let report = try await library.report()
        #expect(report.matched == 30 && report.unmatched == 0 && report.duplicates == 30)
        #expect(report.sidecarsWithoutItem == 0)
    }

    @Test func exportsAreMergedInTheOrderOfTheirDates() async throws {
        var full = TakeoutBuilder()
        full.style = .plain
        var one = TakeoutBuilder.Item("a.jpg", noise(2000, seed: 1))
        one.url = "https://photos.google.com/photo/a"
        one.description = "old"
        one.people = ["Ada"]
        one.isFavorite = true
        full.add(one)
        var two = TakeoutBuilder.Item("b.jpg", noise(2000, seed: 2))
        two.url = "https://photos.google.com/photo/b"
        two.description = "stays"
        full.add(two)
        var later = TakeoutBuilder()
        one.description = "new"
        one.people = []
        one.isFavorite = false
        one.hasMedia = false
        later.add(one)
        later.add(TakeoutBuilder.Item("c.jpg", noise(2000, seed: 3)))
        // The later one is written first: the names decide, not the order on the disk.
        try later.write(to: scratch.path, stamp: "20260401T101500Z", packing: .tgz)
        try full.write(to: scratch.path, stamp: "20260301T101500Z")
        let library = try await library()
        #expect(try await library.allItems().map(\.name).sorted() == ["a.jpg", "b.jpg", "c.jpg"])
        let merged = try #require(try await library.item("a.jpg").metadata)
        #expect(merged.description == "new")
        #expect(merged.people == ["Ada"])
        #expect(!merged.isFavorite)
        #expect(try await library.item("b.jpg").metadata?.description == "stays")
    }

    @Test func whatHasNoSidecarIsThereAllTheSame() async throws {
        var builder = TakeoutBuilder()
        var item = TakeoutBuilder.Item("lost.jpg", noise(500, seed: 4))
        item.hasSidecar = false
        builder.add(item)
        try builder.write(to: scratch.path, stamp: "20260301T101500Z")
        let found = try await library().item("lost.jpg")
        #expect(found.certainty == .unmatched)
        #expect(found.metadata == nil)
        #expect(found.time == Timestamp("2024-01-01T00:00:00Z"))
    }

    @Test func copiesAndVideoHalvesKeepTheirNames() async throws {
        var builder = TakeoutBuilder()
        builder.add(TakeoutBuilder.Item("IMG_1.HEIC", noise(500, seed: 1)))
        let folder = "Takeout/Google Photos/Photos from 2024"
        builder.add(PackedFile("\(folder)/IMG_1.MOV", noise(500, seed: 2)))
        builder.add(PackedFile("\(folder)/IMG_1-edited.HEIC", noise(500, seed: 3)))
        builder.add(TakeoutBuilder.Item("What? A \"day\" & more.jpg", noise(500, seed: 4)))
        try builder.write(to: scratch.path, stamp: "20260301T101500Z")
        let items = try await library().allItems()
        #expect(
            Set(items.map(\.name)) == ["IMG_1.HEIC", "IMG_1.MOV", "IMG_1-edited.HEIC", "What? A \"day\" & more.jpg"])
        #expect(items.allSatisfy { $0.certainty == .matched && $0.metadata?.taken != nil })
    }

    @Test func foldersInAnyLanguageAreUnderstood() async throws {
        var builder = TakeoutBuilder()
        builder.root = "Takeout/Googleフォトグラフ"
        builder.yearFolder = "Fotos von "
        builder.trash = "Papierkorb"
        builder.albumFile = "Metadaten.json"
        var item = TakeoutBuilder.Item("a.jpg", noise(500, seed: 1))
        item.albums = ["Ohne Titel"]
        builder.add(item)
        var gone = TakeoutBuilder.Item("gone.jpg", noise(500, seed: 2))
        gone.isTrashed = true
        builder.add(gone)
        var shared = TakeoutBuilder.Item("shared.jpg", noise(500, seed: 3))
        shared.isInLibrary = false
        shared.albums = ["Norway 2019"]
        builder.add(shared)
        builder.add(PackedFile("Takeout/Drive/2019/notes.jpg", "another product"))
        builder.add(PackedFile("Takeout/archive_browser.html", "<html>"))
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", parts: 2)
        let library = try await library()
        #expect(try await library.allItems().map(\.name).sorted() == ["a.jpg", "gone.jpg", "shared.jpg"])
        #expect(try await library.item("gone.jpg").isTrashed)
        #expect(try await library.albums().map(\.title) == ["Norway 2019", "Ohne Titel"])
        #expect(try await library.report().otherFiles == 1)
    }

    @Test func anAlbumCalledLikeTheTrashIsAnAlbum() async throws {
        var builder = TakeoutBuilder()
        var item = TakeoutBuilder.Item("a.jpg", noise(500, seed: 1))
        item.isInLibrary = false
        item.albums = ["Bin", "Archive"]
        builder.add(item)
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", packing: .folder)
        let library = try await library()
        let found = try await library.item("a.jpg")
        #expect(!found.isTrashed && !found.isArchived)
        #expect(try await library.albums().map(\.title) == ["Archive", "Bin"])
    }

    @Test func theSameBytesAreOneItemAndOtherBytesWithTheSameChecksumAreNot() async throws {
        let (one, other) = try twins()
        var builder = TakeoutBuilder()
        builder.add(TakeoutBuilder.Item("one.jpg", one, taken: 1_700_000_000))
        builder.add(TakeoutBuilder.Item("other.jpg", other, taken: 1_710_000_000))
        // The same bytes under another name are the same item all the same.
        builder.add(TakeoutBuilder.Item("again.jpg", one, taken: 1_720_000_000))
        for packing in [TakeoutBuilder.Packing.zip, .tgz] {
            try builder.write(to: scratch.path, stamp: "20260301T101500Z", packing: packing)
        }
        let library = try await library()
        let items = try await library.allItems()
        #expect(items.count == 2)
        var contents: Set<[UInt8]> = []
        for item in items { contents.insert(try await library.bytes(item)) }
        #expect(contents == [one, other])
        #expect(Set(items.map(\.id)).count == 2)
    }

    /// Two contents with the same length and CRC-32: the checksum is linear, so that the second half undoes the first.
    private func twins() throws -> ([UInt8], [UInt8]) {
        let one = noise(64, seed: 9)
        var other = one
        other[0] ^= 0xFF
        // Search the last four bytes that make the checksums equal, bit by bit, over GF(2).
        let base = Zlib.crc(one) ^ Zlib.crc(other)
        var basis: [(value: UInt32, mask: UInt32)] = []
        for bit in 0..<32 {
            var flipped = one
            flipped[60 + bit / 8] ^= 1 << (bit % 8)
            var (value, mask) = (Zlib.crc(flipped) ^ Zlib.crc(one), UInt32(1) << bit)
            for row in basis where value ^ row.value < value { (value, mask) = (value ^ row.value, mask ^ row.mask) }
            if value != 0 { basis.append((value, mask)) }
            basis.sort { $0.value > $1.value }
        }
        var (rest, bits) = (base, UInt32(0))
        for row in basis where rest ^ row.value < rest { (rest, bits) = (rest ^ row.value, bits ^ row.mask) }
        for bit in 0..<32 where bits >> bit & 1 == 1 { other[60 + bit / 8] ^= 1 << (bit % 8) }
        try #require(Zlib.crc(one) == Zlib.crc(other) && one != other)
        return (one, other)
    }

    @Test func anUnpackedCopyOfAnArchiveAddsNothing() async throws {
        var builder = TakeoutBuilder()
        for index in 0..<5 { builder.add(TakeoutBuilder.Item("\(index).jpg", noise(700, seed: UInt64(index)))) }
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", packing: .folder)
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", packing: .zip)
        let library = try await library()
        let items = try await library.allItems()
        #expect(items.count == 5)
        #expect(try await library.report().duplicates == 5)
    }

    @Test func theNextRunReadsOnlyWhatIsNew() async throws {
        var builder = TakeoutBuilder()
        builder.add(TakeoutBuilder.Item("a.jpg", noise(500, seed: 1)))
        try builder.write(to: scratch.path, stamp: "20260301T101500Z")
        try builder.write(to: scratch.path, stamp: "20260302T101500Z", packing: .tgz)
        let catalog = try Scratch()
        let first = try await library(catalog: catalog.path + "/catalog.sqlite")
        let before = try await first.allItems()
        var later = TakeoutBuilder()
        later.add(TakeoutBuilder.Item("b.jpg", noise(600, seed: 2)))
        try later.write(to: scratch.path, stamp: "20260401T101500Z")
        let steps = Steps()
        let second = try TakeoutLibrary(directory: scratch.path, catalog: catalog.path + "/catalog.sqlite")
        try await second.update { steps.note($0) }
        #expect(steps.parts == ["takeout-20260401T101500Z-001.zip"])
        let after = try await second.allItems()
        #expect(after.map(\.name) == ["a.jpg", "b.jpg"])
        #expect(after[0].id == before[0].id)
        // A part that is gone takes its items with it, and nothing else.
        try FileManager.default.removeItem(atPath: scratch.path + "/takeout-20260301T101500Z-001.zip")
        try await second.update()
        #expect(try await second.allItems().map(\.name).sorted() == ["a.jpg", "b.jpg"])
        #expect(try await second.allItems().map(\.id).sorted() == after.map(\.id).sorted())
        try FileManager.default.removeItem(atPath: scratch.path + "/takeout-20260302T101500Z-001.tgz")
        try await second.update()
        #expect(try await second.allItems().map(\.name) == ["b.jpg"])
    }

    @Test func whatIsDamagedIsToldAndTheRestGoesOn() async throws {
        var builder = TakeoutBuilder()
        for index in 0..<12 { builder.add(TakeoutBuilder.Item("\(index).jpg", noise(5000, seed: UInt64(index)))) }
        // Dealt out in turn: all of these lie in the first part.
        builder.add(PackedFile("Takeout/Google Photos/Photos from 2024/broken.json", "{"))
        for index in 0..<3 { builder.add(PackedFile("Takeout/\(index).txt", "x")) }
        builder.add(PackedFile("../evil.jpg", "x"))
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", parts: 4)
        try FileManager.default.removeItem(atPath: scratch.path + "/takeout-20260301T101500Z-002.zip")
        let third = scratch.path + "/takeout-20260301T101500Z-003.zip"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: third))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: third))
        var cut = TakeoutBuilder()
        for index in 20..<24 { cut.add(TakeoutBuilder.Item("\(index).jpg", noise(50_000, seed: UInt64(index)))) }
        let tgz = TarWriter(cut.files).bytes()
        try scratch.write(Array(tgz.prefix(tgz.count * 2 / 3)), to: "takeout-20260201T000000Z-001.tgz")
        let library = try await library()
        let problems = try await library.problems()
        #expect(problems.contains { $0.part == "takeout-20260301T101500Z-002" && $0.message.contains("missing") })
        #expect(problems.contains { $0.part == "takeout-20260301T101500Z-003.zip" && $0.message.contains("cut short") })
        #expect(problems.contains { $0.part == "takeout-20260201T000000Z-001.tgz" && $0.message.contains("cut short") })
        #expect(problems.contains { $0.path == "../evil.jpg" })
        #expect(problems.contains { $0.path.hasSuffix("broken.json") })
        #expect(problems.count == 5)
        let items = try await library.allItems()
        #expect(items.contains { $0.name == "20.jpg" } && !items.contains { $0.name == "23.jpg" })
        for item in items { #expect(try await library.bytes(item).count == Int(item.size)) }
    }

    @Test func anEncryptedEntryIsAnItemThatCannotBeRead() async throws {
        var builder = TakeoutBuilder()
        builder.add(TakeoutBuilder.Item("a.jpg", noise(500, seed: 1)))
        var files = builder.files
        files[0].isEncrypted = true
        try scratch.write(ZipWriter(files).bytes, to: "takeout-20260301T101500Z-001.zip")
        let library = try await library()
        let item = try await library.item("a.jpg")
        #expect(item.fault == "is encrypted")
        await #expect(throws: ConnectorError.self) { try await library.bytes(item) }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func everythingThatIsGeneratedIsFoundOnceWithItsMetadata(_ seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        var expected: [String: TakeoutBuilder.Item] = [:]
        var items: [TakeoutBuilder.Item] = []
        let albums = ["Lisbon", "Norway 2019", "夏", "Untitled(1)"]
        for index in 0..<60 {
            // Some titles twice, with other bytes.
            let title =
                index % 7 == 6
                ? items[index - 3].title
                : "IMG \(index) & \(index % 5 == 0 ? String(repeating: "long ", count: 10) : "").jpg"
            var item = TakeoutBuilder.Item(
                title, noise(Int.random(in: 1...9000, using: &random), seed: seed << 8 | UInt64(index)),
                taken: Int64.random(in: 1_000_000_000...1_700_000_000, using: &random))
            item.url = "https://photos.google.com/photo/\(seed)-\(index)"
            item.albums = albums.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
            item.description = "description \(index)"
            item.isFavorite = Bool.random(using: &random)
            item.latitude = Double(Int.random(in: -90...90, using: &random))
            item.longitude = 1
            items.append(item)
            expected[item.url] = item
        }
        // A full export, and two incremental ones that hold some of it again, changed.
        for (number, stamp) in ["20260101T000000Z", "20260201T000000Z", "20260301T000000Z"].enumerated() {
            var builder = TakeoutBuilder()
            builder.style = TakeoutNamer.Style.allCases.randomElement(using: &random) ?? .plain
            for var item in items where number == 0 || Int.random(in: 0..<3, using: &random) == 0 {
                item.description += number == 0 ? "" : " of \(number)"
                expected[item.url]?.description = item.description
                builder.add(item)
            }
            let packing = TakeoutBuilder.Packing.allCases.randomElement(using: &random) ?? .zip
            try builder.write(
                to: scratch.path, stamp: stamp, parts: Int.random(in: 1...3, using: &random), packing: packing)
        }
        let library = try await library()
        let found = try await library.allItems()
        #expect(found.count == items.count, "seed \(seed)")
        for item in found {
            let metadata = try #require(item.metadata, "seed \(seed): \(item.name)")
            let original = try #require(expected[metadata.url], "seed \(seed): \(item.name)")
            #expect(item.name == original.title, "seed \(seed)")
            #expect(item.time.seconds == original.taken, "seed \(seed): \(item.name)")
            #expect(metadata.description == original.description, "seed \(seed): \(item.name)")
            #expect(metadata.isFavorite == original.isFavorite, "seed \(seed): \(item.name)")
            #expect(metadata.place?.latitude == original.latitude, "seed \(seed): \(item.name)")
            #expect(try await library.bytes(item) == original.bytes, "seed \(seed): \(item.name)")
        }
        for album in try await library.albums() {
            let members = Set(try await library.members(of: album))
            let urls = found.filter { members.contains($0.id) }.compactMap { $0.metadata?.url }
            let wanted = expected.values.filter { $0.albums.contains(album.title) }.map(\.url)
            #expect(Set(urls) == Set(wanted), "seed \(seed): \(album.title)")
        }
    }
}

/// Remembers which parts were read.
private final class Steps: Sendable {
    private let state = Mutex<Set<String>>([])

    func note(_ step: TakeoutLibrary.Step) {
        if case .reading(let part, _) = step { state.withLock { _ = $0.insert(part) } }
    }

    var parts: Set<String> { state.withLock { $0 } }
}
