import ConnectorKit

/// What a source held at one time.
public struct Snapshot: Sendable, Hashable, Identifiable {
    /// 32 hexadecimal digits.
    public var id: String
    /// When its backup began.
    public var time: Timestamp
    /// When it was complete.
    public var finished: Timestamp
    /// The source as the user named it.
    public var source: String
    /// The account; see ``ConnectorIdentity/origin``.
    public var origin: String
    /// The kind of source.
    public var kind: String
    /// The part of the source that was asked for.
    public var root: Pathname
    /// The id of the snapshot before it, of the same source and origin; that one may be forgotten by now.
    public var parent: String?
    /// Files and links.
    public var files: Int
    public var directories: Int
    /// Of content, each file counted.
    public var bytes: Int64
    /// Entries that could not be read.
    public var errors: Int

    /// Its key in the catalog: rises with every snapshot.
    var number: Int64
}

/// A file, directory or link in a snapshot.
public struct SnapshotEntry: Sendable, Hashable {
    /// What the source said of it. Read from a vault, `size` is that of the stored content, `hasContent` says whether
    /// there is one, and `sha256` is nil: ``object`` tells it.
    public var record: Record
    /// The content; nil where there is none.
    public var object: ObjectID?
    /// As the snapshot before has it, since the source could not list or read it now.
    public var isCarried: Bool
    /// Where the catalog has just this already, in another snapshot.
    var row: Row?

    struct Row: Sendable, Hashable {
        var directory: Int64
        var item: Int64
    }

    public init(record: Record, object: ObjectID? = nil, isCarried: Bool = false) {
        self.record = record
        self.object = object
        self.isCarried = isCarried
    }
}
