/// A file, directory or symbolic link of a source, or one that is to be written to a destination. Content apart.
public struct Record: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        case file, directory, symlink
    }

    public var pathname: Pathname
    public var kind: Kind
    /// Where a symlink points to.
    public var target: String?
    /// Bytes of content; nil where the source does not say.
    public var size: Int64?
    /// The low nine bits of a Unix mode.
    public var permissions: UInt16
    public var modificationTime: Timestamp
    public var mimeType: String?
    /// Changes whenever the content does, as far as the source tells.
    public var fingerprint: String?
    /// What the source knows and the bytes do not.
    public var attributes: [String: String]
    /// How the content differs from the original.
    public var caveats: [Caveat]
    /// Why it could not be read; such a record has no content.
    public var error: ConnectorError?
    /// Whether bytes belong to it.
    public var hasContent: Bool
    /// The hash of the content, in 64 hexadecimal digits, where it is known beforehand: on export only.
    public var sha256: String?

    public init(
        pathname: Pathname, kind: Kind, target: String? = nil, size: Int64? = nil, permissions: UInt16,
        modificationTime: Timestamp, mimeType: String? = nil, fingerprint: String? = nil,
        attributes: [String: String] = [:], caveats: [Caveat] = [], error: ConnectorError? = nil,
        hasContent: Bool = false, sha256: String? = nil
    ) {
        self.pathname = pathname
        self.kind = kind
        self.target = target
        self.size = size
        self.permissions = permissions
        self.modificationTime = modificationTime
        self.mimeType = mimeType
        self.fingerprint = fingerprint
        self.attributes = attributes
        self.caveats = caveats
        self.error = error
        self.hasContent = hasContent
        self.sha256 = sha256
    }

    /// The name of the attribute that holds a record's place among its siblings, from 0, where these have an order of
    /// their own, as the items of an album have. A host that restores sends records in this order.
    public static let orderAttribute = "user.order"

    public static func directory(_ pathname: Pathname, modificationTime: Timestamp) -> Record {
        Record(pathname: pathname, kind: .directory, permissions: 0o700, modificationTime: modificationTime)
    }
}

/// A known difference between a content and the original. Open, as error codes are.
public struct Caveat: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The service strips GPS from photos.
    public static let locationRemoved = Caveat(rawValue: "location-removed")
    /// The service hands out a re-encoded video.
    public static let transcoded = Caveat(rawValue: "transcoded")
    public static let stillProcessing = Caveat(rawValue: "still-processing")
    public static let metadataMissing = Caveat(rawValue: "metadata-missing")
}

/// How the other side is done with a record.
public enum RecordStatus: String, Sendable, Hashable {
    case stored, unchanged, skipped, failed
}
