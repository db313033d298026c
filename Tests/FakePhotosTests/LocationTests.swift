import FakePhotos
import Testing

@Suite struct LocationTests {
    /// The tags of the first directory of a JPEG's Exif block, and of the GPS directory where an entry leads to it
    /// (TIFF 6.0, section 2): read in another way than the service does.
    private func tags(_ jpeg: [UInt8]) throws -> (main: [Int], gps: [Int]?, next: Int)? {
        let found = try JPEGSegments(jpeg).segments.first {
            $0.marker == 0xE1 && Array(jpeg[($0.offset + 4)..<($0.offset + 8)]) == Array("Exif".utf8)
        }
        guard let segment = found else { return nil }
        let tiff = Array(jpeg[(segment.offset + 10)..<(segment.offset + 2 + segment.length)])
        let isLittle = tiff[0] == UInt8(ascii: "I")
        func number(_ offset: Int, _ width: Int) -> Int {
            let bytes = tiff[offset..<offset + width]
            return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | Int($1) }
        }
        func directory(_ offset: Int) -> [(tag: Int, value: Int)] {
            (0..<number(offset, 2)).map { (number(offset + 2 + 12 * $0, 2), number(offset + 10 + 12 * $0, 4)) }
        }
        let start = number(4, 4)
        let main = directory(start)
        let gps = main.first { $0.tag == 0x8825 }.map { directory($0.value).map(\.tag) }
        return (main.map(\.tag), gps, number(start + 2 + 12 * main.count, 4))
    }

    @Test func noEntryLeadsToThePlace() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        var count = 0
        for item in try library.items(hashing: false) where item.mimeType == "image/jpeg" {
            let stored = try #require(library.content(ofItem: item.id))
            guard let before = try tags(stored), let gps = before.gps, !gps.isEmpty else { continue }
            library.updateRules { $0.stripsLocation = false }
            #expect(try await client.download(item.id).body == stored)
            library.updateRules { $0.stripsLocation = true }
            let served = try await client.download(item.id).body
            let after = try #require(try tags(served))
            #expect(after.gps == nil)
            // Everything else is where it was: the other entries, and the thumbnail's directory behind them.
            #expect(after.main == before.main.filter { $0 != 0x8825 })
            #expect(after.next == before.next)
            #expect(served.count == stored.count)
            #expect(stored == library.content(ofItem: item.id))
            count += 1
            if count == 20 { break }
        }
        #expect(count == 20)
    }

    @Test func propertiesOfThePlaceGoToo() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { $0.stripsLocation = true }
        let packet = """
            <rdf:Description exif:GPSLatitude="48,12.5N" tiff:Make="Acme" exif:GPSLongitude='16,22.1E'>\
            <exif:GPSAltitude>100/1</exif:GPSAltitude><dc:title>Prater</dc:title></rdf:Description>
            """
        let payload = Array("http://ns.adobe.com/xap/1.0/\0".utf8) + Array(packet.utf8)
        let length = payload.count + 2
        let bytes: [UInt8] =
            [0xFF, 0xD8, 0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + payload
            + [0xFF, 0xDA, 0, 2, 7, 0xFF, 0xD9]
        let id = try library.addItem(NewFakeItem("a.jpg", content: bytes))
        let served = try await TestClient(library).download(id).body
        let text = String(decoding: served, as: UTF8.self)
        #expect(served.count == bytes.count && served.suffix(7) == bytes.suffix(7))
        #expect(!text.contains("GPS") && !text.contains("48,12") && !text.contains("16,22") && !text.contains("100/1"))
        #expect(text.contains("tiff:Make=\"Acme\"") && text.contains("<dc:title>Prater</dc:title>"))
    }

    @Test func aPictureWithoutAPlaceIsLeftAlone() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { $0.stripsLocation = true }
        let id = try library.addItem(NewFakeItem("a.jpg", content: Picture.tiny(1)))
        #expect(try await TestClient(library).download(id).body == Picture.tiny(1))
    }
}
