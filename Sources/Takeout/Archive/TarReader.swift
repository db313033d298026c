import ConnectorKit

/// Reads a tar from front to back: POSIX ustar and pax, and GNU's long names.
///
/// Format: POSIX.1-2017, `pax`, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
final class TarReader {
    private let cursor: GzipCursor
    /// Content of the last entry that was not read.
    private var unread: Int64 = 0
    private var padding: Int64 = 0
    private var seen: Int64 = 0

    /// The longest pax header or long name; these are read into memory.
    private static let longestHeader: Int64 = 1 << 20

    init(_ cursor: GzipCursor) { self.cursor = cursor }

    private struct Extension {
        var path: String?
        var size: Int64?
        var modified: Timestamp?
    }

    /// The next file; directories are passed over. Nil at the end.
    /// - Throws: ``ConnectorError`` with code `corrupt` where the archive is damaged or cut short.
    func next() throws -> ScannedEntry? {
        var more = Extension()
        while true {
            try cursor.skip(unread + padding)
            (unread, padding) = (0, 0)
            let block = try self.block()
            guard let block else { return nil }
            seen += 1
            if seen > ZipDirectory.mostEntries {
                throw ConnectorError(.rejected, "\(cursor.file.name) has too many entries to be an export")
            }
            let type = block[156]
            guard let written = Self.number(block[124..<136]), written >= 0 else { throw damage }
            // A pax header may speak of the file that follows, not of itself.
            let isHeader = [UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K")].contains(type)
            unread = isHeader ? written : more.size ?? written
            padding = (512 - unread % 512) % 512
            switch type {
            case UInt8(ascii: "x"): try Self.readPax(try header(), into: &more)
            case UInt8(ascii: "g"), UInt8(ascii: "K"): _ = try header()
            case UInt8(ascii: "L"): more.path = Self.text(try header()[...])
            case UInt8(ascii: "5"): more = Extension()
            default: return scanned(block, type: type, more)
            }
        }
    }

    private func scanned(_ block: [UInt8], type: UInt8, _ more: Extension) -> ScannedEntry {
        let path = EntryName.normalized(more.path ?? Self.name(block))
        if let fault = EntryName.fault(of: path) { return .refused(path: path, reason: fault) }
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            let time = Self.number(block[136..<148]).map { Timestamp(seconds: $0) }
            return .file(
                ArchiveEntry(
                    path: path, offset: cursor.position, size: unread, modified: more.modified ?? time ?? .epoch))
        case UInt8(ascii: "2"): return .refused(path: path, reason: "is a symbolic link")
        case UInt8(ascii: "1"): return .refused(path: path, reason: "is a link")
        default: return .refused(path: path, reason: "is no plain file")
        }
    }

    /// The next bytes of the content of the entry that was returned last; nil at its end.
    func content() throws -> [UInt8]? {
        if unread == 0 { return nil }
        let bytes = try cursor.read(Int(min(unread, Int64(pieceLength))))
        if bytes.isEmpty { throw cursor.file.cutShort }
        unread -= Int64(bytes.count)
        return bytes
    }

    /// A header block; nil at the end of the archive, which is a block of zeros.
    private func block() throws -> [UInt8]? {
        var block: [UInt8] = []
        while block.count < 512 {
            let bytes = try cursor.read(512 - block.count)
            if bytes.isEmpty { throw cursor.file.cutShort }
            block += bytes
        }
        if block.allSatisfy({ $0 == 0 }) {
            // To the end of the gzip, so that its checksum is compared.
            while try !cursor.read(pieceLength).isEmpty {}
            return nil
        }
        var sum: Int64 = 0
        for (index, byte) in block.enumerated() { sum += (148..<156).contains(index) ? 32 : Int64(byte) }
        guard Self.number(block[148..<156]) == sum else { throw damage }
        return block
    }

    private func header() throws -> [UInt8] {
        guard unread <= Self.longestHeader else { throw damage }
        var bytes: [UInt8] = []
        while let more = try content() { bytes += more }
        return bytes
    }

    /// Octal digits; or, where the highest bit is set, binary with the highest byte first (GNU).
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        if let first = field.first, first & 0x80 != 0 {
            var value = Int64(first & 0x7F)
            for byte in field.dropFirst() {
                guard value < 1 << 54 else { return nil }
                value = value << 8 | Int64(byte)
            }
            return value
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard digits.count <= 20 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x37).contains(digit), value < 1 << 59 else { return nil }
            value = value * 8 + Int64(digit - 0x30)
        }
        return value
    }

    private static func name(_ block: [UInt8]) -> String {
        let name = text(block[0..<100])
        let isPOSIX = block[257..<263].elementsEqual([0x75, 0x73, 0x74, 0x61, 0x72, 0])
        let prefix = isPOSIX ? text(block[345..<500]) : ""
        return prefix.isEmpty ? name : prefix + "/" + name
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Records of the form `LENGTH KEY=VALUE\n`; the length is that of the whole record.
    private static func readPax(_ bytes: [UInt8], into more: inout Extension) throws {
        var rest = bytes[...]
        while let blank = rest.firstIndex(of: 0x20) {
            guard let length = Int(String(decoding: rest[..<blank], as: UTF8.self)), length > 0, length <= rest.count
            else { return }
            let record = rest.prefix(length).dropLast()
            rest = rest.dropFirst(length)
            guard blank < record.endIndex else { return }
            let field = record[(blank + 1)...]
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = String(decoding: field[(equals + 1)...], as: UTF8.self)
            switch String(decoding: field[..<equals], as: UTF8.self) {
            case "path": more.path = value
            case "size": more.size = Int64(value).flatMap { $0 >= 0 ? $0 : nil }
            case "mtime": more.modified = Double(value).flatMap { Int64(exactly: $0.rounded(.down)) }.map(seconds)
            default: break
            }
        }
    }

    private static func seconds(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

    private var damage: ConnectorError {
        ConnectorError(.corrupt, "\(cursor.file.name) is damaged", hint: "download it again")
    }
}

/// The content of one entry of a tar.
final class TarStream: ByteStream {
    private let cursor: GzipCursor
    private let entry: ArchiveEntry
    private var unread: Int64
    private var crc = CRC32()

    /// - Parameter cursor: at the start of the content or before it.
    init(_ cursor: GzipCursor, entry: ArchiveEntry) throws {
        self.cursor = cursor
        self.entry = entry
        unread = entry.size
        try cursor.skip(entry.offset - cursor.position)
    }

    func next() throws -> [UInt8]? {
        if unread == 0 {
            guard entry.crc == nil || entry.crc == crc.value else {
                throw ConnectorError(.corrupt, "\(entry.path) has changed in \(cursor.file.name)", isRetryable: true)
            }
            return nil
        }
        let bytes = try cursor.read(Int(min(unread, Int64(pieceLength))))
        if bytes.isEmpty { throw cursor.file.cutShort }
        crc.add(bytes)
        unread -= Int64(bytes.count)
        return bytes
    }
}
