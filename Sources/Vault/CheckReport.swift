import ConnectorKit

/// What a check found.
public struct CheckReport: Sendable, Hashable {
    public struct Problem: Sendable, Hashable {
        /// Who needs the content; nil for a damage that is not about one path.
        public var path: String?
        /// The content concerned.
        public var object: ObjectID?
        public var message: String
    }

    public var snapshots = 0
    /// Contents that were looked at.
    public var objects = 0
    /// Their sizes.
    public var bytes: Int64 = 0
    /// Empty where all is well.
    public var errors: [Problem] = []
}
