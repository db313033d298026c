import ConnectorKit

/// What the mirror knows of a file or link in its folder: what the source said, and how the file was right after.
struct MirrorEntry: Sendable, Hashable {
    /// How the mirror stands to a file.
    enum Standing: Int64, Sendable, Hashable {
        /// The mirror wrote it.
        case written = 0
        /// It was there, and is what the source has. It is never removed.
        case recognised = 1
        /// It was there, and is something else. It is left alone, and the source's content is not read again to see
        /// that, as long as neither changes.
        case refused = 2
    }

    var place: Pathname
    var standing: Standing
    /// Of the source.
    var fingerprint: String?
    /// Of a link.
    var target: String?
    var size: Int64
    var modificationTime: Timestamp
    /// Nil where nobody read it.
    var sha256: String?

    init(
        place: Pathname, standing: Standing, fingerprint: String?, target: String? = nil, status: FileStatus,
        sha256: String? = nil
    ) {
        self.init(
            place: place, standing: standing, fingerprint: fingerprint, target: target, size: status.size,
            modificationTime: status.modificationTime, sha256: sha256)
    }

    init(
        place: Pathname, standing: Standing, fingerprint: String?, target: String?, size: Int64,
        modificationTime: Timestamp, sha256: String?
    ) {
        self.place = place
        self.standing = standing
        self.fingerprint = fingerprint
        self.target = target
        self.size = size
        self.modificationTime = modificationTime
        self.sha256 = sha256
    }

    /// For the source, to know its content by.
    var held: HeldContent? { sha256.flatMap { HeldContent(sha256: $0, size: size) } }

    /// Whether nobody touched the file since.
    func matches(_ found: FileStatus) -> Bool {
        if let target { return found.target == target }
        return found.kind == .file && found.size == size && found.modificationTime.isSame(as: modificationTime)
    }
}

extension Timestamp {
    /// Whether a file system that keeps times less exactly would keep the same for both: whole seconds on many, two
    /// seconds on FAT.
    func isSame(as other: Timestamp) -> Bool {
        if self == other { return true }
        return (nanoseconds == 0 || other.nanoseconds == 0) && abs(seconds - other.seconds) < 2
    }
}

/// A file or link that is complete under a temporary name, and is to get its own.
struct PendingFile: Sendable, Hashable {
    var temporary: String
    var entry: MirrorEntry
    /// Whether something else was there before.
    var isChange = false
}
