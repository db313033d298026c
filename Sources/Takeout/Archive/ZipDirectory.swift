import ConnectorKit
import Crypto
import Foundation

/// The central directory of a zip, read from front to back without being held.
///
/// Our own reader and not libzip or libarchive: libarchive reaches an entry only by way of all before it, libzip holds
/// every entry of an archive in memory, and both are parsers of untrusted input in C. The format is small where only what
/// Takeout writes is taken (stored and deflated, zip64), and an entry is opened later by nothing but what the catalog
/// remembers of it. Format: PKWARE, APPNOTE.TXT 6.3.10.
struct ZipDirectory {
    private let file: RandomAccessFile
    private let count: Int64
    private let end: Int64
    private var offset: Int64
    private var buffer: [UInt8] = []
    private var position = 0
    private var seen: Int64 = 0
    /// What all entries so far take in the file.
    private var claimed: Int64 = 0

    /// More files than any export has in one part.
    static let mostEntries: Int64 = 5_000_000

    /// Finds the directory.
    /// - Throws: ``ConnectorError`` with code `corrupt` where it is not there: the archive is cut short.
    init(_ file: RandomAccessFile) throws(ConnectorError) {
        self.file = file
        let tailLength = Int(min(file.size, 22 + 65_535))
        let tailStart = file.size - Int64(tailLength)
        let tail = try file.readExactly(at: tailStart, count: tailLength)
        guard let record = Self.endRecord(in: tail) else { throw file.cutShort }
        var count = Int64(tail.uint16(record + 10))
        var size = Int64(tail.uint32(record + 12))
        var start = Int64(tail.uint32(record + 16))
        if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
            let locatorStart = tailStart + Int64(record) - 20
            let locator = try file.readExactly(at: max(0, locatorStart), count: 20)
            if locatorStart >= 0, locator.uint32(0) == 0x0706_4B50 {
                let wide = try file.readExactly(at: locator.int64(8), count: 56)
                guard wide.uint32(0) == 0x0606_4B50 else { throw file.cutShort }
                count = wide.int64(32)
                size = wide.int64(40)
                start = wide.int64(48)
            }
        }
        guard count >= 0, size >= 0, start >= 0, start <= file.size, size <= file.size - start else {
            throw file.cutShort
        }
        guard count <= Self.mostEntries, count <= size / 46 else {
            throw ConnectorError(.rejected, "\(file.name) claims \(count) entries, which cannot be")
        }
        self.count = count
        offset = start
        end = start + size
    }

    /// The last place in the tail that can be the end record: its comment reaches to the end of the file.
    private static func endRecord(in tail: [UInt8]) -> Int? {
        if tail.count < 22 { return nil }
        return (0...tail.count - 22).last { index in
            tail[index] == 0x50 && tail.uint32(index) == 0x0605_4B50
                && index + 22 + tail.uint16(index + 20) == tail.count
        }
    }

    /// The SHA-256 of the whole directory: it names every entry with its length and CRC-32, and so stands for the archive.
    func digest() throws(ConnectorError) -> String {
        var hash = SHA256()
        var offset = offset
        while offset < end {
            let bytes = try file.readExactly(at: offset, count: Int(min(end - offset, 1 << 20)))
            hash.update(data: bytes)
            offset += Int64(bytes.count)
        }
        return String(hexadecimal: Array(hash.finalize()))
    }

    /// The next file; directories are passed over. Nil at the end.
    mutating func next() throws(ConnectorError) -> ScannedEntry? {
        while seen < count {
            seen += 1
            let header = try take(46)
            guard header.uint32(0) == 0x0201_4B50 else { throw damage }
            let nameBytes = try take(header.uint16(28))
            let extra = try take(header.uint16(30))
            _ = try take(header.uint16(32))
            let isUnix = header[5] == 3
            let mode = isUnix ? header.uint32(38) >> 16 & 0xF000 : 0
            if nameBytes.last == UInt8(ascii: "/") || mode == 0x4000 { continue }
            let path = EntryName.normalized(Self.text(nameBytes))
            if let fault = EntryName.fault(of: path) { return .refused(path: path, reason: fault) }
            if mode == 0xA000 { return .refused(path: path, reason: "is a symbolic link") }
            var entry = ArchiveEntry(
                path: path, offset: Int64(header.uint32(42)), packedSize: Int64(header.uint32(20)),
                size: Int64(header.uint32(24)), crc: header.uint32(16),
                modified: Self.time(date: header.uint16(14), time: header.uint16(12)))
            Self.widen(&entry, extra)
            entry.fault = try check(&entry, flags: header.uint16(8), method: header.uint16(10))
            return .file(entry)
        }
        return nil
    }

    /// - Returns: why the entry cannot be read.
    /// - Throws: where the whole archive is a trap.
    private mutating func check(
        _ entry: inout ArchiveEntry, flags: Int, method: Int
    ) throws(ConnectorError) -> String? {
        guard entry.offset >= 0, entry.packedSize >= 0, entry.size >= 0, entry.offset < file.size,
            entry.packedSize <= file.size - entry.offset
        else { return "points beyond the end of the archive" }
        // Entries that share bytes make a bomb of any size: Fifield, "A better zip bomb", 2019.
        claimed += 30 + Int64(entry.path.utf8.count) + entry.packedSize
        if claimed > file.size {
            throw ConnectorError(.rejected, "\(file.name) is a zip bomb: its entries overlap")
        }
        if flags & 1 != 0 { return "is encrypted" }
        guard let known = ArchiveEntry.Method(rawValue: method) else { return "is packed by method \(method)" }
        entry.method = known
        return PackingRatio.fault(packed: entry.packedSize, unpacked: entry.size)
    }

    /// Lengths and offset of more than 32 bits: extra field 1, only those whose place is full of ones (4.5.3).
    private static func widen(_ entry: inout ArchiveEntry, _ extra: [UInt8]) {
        var index = 0
        while index + 4 <= extra.count {
            let length = extra.uint16(index + 2)
            var field = index + 4
            let next = field + length
            guard next <= extra.count else { return }
            if extra.uint16(index) == 1 {
                func wide(_ value: inout Int64) {
                    guard value == 0xFFFF_FFFF, field + 8 <= next else { return }
                    value = extra.int64(field)
                    field += 8
                }
                wide(&entry.size)
                wide(&entry.packedSize)
                wide(&entry.offset)
            }
            index = next
        }
    }

    /// Takeout writes UTF-8. What is not, was packed by something else: what can be read of it stays.
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// MS-DOS date and time, to two seconds and without a zone.
    private static func time(date: Int, time: Int) -> Timestamp {
        let month = min(max(date >> 5 & 15, 1), 12)
        let day = CivilDate(year: 1980 + date >> 9, month: month, day: max(date & 31, 1))
        let seconds = (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2
        return Timestamp(seconds: Int64(day.daysSinceEpoch) * 86400 + Int64(seconds))
    }

    private mutating func take(_ count: Int) throws(ConnectorError) -> [UInt8] {
        if buffer.count - position < count {
            let rest = Array(buffer[position...])
            let more = min(end - offset, Int64(max(count - rest.count, pieceLength)))
            buffer = rest + (try file.readExactly(at: offset, count: Int(more)))
            offset += more
            position = 0
            guard buffer.count >= count else { throw damage }
        }
        position += count
        return Array(buffer[position - count..<position])
    }

    private var damage: ConnectorError {
        ConnectorError(.corrupt, "the directory of \(file.name) is damaged", hint: "download it again")
    }
}

/// How much a packed content may grow.
enum PackingRatio {
    /// Photos and videos hardly shrink; a drawing of one colour may, and is small.
    private static let usual: Int64 = 250
    private static let harmless: Int64 = 64 << 20

    /// Why a content of these lengths is not unpacked; nil where it is fine.
    static func fault(packed: Int64, unpacked: Int64) -> String? {
        unpacked > harmless && unpacked / usual > packed ? "is a zip bomb: it unpacks to \(unpacked) bytes" : nil
    }
}
