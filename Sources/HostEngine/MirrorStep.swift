import ConnectorKit

/// What is to be done with a record that the source has, given what the mirror knows and what is in the folder.
enum MirrorStep: Sendable, Hashable {
    case unchanged
    /// The file is what the source has, as far as size and time tell: from now on it is known.
    case recognise(FileStatus)
    /// To be written, in place of nothing or of what nobody touched since the mirror wrote it.
    case write(replacing: FileStatus?)
    /// The size fits and the time does not: to be read, and compared with what the mirror wrote.
    case reread(MirrorEntry, FileStatus)
    /// What the mirror knows is unchanged, and its content is to be read all the same.
    case refresh(FileStatus)
    /// Nothing tells whether the file is what the source has: the content is read, and compared.
    case compare(FileStatus)
    case refuse(ConnectorError)

    /// - Parameters:
    ///   - known: what the mirror knows of the place.
    ///   - found: what has the name now.
    static func next(for record: Record, known: MirrorEntry?, found: FileStatus?) -> MirrorStep {
        guard let found else { return .write(replacing: nil) }
        if found.kind != .file, found.kind != .symlink { return .refuse(taken) }
        guard let known else { return nextForUnknown(record, found) }
        if known.matches(found) {
            let isSame =
                record.kind == .symlink
                ? known.target == record.target
                : known.target == nil && record.fingerprint != nil && known.fingerprint == record.fingerprint
            if known.standing == .refused { return isSame ? .refuse(taken) : nextForUnknown(record, found) }
            return isSame ? .unchanged : .write(replacing: found)
        }
        if known.standing == .refused { return nextForUnknown(record, found) }
        if found.kind == .file, known.target == nil, known.sha256 != nil, found.size == known.size {
            return .reread(known, found)
        }
        return .refuse(changed)
    }

    private static func nextForUnknown(_ record: Record, _ found: FileStatus) -> MirrorStep {
        if record.kind == .symlink {
            return found.target == record.target ? .recognise(found) : .refuse(taken)
        }
        guard found.kind == .file, record.size ?? found.size == found.size else { return .refuse(taken) }
        // A time alone says too little: a size is needed too.
        let isSame = record.size != nil && found.modificationTime.isSame(as: record.modificationTime)
        return isSame ? .recognise(found) : .compare(found)
    }

    static let taken = ConnectorError(
        .rejected, "another file has its name, and is left as it is",
        hint: "move it away: the next run writes the library's there")
    static let changed = ConnectorError(
        .rejected, "it was changed here since it was written, and is left as it is",
        hint: "move it away: the next run writes the library's there")
}
