import ConnectorKit
import FakePhotos
import Foundation
import SeededRandom
import TakeoutSupport
import Testing

@testable import Takeout

/// Bytes of the formats that tell something, made by hand.
enum Formats {
    /// A TIFF structure with one date, and an offset from UTC where one is given.
    static func exif(_ date: String, offset: String? = nil, isLittle: Bool = true) -> [UInt8] {
        var out = Array((isLittle ? "II" : "MM").utf8)
        func put(_ value: Int, _ count: Int) {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            out += isLittle ? bytes : bytes.reversed()
        }
        func entry(_ tag: Int, type: Int, count: Int, _ value: Int) {
            put(tag, 2)
            put(type, 2)
            put(count, 4)
            put(value, 4)
        }
        put(42, 2)
        put(8, 4)
        // One entry that leads to the Exif directory at 26.
        put(1, 2)
        entry(0x8769, type: 4, count: 1, 26)
        put(0, 4)
        let entries = offset == nil ? 1 : 2
        let texts = 26 + 2 + 12 * entries + 4
        put(entries, 2)
        entry(0x9003, type: 2, count: 20, texts)
        if offset != nil { entry(0x9011, type: 2, count: 7, texts + 20) }
        put(0, 4)
        out += Array(date.utf8) + [0]
        if let offset { out += Array(offset.utf8) + [0] }
        return out
    }

    static func big(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func jpeg(_ exif: [UInt8]?, width: Int = 640, height: Int = 480, rest: Int = 0) -> [UInt8] {
        var out: [UInt8] = [0xFF, 0xD8]
        if let exif { out += [0xFF, 0xE1] + big(exif.count + 8, 2) + Array("Exif\0\0".utf8) + exif }
        out += [0xFF, 0xC0] + big(11, 2) + [8] + big(height, 2) + big(width, 2) + [1, 1, 0x11, 0]
        return out + [0xFF, 0xDA, 0, 2] + [UInt8](repeating: 7, count: rest) + [0xFF, 0xD9]
    }

    static func png(_ exif: [UInt8]) -> [UInt8] {
        func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
            big(data.count, 4) + Array(type.utf8) + data + [0, 0, 0, 0]
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", big(320, 4) + big(200, 4) + [8, 2, 0, 0, 0]) + chunk("eXIf", exif) + chunk("IDAT", [1])
    }

    static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
        big(content.count + 8, 4) + Array(type.utf8) + content
    }

    /// - Parameter media: bytes between the brand and the header, which is behind them.
    static func mp4(_ time: Int, media: Int = 0) -> [UInt8] {
        let header = box("mvhd", [0, 0, 0, 0] + big(time + 2_082_844_800, 4) + [UInt8](repeating: 0, count: 80))
        let track = box("tkhd", [UInt8](repeating: 0, count: 76) + big(1920 << 16, 4) + big(1080 << 16, 4))
        return box("ftyp", Array("isom".utf8) + big(0, 4)) + box("mdat", [UInt8](repeating: 1, count: media))
            + box("moov", header + box("trak", track))
    }

    static func heic(_ exif: [UInt8]) -> [UInt8] {
        let tile = box("ispe", big(0, 4) + big(512, 4) + big(512, 4))
        let whole = box("ispe", big(0, 4) + big(4032, 4) + big(3024, 4))
        return box("ftyp", Array("heic".utf8) + big(0, 4)) + box("meta", big(0, 4) + tile + whole)
            + box("mdat", big(6, 4) + Array("Exif\0\0".utf8) + exif)
    }
}

@Suite struct ContentFactsTests {
    private func facts(_ bytes: [UInt8]) throws -> ContentFacts {
        let scratch = try Scratch()
        let file = try RandomAccessFile(path: try scratch.write(bytes, to: "a"))
        let plain = try ContentFacts(ContentHead(.file(file, start: 0, size: Int64(bytes.count))))
        // As a packed content is read, as far as that goes.
        let stream = try ContentFacts(ContentHead(.stream(FileStream(file, expected: Int64(bytes.count)))))
        if bytes.count < ContentHead.limit { #expect(plain == stream) }
        return plain
    }

    @Test(arguments: [true, false]) func aPictureSaysWhenItWasTaken(_ isLittle: Bool) throws {
        let exif = Formats.exif("2019:07:14 18:30:05", isLittle: isLittle)
        let expected = Timestamp("2019-07-14T18:30:05Z")
        for bytes in [Formats.jpeg(exif), Formats.png(exif), Formats.heic(exif)] {
            #expect(try facts(bytes).taken == expected)
            #expect(try !facts(bytes).isOfVideo)
        }
        #expect(try facts(Formats.jpeg(exif)).width == 640 && facts(Formats.jpeg(exif)).height == 480)
        #expect(try facts(Formats.png(exif)).width == 320)
        #expect(try facts(Formats.heic(exif)).width == 4032)
    }

    @Test func anOffsetFromUTCCounts() throws {
        let exif = Formats.exif("2019:07:14 18:30:05", offset: "+02:00")
        #expect(try facts(Formats.jpeg(exif)).taken == Timestamp("2019-07-14T16:30:05Z"))
    }

    @Test func aClockThatWasNeverSetSaysNothing() throws {
        for date in ["0000:00:00 00:00:00", "    :  :     :  :  ", "nonsense, nineteen."] {
            #expect(try facts(Formats.jpeg(Formats.exif(date))).taken == nil)
        }
        #expect(try facts(Formats.jpeg(nil)).taken == nil)
        #expect(try facts(Formats.mp4(-2_082_844_800)).taken == nil)
    }

    @Test func aVideoSaysItAtItsEndToo() throws {
        let near = try facts(Formats.mp4(1_563_128_905))
        #expect(near.taken == Timestamp(seconds: 1_563_128_905) && near.isOfVideo)
        #expect(near.width == 1920 && near.height == 1080)
        // What is not packed is reached behind the media; what is, is not.
        let bytes = Formats.mp4(1_563_128_905, media: 3 << 20)
        #expect(try facts(bytes).taken == Timestamp(seconds: 1_563_128_905))
        let scratch = try Scratch()
        let file = try RandomAccessFile(path: try scratch.write(bytes, to: "a"))
        let packed = try ContentFacts(ContentHead(.stream(FileStream(file, expected: Int64(bytes.count)))))
        #expect(packed.taken == nil)
    }

    @Test func whatTheFakeMakesIsUnderstood() throws {
        let library = try FakeLibrary(options: FakeOptions())
        for kind in [MediaKind.jpeg, .png, .heic, .mp4, .mov, .webp, .gif] {
            var new = NewFakeItem("a")
            new.kind = kind
            let id = try library.addItem(new)
            let bytes = try #require(library.content(ofItem: id))
            let found = try facts(bytes)
            #expect(found.width > 0 && found.height > 0, "\(kind)")
        }
    }

    @Test func noDamageMakesItCrash() throws {
        let exif = Formats.exif("2019:07:14 18:30:05", offset: "+02:00")
        let samples = [Formats.jpeg(exif), Formats.png(exif), Formats.heic(exif), Formats.mp4(1_563_128_905), exif]
        for seed in 1...400 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            var bytes = samples[Int(seed) % samples.count]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            _ = try facts(bytes)
        }
    }
}
