import ConnectorKit
import Foundation
import TakeoutSupport
import Testing

@testable import Takeout

/// What is read again, what is refused, and what is remembered of parts.
@Suite struct PartTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func library(catalog: String? = nil) async throws -> TakeoutLibrary {
        let library = try TakeoutLibrary(directory: scratch.path, catalog: catalog)
        try await library.update()
        return library
    }

    @Test func aPartThatWasMendedIsReadAgainAlthoughItsDirectoryIsTheSame() async throws {
        var builder = TakeoutBuilder()
        for index in 0..<4 { builder.add(TakeoutBuilder.Item("\(index).jpg", noise(900, seed: UInt64(index)))) }
        let good = ZipWriter(builder.files).bytes
        var bad = good
        let place = try #require(good.firstRange(of: Array("0.jpg.supplemental-metadata.json".utf8)))
        for index in place.upperBound + 4..<place.upperBound + 12 { bad[index] ^= 0xFF }
        let name = "takeout-20260301T101500Z-001.zip"
        try scratch.write(bad, to: name)
        let catalog = scratch.path + ".sqlite"
        defer { try? FileManager.default.removeItem(atPath: catalog) }
        let first = try await library(catalog: catalog)
        #expect(try await first.problems().count == 1)
        #expect(try await first.item("0.jpg").certainty == .unmatched)
        // Nothing has changed, so nothing is read; the problem stays.
        #expect(try await library(catalog: catalog).problems().count == 1)
        try FileManager.default.removeItem(atPath: scratch.path + "/" + name)
        try scratch.write(good, to: name)
        let second = try await library(catalog: catalog)
        #expect(try await second.problems() == [])
        #expect(try await second.item("0.jpg").certainty == .matched)
    }

    @Test func aTgzThatUnpacksToAnythingIsABomb() async throws {
        var builder = TakeoutBuilder()
        builder.add(TakeoutBuilder.Item("a.jpg", noise(900, seed: 1)))
        builder.add(PackedFile("Takeout/Google Photos/Photos from 2024/b.jpg", [UInt8](repeating: 0, count: 100 << 20)))
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", packing: .tgz)
        let library = try await library()
        #expect(try await library.problems().map(\.message.localizedLowercase).contains { $0.contains("bomb") })
        #expect(try await library.allItems().map(\.name) == ["a.jpg"])
    }

    @Test(arguments: [TakeoutBuilder.Packing.zip, .tgz])
    func aFloodOfBadNamesIsCounted(_ packing: TakeoutBuilder.Packing) async throws {
        var builder = TakeoutBuilder()
        for index in 0..<300 { builder.add(PackedFile("../\(index).jpg", "x")) }
        builder.add(TakeoutBuilder.Item("a.jpg", noise(900, seed: 1)))
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", packing: packing)
        let library = try await library()
        let problems = try await library.problems()
        #expect(problems.count == 201)
        #expect(problems.last?.message == "100 more of its files are refused")
        #expect(try await library.allItems().count == 1)
    }

    @Test(arguments: TakeoutBuilder.Packing.allCases)
    func whatHasNoMetadataIsDatedByItsBytes(_ packing: TakeoutBuilder.Packing) async throws {
        var builder = TakeoutBuilder()
        let exif = Formats.exif("2019:07:14 18:30:05")
        var contents = [
            "a.jpg": Formats.jpeg(exif, rest: 5000), "b.mp4": Formats.mp4(1_563_128_905, media: 3000),
            "c.jpg": Formats.jpeg(nil), "d.jpg": Formats.jpeg(exif, width: 800),
        ]
        contents["e.jpg"] = Formats.jpeg(Formats.exif("2011:01:02 03:04:05"))
        for (title, bytes) in contents.sorted(by: { $0.key < $1.key }) {
            var item = TakeoutBuilder.Item(title, bytes)
            // The sidecar knows better than the bytes.
            item.hasSidecar = title == "d.jpg"
            builder.add(item)
        }
        builder.add(PackedFile("Takeout/Google Photos/Trip/f.jpg", Formats.jpeg(nil, width: 700)))
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", parts: 2, packing: packing)
        let catalog = scratch.path + ".sqlite"
        defer { try? FileManager.default.removeItem(atPath: catalog) }
        let report = try await library(catalog: catalog).report()
        #expect(report.dating == [.exif: 2, .video: 1, .folder: 1, .file: 1])
        // The catalog remembers.
        let library = try TakeoutLibrary(directory: "/nowhere", catalog: catalog)
        let items = Dictionary(uniqueKeysWithValues: try await library.allItems().map { ($0.name, $0) })
        #expect(items["a.jpg"]?.time == Timestamp("2019-07-14T18:30:05Z"))
        #expect(items["b.mp4"]?.time == Timestamp(seconds: 1_563_128_905))
        #expect(items["c.jpg"]?.time == Timestamp("2024-01-01T00:00:00Z"))
        #expect(items["d.jpg"]?.time == Timestamp(seconds: 1_714_989_600) && items["d.jpg"]?.dating == .sidecar)
        #expect(items["e.jpg"]?.time == Timestamp("2011-01-02T03:04:05Z"))
    }

    @Test func whatPeopleWroteIsKept() async throws {
        let comments =
            #""sharedAlbumComments":[{"text":"nice","contentOwnerName":"Ada"},"#
            + #"{"liked":true,"contentOwnerName":"Bob","creationTime":{"timestamp":"1700000000"}}]"#
        var builder = TakeoutBuilder()
        let folder = "Takeout/Google Photos/Trip"
        builder.add(PackedFile(folder + "/a.jpg", noise(100, seed: 1)))
        builder.add(
            PackedFile(folder + "/a.jpg.json", #"{"title":"a.jpg","photoTakenTime":{"timestamp":"5"},\#(comments)}"#))
        builder.add(PackedFile(folder + "/metadata.json", #"{"title":"Trip",\#(comments)}"#))
        try builder.write(to: scratch.path, stamp: "20260301T101500Z")
        let library = try await library()
        #expect(try await library.albums().map(\.comments) == ["Ada: nice\nBob: ♥"])
        #expect(try await library.item("a.jpg").metadata?.comments.map(\.line) == ["Ada: nice", "Bob: ♥"])
    }
}
