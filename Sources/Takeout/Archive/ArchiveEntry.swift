import ConnectorKit

/// A file in a part: where its bytes are, and how they are packed.
struct ArchiveEntry: Sendable, Hashable {
    enum Method: Int, Sendable, Hashable {
        case stored = 0
        case deflated = 8
    }

    /// Path within the export, `/`-separated, in NFC.
    var path: String
    /// In a zip, of the local header; in a tar, of the content after decompression; else 0.
    var offset: Int64 = 0
    /// In a zip, the packed length.
    var packedSize: Int64 = 0
    var method = Method.stored
    var size: Int64
    /// Nil where it is not known without reading: in an unpacked export.
    var crc: UInt32?
    var modified = Timestamp.epoch
    /// Why its content cannot be read, although it is there.
    var fault: String?
}

/// What a scan of a part meets: a file, or something that is left out and told.
enum ScannedEntry: Sendable {
    case file(ArchiveEntry)
    case refused(path: String, reason: String)
}

/// Names of entries are input of strangers, whatever made them.
enum EntryName {
    /// A path as it is kept: NFC, without `./` at its start.
    static func normalized(_ path: String) -> String {
        let plain = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return plain.utf8.allSatisfy { $0 < 0x80 } ? plain : plain.precomposedStringWithCanonicalMapping
    }

    /// Why an entry of this path is not taken; nil where it is fine.
    static func fault(of path: String) -> String? {
        if path.isEmpty { return "has no name" }
        if path.utf8.first == UInt8(ascii: "/") { return "has an absolute name" }
        if path.utf8.count > 4096 { return "has a name of more than 4096 bytes" }
        for part in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.isEmpty { return "has an empty part in its name" }
            if part.elementsEqual("..".utf8) || part.elementsEqual(".".utf8) {
                return "has a name that leads elsewhere"
            }
        }
        if path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "has a control character in its name" }
        return nil
    }
}
