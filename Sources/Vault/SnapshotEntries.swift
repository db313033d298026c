import ConnectorKit

/// The entries of a snapshot below a pathname: a directory before what is in it, in the order of `Pathname`.
///
/// Reads a page at a time, so that the memory it takes depends on the depth of the tree and not on its size.
public struct SnapshotEntries: AsyncSequence, Sendable {
    public typealias Element = SnapshotEntry

    let catalog: Catalog
    let snapshot: Snapshot
    let top: SnapshotEntry
    let isRecursive: Bool

    /// Entries in one page.
    static let pageLength = 256

    public func makeAsyncIterator() -> AsyncIterator {
        let isDirectory = top.record.kind == .directory
        return AsyncIterator(
            sequence: self, single: isDirectory ? nil : top,
            levels: isDirectory ? [Level(directory: top.record.pathname.asDirectory)] : [])
    }

    /// A directory that is being listed.
    fileprivate struct Level {
        let directory: String
        var page: [SnapshotEntry] = []
        var next = 0
        var isLastPage = false

        init(directory: String) { self.directory = directory }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let sequence: SnapshotEntries
        fileprivate var single: SnapshotEntry?
        /// The directories from the top to where the listing is.
        fileprivate var levels: [Level]

        /// How many entries are in memory.
        var held: Int { levels.reduce(0) { $0 + $1.page.count } }

        /// - Throws: ``VaultError``, or `CancellationError`.
        public mutating func next() async throws -> SnapshotEntry? {
            if let entry = single {
                single = nil
                return entry
            }
            while var level = levels.popLast() {
                if level.next == level.page.count {
                    if level.isLastPage { continue }
                    let name = level.page.last?.record.pathname.name ?? ""
                    level.page = try await sequence.catalog.entries(
                        of: sequence.snapshot, in: level.directory, after: name, limit: SnapshotEntries.pageLength)
                    level.next = 0
                    level.isLastPage = level.page.count < SnapshotEntries.pageLength
                    if level.page.isEmpty { continue }
                }
                let entry = level.page[level.next]
                level.next += 1
                levels.append(level)
                if sequence.isRecursive, entry.record.kind == .directory {
                    levels.append(Level(directory: entry.record.pathname.asDirectory))
                }
                return entry
            }
            return nil
        }
    }
}
