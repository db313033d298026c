extension RcloneConfig {
    /// Which remote, and under which name it is wanted: `NAME` or `NAME:NEW`.
    public struct Selector: Sendable, Hashable, CustomStringConvertible {
        public var name: String
        /// The new name; nil to keep its own.
        public var newName: String?

        public init(name: String, newName: String? = nil) {
            self.name = name
            self.newName = newName
        }

        /// Reads `NAME`, `NAME:` as rclone prints it, `NAME:NEW` or `NAME:NEW:`.
        ///
        /// Nil where the name is empty, or there is another colon: no remote has one in its name.
        public init?(_ text: String) {
            var parts = text.split(separator: ":", omittingEmptySubsequences: false)
            if parts.count > 1, parts.last == "" { parts.removeLast() }
            guard let name = parts.first, !name.isEmpty, parts.count <= 2, parts.last != "" else { return nil }
            self.init(name: String(name), newName: parts.count == 2 ? String(parts[1]) : nil)
        }

        /// The name that the remote gets.
        public var targetName: String { newName ?? name }

        public var description: String { newName.map { "\(name):\($0)" } ?? name }
    }
}
