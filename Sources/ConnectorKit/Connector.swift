/// What a connector says of itself after it was set up.
public struct ConnectorIdentity: Sendable, Hashable {
    /// The account; the same in every run against it.
    public var origin: String
    /// The kind of source, such as `googlephotos`.
    public var kind: String
    /// The part of the source that the location names.
    public var root: Pathname
    /// Words for the host, such as `stream`.
    public var flags: [String]

    public init(origin: String, kind: String, root: Pathname, flags: [String] = []) {
        self.origin = origin
        self.kind = kind
        self.root = root
        self.flags = flags
    }
}

/// What the host tells of itself.
public struct ConnectorOptions: Sendable, Hashable {
    public var hostname: String
    public var os: String
    public var arch: String
    public var workingDirectory: String
    /// The most transfers at a time.
    public var maxConcurrency: Int
    /// Globs of what the host will not take.
    public var excludes: [String]
    /// Whether the host keeps the state of an import: one that hands back none then has nothing of this source yet.
    public var keepsState: Bool
    /// Whether the host says when it has sent all records of an export. One that only ends its stream may have been
    /// stopped in the midst: what did not come is not gone then.
    public var tellsEnd: Bool

    public init(
        hostname: String = "", os: String = "linux", arch: String = "", workingDirectory: String = "",
        maxConcurrency: Int = 16, excludes: [String] = [], keepsState: Bool = false, tellsEnd: Bool = true
    ) {
        self.hostname = hostname
        self.os = os
        self.arch = arch
        self.workingDirectory = workingDirectory
        self.maxConcurrency = maxConcurrency
        self.excludes = excludes
        self.keepsState = keepsState
        self.tellsEnd = tellsEnd
    }
}

public protocol Connector: Sendable {
    var identity: ConnectorIdentity { get }

    /// Checks that the account can be reached, and read or written.
    func ping() async throws

    /// The host closes the session in order: what it was to keep is as safe by now as it will be. Comes before ``close()``,
    /// and not at all where the host went away or gave up: then nobody knows what it has.
    ///
    /// Takes a second at most; what is not done by then is cut short.
    func acknowledged() async

    /// Saves what must outlive the process. Called once, last.
    func close() async throws

    /// What it asked of its service so far, by name: `api_requests`, `bytes_downloaded`, `bytes_uploaded`.
    func counters() async -> [String: Int64]
}

extension Connector {
    /// Nothing waits for it, unless a connector gives something up that the host has to have first.
    public func acknowledged() async {}
    /// Nothing is counted unless a connector counts.
    public func counters() async -> [String: Int64] { [:] }
}

/// A source: it tells what is there and hands out the content that the host wants.
public protocol Importer: Connector {
    /// Sends a record for everything there is: a directory before what is in it, each pathname once.
    ///
    /// What could not be listed is a record with an error; where the whole listing fails, this throws.
    /// - Parameter state: what an earlier import returned, where the host kept it.
    /// - Returns: the state for the next import; nil for none, or for the same after ``RecordSink/hasAll(of:)`` was true.
    func importRecords(state: String?, to sink: any RecordSink) async throws -> String?
}

/// Where an importer's records go.
public protocol RecordSink: Sendable {
    /// Hands one record to the host; waits while the host has too many without a result.
    /// - Parameter content: nil where the record has none.
    func emit(_ record: Record, content: (any ContentSource)?) async throws

    /// Tells what stands for everything that is about to be emitted, and asks whether the host has just that, from an
    /// earlier import that told the same. Called before the first record, or never; the last call counts.
    ///
    /// As the fingerprint of a record stands for its content, this one stands for all records: whatever is another in any
    /// of them, or missing, or new, makes it another one. A `size` alone does not: a host knows those that it has.
    /// - Returns: true where the host has all of it: then nothing is to be emitted.
    func hasAll(of fingerprint: String) async -> Bool
}

extension RecordSink {
    /// Nothing is known of earlier imports, unless the wire has a way to tell.
    public func hasAll(of fingerprint: String) async -> Bool { false }
}

/// A destination: it takes records and makes them exist there.
public protocol Exporter: Connector {
    /// An export begins; a session may have several, one after the other.
    /// - Throws: where nothing can be stored at all: the export ends with this one error.
    func beginStoring() async throws

    /// Stores one record. Returns when the outcome is true and not when it is likely: an item is committed by then.
    ///
    /// Several run at a time. The content is read to its end, or given up by `close`; its last read fails where length
    /// or hash are not what was promised, so nothing may become visible before that read has returned nil.
    /// Records are begun in their order as far as a directory is done before what follows it begins.
    /// - Parameter sequence: 1, 2, 3, ... in the order in which the host sent the records; every number comes.
    func store(_ record: Record, sequence: Int, content: (any ContentReader)?) async -> RecordOutcome

    /// A record of this number came and could not even be read: nothing is stored for it.
    func pass(sequence: Int) async

    /// No more records come: what waits for company (a batch) must not wait longer.
    func finishStoring() async

    /// Every record has its outcome: the last work of an export, before the host is told that it is over.
    /// - Throws: where the export as a whole has failed, whatever became of its records.
    func endStoring() async throws
}

extension Exporter {
    /// Nothing to do, unless an exporter counts on the order of the records.
    public func beginStoring() async throws {}
    public func pass(sequence: Int) async {}
    /// Nothing to do, unless an exporter has work that concerns all records.
    public func endStoring() async throws {}
}

/// What became of a record at its destination.
public struct RecordOutcome: Sendable, Hashable {
    public var status: RecordStatus
    /// What the destination says of it, such as its id there.
    public var attributes: [String: String]
    /// Why, where it was skipped or failed.
    public var error: ConnectorError?

    private init(_ status: RecordStatus, attributes: [String: String], error: ConnectorError?) {
        self.status = status
        self.attributes = attributes
        self.error = error
    }

    public static func stored(_ attributes: [String: String] = [:]) -> RecordOutcome {
        RecordOutcome(.stored, attributes: attributes, error: nil)
    }
    public static func unchanged(_ attributes: [String: String] = [:]) -> RecordOutcome {
        RecordOutcome(.unchanged, attributes: attributes, error: nil)
    }
    public static func skipped(_ error: ConnectorError) -> RecordOutcome {
        RecordOutcome(.skipped, attributes: [:], error: error)
    }
    public static func failed(_ error: ConnectorError) -> RecordOutcome {
        RecordOutcome(.failed, attributes: [:], error: error)
    }
}

/// What a connector may say at any time.
public protocol ConnectorReporter: Sendable {
    func progress(_ progress: Progress)
    func log(_ level: LogLevel, _ message: String, pathname: Pathname?)
    /// What a person has to do for the work to go on, which waits for it, and the page where they can.
    func ask(_ message: String, link: String)
    /// Settings that changed and that the host must keep, such as a renewed token.
    func configChanged(_ values: [String: String])
}

extension ConnectorReporter {
    /// A line with the link at its end, where a reporter has no better way.
    public func ask(_ message: String, link: String) { log(.info, "\(message) \(link)", pathname: nil) }
}

public struct Progress: Sendable, Hashable {
    /// What is going on, such as `listing`.
    public var phase: String
    public var items: Int
    public var itemsTotal: Int?
    public var bytes: Int64
    public var bytesTotal: Int64?

    public init(phase: String, items: Int = 0, itemsTotal: Int? = nil, bytes: Int64 = 0, bytesTotal: Int64? = nil) {
        self.phase = phase
        self.items = items
        self.itemsTotal = itemsTotal
        self.bytes = bytes
        self.bytesTotal = bytesTotal
    }
}

public enum LogLevel: String, Sendable, Hashable, Comparable {
    case debug, info, warning, error

    private var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}
