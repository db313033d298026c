import ConnectorKit
import PluginJSONL
import Synchronization
import Vault

/// Compares a folder with a source. Nothing is opened at the source; files are read only where that tells something.
public final class FolderComparison: Sendable {
    /// What is known of a record beside what every record has.
    public struct Knowledge: Sendable {
        public var sha256: String?
        public var size: Int64?
        /// As the source calls it, where its name in the pathname is another.
        public var name: String?
        public var dimensions: ImageDimensions?

        public init() {}
    }

    private let link: ConnectorLink
    private let folder: LocalFolder
    /// Of the folder, where it is a mirror: it knows hashes on both sides.
    private let index: MirrorIndex
    private let isIgnored: @Sendable (Pathname) -> Bool
    private let know: @Sendable (Record) throws -> Knowledge
    private let observer: any RunObserver
    private let listed = Mutex(Listed())

    fileprivate struct Listed {
        var items: [LibraryItem] = []
        /// By what tells an item: its fingerprint.
        var numbers: [String: Int] = [:]
        var errors = 0
    }

    /// - Parameters:
    ///   - path: of the folder.
    ///   - isIgnored: whether a file, by its path below the folder, is beside the point, in the folder and in the source.
    ///   - know: tells of a file of the source what is known of it elsewhere.
    ///   - warn: told where the folder is a mirror whose index is damaged.
    /// - Throws: ``VaultError`` where the folder cannot be opened.
    public init(
        link: ConnectorLink, folder path: String, observer: any RunObserver,
        ignoring isIgnored: @escaping @Sendable (Pathname) -> Bool = { _ in false },
        warn: (String) -> Void = { _ in },
        know: @escaping @Sendable (Record) throws -> Knowledge
    ) throws {
        self.link = link
        self.isIgnored = isIgnored
        self.know = know
        self.observer = observer
        folder = try LocalFolder(opening: path)
        index = try MirrorIndex(reading: folder, warn: warn)
    }

    /// - Returns: the comparison, and how many directories of the source could not be listed: what is in those is not
    ///   among the missing.
    public func run() async throws -> (comparison: Comparison, errors: Int) {
        defer { index.close() }
        _ = try await link.records { record in try self.take(record) }
        let (items, errors) = listed.withLock { listed in
            defer { listed = Listed() }
            return (listed.items, listed.errors)
        }
        var matcher = ComparisonMatcher(items: items, root: link.identity.root)
        try folder.root.walk { directory, path, name, status in
            guard status.kind == .file, !name.hasPrefix(MirrorIndex.reserved) else { return }
            if let place = try? Pathname(path), isIgnored(place) { return }
            let file = ComparedFile(path: path, size: status.size, modificationTime: status.modificationTime)
            matcher.add(file) {
                if let known = try? known(at: path), known.matches(status), let hash = known.sha256 { return hash }
                return directory.sha256(of: name)
            } dimensions: {
                directory.dimensions(of: name)
            }
        }
        return (matcher.finish(), errors)
    }

    private func known(at path: String) throws -> MirrorEntry? {
        guard let place = try? Pathname(path) else { return nil }
        return try index.rows(at: [place])[place]?.entry
    }

    private func take(_ record: Record) throws {
        if record.kind == .directory, let error = record.error {
            observer.failed(record.pathname, error)
            listed.withLock { $0.errors += 1 }
        }
        guard record.kind == .file, let place = try link.identity.root.place(of: record.pathname, kind: .file),
            !isIgnored(place)
        else { return }
        let knowledge = try know(record)
        var names: Set<String> = [record.pathname.name.lowercased()]
        if let name = knowledge.name { names.insert(name.lowercased()) }
        var item = LibraryItem(
            pathnames: [record.pathname], names: names, size: knowledge.size ?? record.size,
            modificationTime: record.modificationTime, sha256: record.sha256 ?? knowledge.sha256,
            dimensions: knowledge.dimensions)
        if item.sha256 == nil, let known = try index.rows(at: [place])[place]?.entry, known.standing != .refused,
            known.fingerprint != nil, known.fingerprint == record.fingerprint, let hash = known.sha256
        {
            (item.sha256, item.size) = (hash, known.size)
        }
        listed.withLock { $0.add(item, identity: record.fingerprint ?? record.pathname.string) }
    }
}

extension FolderComparison.Listed {
    fileprivate mutating func add(_ item: LibraryItem, identity: String) {
        guard let number = numbers[identity] else {
            numbers[identity] = items.count
            items.append(item)
            return
        }
        items[number].pathnames += item.pathnames
        items[number].names.formUnion(item.names)
        if items[number].sha256 == nil, item.sha256 != nil {
            (items[number].sha256, items[number].size) = (item.sha256, item.size)
        }
        items[number].size = items[number].size ?? item.size
    }
}
