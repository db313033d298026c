import ConnectorKit
import FakePhotos
import Testing

@Suite struct GeneratedContentTests {
    private func check(_ bytes: [UInt8], _ mimeType: String) throws {
        switch mimeType {
        case "image/jpeg":
            let markers = try JPEGSegments(bytes).segments.map(\.marker)
            #expect(markers.contains(0xFE) && markers.contains(0xDB) && markers.contains { $0 == 0xC0 || $0 == 0xC2 })
        case "image/png":
            let types = try PNGChunks(bytes).types
            #expect(types.first == "IHDR" && types.last == "IEND" && types.contains("tEXt"))
        case "image/gif":
            #expect(bytes.starts(with: Array("GIF89a".utf8)) && bytes.last == 0x3B)
        case "image/webp", "video/x-msvideo":
            #expect(try TopLevel.riffChunks(bytes).last == "JUNK")
        default:
            #expect(try TopLevel.boxes(bytes).last == "free")
        }
    }

    @Test func demoItemsAreWellFormed() throws {
        let library = try FakeLibrary()
        for item in try library.items(hashing: false) {
            let bytes = try #require(library.content(ofItem: item.id))
            #expect(Int64(bytes.count) == item.size)
            try check(bytes, item.mimeType)
        }
    }

    @Test(arguments: [4096, 20_480, 32_401, 65_600, 66_001, 131_200, 262_145, 1_000_000, 9_000_001])
    func sizesAreExact(size: Int) throws {
        var options = FakeOptions()
        options.plan.items = 60
        options.plan.itemSize = size
        let library = try FakeLibrary(options: options)
        let items = try library.items(hashing: size < 100_000)
        #expect(items.allSatisfy { $0.size == Int64(size) })
        if size < 100_000 { #expect(Set(items.map(\.sha256)).count == items.count) }
        // One of each kind is enough: the padding is the same.
        for (mimeType, sample) in Dictionary(items.map { ($0.mimeType, $0) }, uniquingKeysWith: { first, _ in first }) {
            let bytes = try #require(library.content(ofItem: sample.id))
            #expect(bytes.count == size)
            try check(bytes, mimeType)
        }
    }

    @Test func sizesNearAPictureAreExact() throws {
        // Around the sizes of base media the padding is none, a longer comment, or a segment of its own.
        for size in stride(from: 3670, to: 3840, by: 13) {
            var options = FakeOptions()
            options.plan.items = 3
            options.plan.itemSize = size
            let library = try FakeLibrary(options: options)
            for item in try library.items(hashing: false) {
                let bytes = try #require(library.content(ofItem: item.id))
                #expect(bytes.count == size)
                try check(bytes, item.mimeType)
            }
        }
    }

    @Test(arguments: [-1, 100, 1 << 32])
    func impossibleSizesAreRefused(size: Int) {
        var options = FakeOptions()
        options.plan.itemSize = size
        #expect { try FakeLibrary(options: options) } throws: { ($0 as? ConnectorError)?.code == .config }
    }

    @Test func aLargeLibraryIsListedWhole() async throws {
        var options = FakeOptions()
        options.plan.items = 20_000
        options.plan.albums = 20
        let library = try FakeLibrary(options: options)
        let client = try TestClient(library)
        let pages = try await client.pages(["pageSize": 100, "filters": ["includeArchivedMedia": true]], most: 300)
        #expect(pages.count == 200)
        #expect(Set(pages.flatMap { $0 }).count == 20_000)
    }
}
