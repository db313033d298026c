import ConnectorKit
import SwiftProtobuf

extension Plakar_Connectors_Record {
    /// A record of a source as Plakar takes it.
    init(_ record: Record, hasContent: Bool) {
        self.init()
        hasReader_p = hasContent
        pathname = record.pathname.string
        if let error = record.error { self.error = error.sentence }
        if let target = record.target { self.target = target }
        fileInfo = Plakar_Connectors_FileInfo(record)
    }

    /// What Plakar wants to have stored.
    /// - Throws: ``ConnectorError`` where a destination cannot be asked to store such a thing.
    func record() throws(ConnectorError) -> Record {
        if isXattr {
            throw ConnectorError(.unsupported, "extended attributes are not stored")
        }
        if !error.isEmpty { throw ConnectorError(.rejected, "the host could not read it: \(error)") }
        let kind: Record.Kind =
            switch fileInfo.mode & GoFileMode.kind {
            case 0: .file
            case GoFileMode.directory: .directory
            case GoFileMode.symlink: .symlink
            default: throw ConnectorError(.unsupported, "it is neither a file, a directory nor a link")
            }
        // Where the snapshot is of another source, its names need not be in the form that pathnames have here.
        return Record(
            pathname: try Pathname(pathname.precomposedStringWithCanonicalMapping), kind: kind,
            target: kind == .symlink ? target : nil,
            size: hasFileInfo && kind == .file && fileInfo.size >= 0 ? fileInfo.size : nil,
            permissions: UInt16(fileInfo.mode & GoFileMode.permissions),
            modificationTime: Timestamp(seconds: fileInfo.modTime.seconds, nanoseconds: fileInfo.modTime.nanos),
            hasContent: hasReader_p)
    }
}

extension Plakar_Connectors_FileInfo {
    /// - A record that has all of this in common with the one in the snapshot before is not read again; a size of -1 is
    ///   in common with any.
    fileprivate init(_ record: Record) {
        self.init()
        name = record.pathname.isRoot ? "/" : record.pathname.name
        mode = UInt32(record.permissions)
        switch record.kind {
        case .file:
            size = record.size ?? -1
        case .directory:
            mode |= GoFileMode.directory
        case .symlink:
            mode |= GoFileMode.symlink
            size = Int64(record.target?.utf8.count ?? 0)
        }
        modTime = Google_Protobuf_Timestamp(
            seconds: record.modificationTime.seconds, nanos: record.modificationTime.nanoseconds)
        dev = 1
        // The only field in which a content can say that it changed while its name, time and size did not.
        ino = record.fingerprint.map(Self.number) ?? 0
        nlink = 1
    }

    /// FNV-1a of 64 bits: the same in every run.
    private static func number(of fingerprint: String) -> UInt64 {
        fingerprint.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
