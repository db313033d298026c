/// Where a run stands. Links count as files.
public struct RunProgress: Sendable, Hashable {
    /// Those whose outcome is known, whatever it is.
    public var files = 0
    /// Those that the source has shown so far, of which these are a part; 0 where that is not counted.
    public var filesSeen = 0
    public var filesNew = 0
    /// What had another content before.
    public var filesChanged = 0
    public var filesUnchanged = 0
    /// What could not be read, so that it stays as it was before.
    public var filesCarried = 0
    /// Symbolic links among all of them.
    public var links = 0
    public var bytes: Int64 = 0
    /// Those of contents that were read in this run.
    public var bytesRead: Int64 = 0
    public var errors = 0

    public init() {}

    /// What a file is, against what was there before the run.
    enum Change { case new, changed, unchanged }

    mutating func count(_ change: Change) {
        files += 1
        switch change {
        case .new: filesNew += 1
        case .changed: filesChanged += 1
        case .unchanged: filesUnchanged += 1
        }
    }
}
