import ConnectorKit
import Testing

@testable import HostEngine

struct ComparisonTests {
    private let time = Timestamp(seconds: 1_000_000_000)

    private func item(
        _ places: String..., size: Int64? = nil, time: Timestamp? = nil, sha256: String? = nil,
        dimensions: ImageDimensions? = nil
    ) throws -> LibraryItem {
        let pathnames = try places.map { try Pathname($0) }
        return LibraryItem(
            pathnames: pathnames, names: Set(pathnames.map { $0.name.lowercased() }), size: size,
            modificationTime: time ?? self.time, sha256: sha256, dimensions: dimensions)
    }

    private func file(_ path: String, size: Int64 = 10, time: Timestamp? = nil) -> ComparedFile {
        ComparedFile(path: path, size: size, modificationTime: time ?? self.time)
    }

    private func compare(
        _ items: [LibraryItem], _ files: [ComparedFile], hashes: [String: String] = [:],
        dimensions: ImageDimensions? = nil, hashed: (String) -> Void = { _ in }
    ) -> Comparison {
        var matcher = ComparisonMatcher(items: items, root: .root)
        for file in files {
            matcher.add(file) {
                hashed(file.path)
                return hashes[file.path]
            } dimensions: {
                dimensions
            }
        }
        return matcher.finish()
    }

    @Test func contentTellsWhateverTheNameAndOnlyFilesOfAKnownSizeAreRead() throws {
        var read: [String] = []
        let found = compare(
            [try item("/a.jpg", size: 10, sha256: "h")], [file("/z.bin", time: .epoch), file("/y.bin", size: 11)],
            hashes: ["/z.bin": "h"]
        ) { read.append($0) }
        #expect(found.matches.map(\.evidence) == [.content])
        #expect(found.extra.map(\.path) == ["/y.bin"])
        #expect(found.missing.isEmpty)
        #expect(read == ["/z.bin"])
    }

    @Test func aFileOfTheSameNameAndSizeWithAnotherContentIsNotTheItem() throws {
        let found = compare(
            [try item("/a.jpg", size: 10, sha256: "h")], [file("/a.jpg")], hashes: ["/a.jpg": "damaged"])
        #expect(found.missing.count == 1)
        #expect(found.extra.count == 1)
    }

    @Test func withoutAHashTheSurestOfNameSizeDateAndDimensionsCounts() throws {
        let small = ImageDimensions(3, 4)
        let cases: [(LibraryItem, ComparedFile, Comparison.Evidence?)] = [
            (try item("/m/A.JPG", size: 10), file("/a.jpg"), .nameSizeAndDate),
            (try item("/m/a.jpg", size: 10), file("/a.jpg", time: .epoch), .nameAndSize),
            (try item("/m/a.jpg"), file("/a.jpg"), .nameAndDate),
            // The original of what the service hands out otherwise.
            (try item("/m/a.jpg", size: 9, sha256: "h"), file("/a.jpg"), .nameAndDate),
            (try item("/m/a.jpg", size: 9, dimensions: small), file("/a.jpg", time: .epoch), .nameAndDimensions),
            (try item("/m/a.jpg", size: 9, dimensions: .init(1, 1)), file("/a.jpg", time: .epoch), nil),
            (try item("/m/a.jpg", size: 9), file("/a.jpg", time: .epoch), nil),
            (try item("/m/a.jpg", size: 10), file("/b.jpg"), nil),
        ]
        for (number, (item, file, evidence)) in cases.enumerated() {
            let found = compare([item], [file], dimensions: small)
            #expect(found.matches.first?.evidence == evidence, "case \(number)")
            #expect(found.missing.isEmpty == (evidence != nil))
            #expect(found.extra.isEmpty == (evidence != nil))
        }
    }

    @Test func aFileInEachPlaceOfAnItemIsNoDuplicateAndOneElsewhereIs() throws {
        let found = compare(
            [try item("/m/a.jpg", "/album/a.jpg", size: 10, sha256: "h")],
            [file("/m/a.jpg"), file("/album/a.jpg"), file("/copy.jpg")],
            hashes: ["/m/a.jpg": "h", "/album/a.jpg": "h", "/copy.jpg": "h"])
        #expect(found.matches.map(\.file.path) == ["/album/a.jpg", "/m/a.jpg"])
        #expect(found.duplicates.map(\.file.path) == ["/copy.jpg"])
        #expect(!found.isEqual)
    }

    @Test func itemsThatAreAlikeEachHaveTheirFile() throws {
        let items = [try item("/1/a.jpg", size: 10), try item("/2/a.jpg", size: 10)]
        for files in [[file("/2/a.jpg"), file("/1/a.jpg")], [file("/x/a.jpg"), file("/y/a.jpg")]] {
            let found = compare(items, files)
            #expect(found.isEqual)
            #expect(found.matches.count == 2)
        }
    }

    @Test func ofFilesThatAreElsewhereTheSurestCounts() throws {
        let found = compare(
            [try item("/m/a.jpg", size: 10)], [file("/1/a.jpg", size: 7), file("/2/a.jpg")])
        #expect(found.matches.map(\.file.path) == ["/2/a.jpg"])
        #expect(found.duplicates.map(\.file.path) == ["/1/a.jpg"])
    }
}
