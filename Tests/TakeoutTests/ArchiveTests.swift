import CZlib
import ConnectorKit
import Foundation
import SeededRandom
import TakeoutSupport
import Testing

@testable import Takeout

/// A directory of its own, gone with the last reference.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "gphotos-takeout-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    // An open file can still be read.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) } }
    return Array(bytes.prefix(count))
}

extension ByteStream {
    func all() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let more = try next() { bytes += more }
        return bytes
    }
}

@Suite struct ZipTests {
    private func scan(_ writer: ZipWriter) throws -> (RandomAccessFile, [ScannedEntry]) {
        try scan(writer.bytes)
    }

    private func scan(_ bytes: [UInt8]) throws -> (RandomAccessFile, [ScannedEntry]) {
        let scratch = try Scratch()
        let file = try RandomAccessFile(path: try scratch.write(bytes, to: "takeout-001.zip"))
        var directory = try ZipDirectory(file)
        var entries: [ScannedEntry] = []
        while let entry = try directory.next() { entries.append(entry) }
        return (file, entries)
    }

    private func files(_ entries: [ScannedEntry]) -> [ArchiveEntry] {
        entries.compactMap { if case .file(let entry) = $0 { entry } else { nil } }
    }

    @Test(arguments: [false, true])
    func everyEntryIsReadFromItsPlace(_ isZip64: Bool) throws {
        var writer = ZipWriter(
            [
                PackedFile("Takeout/Google Photos/A/ä.jpg", noise(700_000, seed: 1)),
                PackedFile("Takeout/Google Photos/A/b.txt", [UInt8](repeating: 7, count: 1_000_000)),
                PackedFile("Takeout/Google Photos/A/empty", []),
                PackedFile("Takeout/Google Photos/A/c", noise(300_000, seed: 2)),
            ], isZip64: isZip64)
        writer.files[3].isDeflated = false
        let (file, entries) = try scan(writer)
        let found = files(entries)
        #expect(found.map(\.path) == writer.files.map(\.path))
        for (entry, packed) in zip(found, writer.files).reversed() {
            #expect(entry.size == Int64(packed.bytes.count))
            #expect(try ZipStream(file, entry: entry).all() == packed.bytes)
            #expect(entry.modified == Timestamp("2024-05-06T12:00:00Z"))
        }
    }

    @Test func aWrongChecksumOrLengthIsNoticedAtTheEnd() throws {
        var writer = ZipWriter([PackedFile("a", noise(5000, seed: 3)), PackedFile("b", noise(5000, seed: 4))])
        writer.files[0].hasWrongChecksum = true
        writer.files[1].claimedSize = 4000
        let (file, entries) = try scan(writer)
        for entry in files(entries) {
            let error = #expect(throws: ConnectorError.self) { try ZipStream(file, entry: entry).all() }
            #expect(error?.code == .corrupt)
        }
    }

    @Test func aDamagedContentIsNoticed() throws {
        var bytes = ZipWriter([PackedFile("a", [UInt8](repeating: 1, count: 100_000))]).bytes
        bytes[40] ^= 0xFF
        let (file, entries) = try scan(bytes)
        let entry = try #require(files(entries).first)
        #expect(throws: ConnectorError.self) { try ZipStream(file, entry: entry).all() }
    }

    @Test func anArchiveThatIsCutShortSaysSo() throws {
        let bytes = ZipWriter([PackedFile("a", noise(5000, seed: 3)), PackedFile("b", "b")]).bytes
        for length in [0, 10, 4000, bytes.count - 30, bytes.count - 1] {
            let error = #expect(throws: ConnectorError.self) { try self.scan(Array(bytes.prefix(length))) }
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains("cut short") == true, "\(length): \(error?.message ?? "")")
        }
    }

    @Test func namesThatLeadElsewhereAndLinksAreRefusedAndTheRestGoesOn() throws {
        var writer = ZipWriter(
            ["../evil", "/etc/passwd", "a/../../b", "a//b", "a\u{1}b", "link", "good"].map { PackedFile($0, "x") })
        writer.files[5].isSymlink = true
        let (_, entries) = try scan(writer)
        #expect(files(entries).map(\.path) == ["good"])
        #expect(entries.count == 7)
    }

    @Test func whatIsEncryptedIsThereAndCannotBeRead() throws {
        var writer = ZipWriter([PackedFile("a", "secret"), PackedFile("b", "plain")])
        writer.files[0].isEncrypted = true
        let (_, entries) = try scan(writer)
        #expect(files(entries).map(\.fault) == ["is encrypted", nil])
    }

    @Test func bombsAreRefused() throws {
        var big = PackedFile("big", [UInt8](repeating: 0, count: 100))
        big.claimedSize = 10 << 30
        let (_, entries) = try scan(ZipWriter([big]))
        #expect(files(entries).first?.fault?.contains("bomb") == true)
        var overlapping = ZipWriter((0..<50).map { PackedFile("\($0)", noise(1000, seed: 9)) })
        overlapping.sharesContent = true
        let error = #expect(throws: ConnectorError.self) { try self.scan(overlapping) }
        #expect(error?.code == .rejected)
        var crowded = ZipWriter([PackedFile("a", "a")]).bytes
        crowded[crowded.count - 12] = 0xF0
        #expect(throws: ConnectorError.self) { try self.scan(crowded) }
    }

    @Test func noDamageMakesItCrash() throws {
        let bytes = ZipWriter(
            [PackedFile("a/b.jpg", noise(600, seed: 1)), PackedFile("a/c.jpg", "text")], isZip64: true
        )
        .bytes
        for seed in 1...300 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
            do {
                let (file, entries) = try scan(damaged)
                for entry in files(entries) where entry.fault == nil { _ = try ZipStream(file, entry: entry).all() }
            } catch is ConnectorError {}
        }
    }
}

@Suite struct TarTests {
    private func file(_ bytes: [UInt8]) throws -> RandomAccessFile {
        let scratch = try Scratch()
        return try RandomAccessFile(path: try scratch.write(bytes, to: "takeout-001.tgz"))
    }

    private func scan(_ file: RandomAccessFile) throws -> (entries: [ScannedEntry], points: [RestartPoint]) {
        let cursor = GzipCursor(file)
        var points: [RestartPoint] = []
        cursor.onRestartPoint = { points.append($0) }
        let tar = TarReader(cursor)
        var entries: [ScannedEntry] = []
        while let entry = try tar.next() { entries.append(entry) }
        return (entries, points)
    }

    private func files(_ entries: [ScannedEntry]) -> [ArchiveEntry] {
        entries.compactMap { if case .file(let entry) = $0 { entry } else { nil } }
    }

    @Test(arguments: TarWriter.LongNames.allCases, [1, 3])
    func entriesHaveTheirNamesAndContents(_ longNames: TarWriter.LongNames, _ members: Int) throws {
        let long = "Takeout/Google Photos/" + String(repeating: "ö", count: 50) + "/IMG_1.jpg"
        let packed = [
            PackedFile("a.jpg", noise(70_000, seed: 1)), PackedFile(long, noise(1000, seed: 2)),
            PackedFile("empty", []),
            PackedFile("z.json", "{}"),
        ]
        let file = try file(TarWriter(packed, longNames: longNames).bytes(members: members))
        let found = files(try scan(file).entries)
        #expect(found.map(\.path) == packed.map(\.path))
        for (entry, packed) in zip(found, packed).reversed() {
            #expect(try TarStream(GzipCursor(file), entry: entry).all() == packed.bytes)
            #expect(entry.modified == Timestamp(seconds: packed.modified))
        }
    }

    @Test(arguments: [0, 1, 6] as [Int32])
    func everyEntryIsReachedFromTheNearestRestartPoint(_ level: Int32) throws {
        // Half noise, half text, so that there are stored and packed blocks.
        let packed = (0..<40).map { index in
            PackedFile(
                "\(index)", noise(600_000, seed: UInt64(index)) + [UInt8](repeating: UInt8(index), count: 1 << 20))
        }
        let file = try file(TarWriter(packed).bytes(level: level, members: 2))
        let (entries, points) = try scan(file)
        #expect(points.count >= 3)
        #expect(points.allSatisfy { $0.window.count <= 32768 })
        for (entry, packed) in zip(files(entries), packed).reversed() {
            let point = points.last { $0.output <= entry.offset }
            let cursor = try point.map { try GzipCursor(file, at: $0) } ?? GzipCursor(file)
            #expect(try TarStream(cursor, entry: entry).all() == packed.bytes)
        }
    }

    @Test func whatIsBeforeTheCutIsReadAndTheCutIsTold() throws {
        let bytes = TarWriter([PackedFile("a", noise(50_000, seed: 1)), PackedFile("b", noise(50_000, seed: 2))])
            .bytes()
        let tar = TarReader(GzipCursor(try file(Array(bytes.prefix(70_000)))))
        guard case .file(let first)? = try tar.next() else { throw ConnectorError(.notFound, "no entry") }
        #expect(first.path == "a")
        let error = #expect(throws: ConnectorError.self) { while try tar.next() != nil {} }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("cut short") == true)
    }

    @Test func aWrongChecksumOfTheWholeIsNoticed() throws {
        var bytes = TarWriter([PackedFile("a", noise(50_000, seed: 1))]).bytes()
        bytes[bytes.count - 8] ^= 1
        let damaged = try file(bytes)
        #expect(throws: ConnectorError.self) { _ = try self.scan(damaged) }
    }

    @Test func linksAndNamesThatLeadElsewhereAreRefused() throws {
        var packed = ["../evil", "/abs", "link", "good"].map { PackedFile($0, "x") }
        packed[2].isSymlink = true
        let (entries, _) = try scan(try file(TarWriter(packed).bytes()))
        #expect(files(entries).map(\.path) == ["good"])
        #expect(entries.count == 4)
    }

    @Test func itReadsWhatTarWrites() throws {
        let scratch = try Scratch()
        let content = noise(400_000, seed: 5)
        let long = String(repeating: "d", count: 70) + "/" + String(repeating: "e", count: 70)
        try scratch.write(content, to: "in/Takeout/\(long)/ü.jpg")
        for format in ["gnu", "pax", "ustar"] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = [
                "-c", "cd '\(scratch.path)/in' && tar --format=\(format) -czf ../\(format).tgz Takeout",
            ]
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
            let file = try RandomAccessFile(path: "\(scratch.path)/\(format).tgz")
            let entry = try #require(files(try scan(file).entries).first)
            #expect(entry.path == "Takeout/\(long)/ü.jpg")
            #expect(try TarStream(GzipCursor(file), entry: entry).all() == content)
        }
    }

    @Test func noDamageMakesItCrash() throws {
        let tar = TarWriter([
            PackedFile("a/b.jpg", noise(600, seed: 1)), PackedFile(String(repeating: "n", count: 150), "t"),
        ])
        let bytes = tar.bytes(level: 0)
        for seed in 1...300 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do { _ = try scan(try file(damaged)) } catch is ConnectorError {}
        }
    }
}
