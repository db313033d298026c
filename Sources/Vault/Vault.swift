import ConnectorKit
import Foundation

/// A directory with snapshots of sources: contents as files named by their hash, and a SQLite catalog of what is where.
///
/// Any number of processes read it, while at most one writes. docs/vault.md describes the format.
public final class Vault: Sendable {
    /// The absolute path.
    public let directory: String
    let layout: VaultLayout
    let catalog: Catalog
    private let runtime: Runtime

    private init(_ layout: VaultLayout, runtime: Runtime) throws {
        directory = layout.directory
        self.layout = layout
        self.runtime = runtime
        catalog = try Catalog(layout)
    }

    /// Opens a vault that is there.
    /// - Throws: ``VaultError``: `noVault`, `notAVault`, `newerFormat`, `damaged`, `cannotRead`.
    public static func open(at directory: String, runtime: Runtime) throws -> Vault {
        let layout = VaultLayout(directory: absolute(directory))
        guard try VaultMarker.isPresent(in: layout) else {
            throw VaultError(.noVault, "there is no vault at \(layout.directory)", hint: "a backup makes one")
        }
        return try Vault(layout, runtime: runtime)
    }

    /// Opens a vault; makes it, and the directories above it, where there is none.
    /// - Throws: ``VaultError`` as ``open(at:runtime:)`` does, and `cannotWrite`, `full`.
    public static func openOrCreate(at directory: String, runtime: Runtime) throws -> Vault {
        let layout = VaultLayout(directory: absolute(directory))
        if try !VaultMarker.isPresent(in: layout) || needsCatalog(layout) { try create(layout, runtime) }
        return try Vault(layout, runtime: runtime)
    }

    private static func create(_ layout: VaultLayout, _ runtime: Runtime) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: layout.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw VaultError(.cannotWrite, "cannot create \(layout.directory): \(error.localizedDescription)")
        }
        let lock = try VaultLock(layout, holder: "making the vault", since: runtime.now())
        defer { withExtendedLifetime(lock) {} }
        try makeDirectory(layout.temporary)
        if OpenFile.size(at: layout.marker) == nil { try VaultMarker.write(layout, created: runtime.now()) }
        // Killed here, what is missing is made by the next run: objects are there only if the catalog was.
        try CatalogWriter(layout).close()
        try makeDirectory(layout.objects)
    }

    private static func needsCatalog(_ layout: VaultLayout) -> Bool {
        access(layout.objects, F_OK) != 0
    }

    private static func makeDirectory(_ path: String) throws(VaultError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw VaultError(errno: errno, trying: "create \(path)") }
    }

    private static func absolute(_ path: String) -> String {
        let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        let end = full.lastIndex { $0 != "/" } ?? full.startIndex
        return String(full[...end])
    }

    /// Takes the right to write, which one process has at a time.
    /// - Parameter holder: who it is, such as the command: what another one is told meanwhile.
    /// - Throws: ``VaultError``: `inUse`, which names the holder; `cannotWrite`, `full`, `damaged`.
    public func lockForWriting(holder: String) throws -> VaultWriter {
        try VaultWriter(vault: self, holder: holder, runtime: runtime)
    }

    // MARK: - Reading

    /// The finished snapshots, the oldest first.
    public func snapshots() throws -> [Snapshot] { try catalog.snapshots() }

    /// The shortest beginning of an id that names a snapshot, in digits.
    public static let shortestPrefix = 4

    /// Finds a snapshot by its id, by the beginning of one that no other shares, or as `latest`.
    /// - Throws: ``VaultError`` of kind `noSuchSnapshot`.
    public func snapshot(matching text: String) throws -> Snapshot {
        let snapshots = try catalog.snapshots()
        let hint = "the command snapshots lists them"
        if text == "latest" {
            guard let last = snapshots.last else {
                throw VaultError(.noSuchSnapshot, "the vault has no snapshot yet", hint: "a backup makes one")
            }
            return last
        }
        let prefix = text.lowercased()
        guard prefix.utf8.count >= Self.shortestPrefix else {
            throw VaultError(
                .noSuchSnapshot, "a snapshot is named by at least \(Self.shortestPrefix) digits of its id, or latest",
                hint: hint)
        }
        let found = snapshots.filter { $0.id.hasPrefix(prefix) }
        guard let first = found.first else {
            throw VaultError(.noSuchSnapshot, "no snapshot has an id that begins with \(text)", hint: hint)
        }
        if found.count > 1 {
            throw VaultError(
                .noSuchSnapshot, "\(found.count) snapshots have an id that begins with \(text)", hint: "use more digits"
            )
        }
        return first
    }

    /// What is at a pathname; nil where there is nothing.
    public func entry(of snapshot: Snapshot, at pathname: Pathname) throws -> SnapshotEntry? {
        try catalog.entry(of: snapshot, at: pathname)
    }

    /// What is in a directory: all that is below it, or with `recursive` false only what is right in it. Of a file or
    /// link, that alone.
    /// - Throws: ``VaultError`` of kind `noSuchPath`.
    public func entries(of snapshot: Snapshot, under pathname: Pathname = .root, recursive: Bool = true) throws
        -> SnapshotEntries
    {
        guard let top = try catalog.entry(of: snapshot, at: pathname) else {
            throw VaultError(.noSuchPath, "the snapshot \(snapshot.id.prefix(8)) has no \(pathname)")
        }
        return SnapshotEntries(catalog: catalog, snapshot: snapshot, top: top, isRecursive: recursive)
    }

    /// What the source wants to be handed back at its next import.
    public func state(of snapshot: Snapshot) throws -> String? { try catalog.state(of: snapshot) }

    /// A content, decompressed and checked: its last read throws where it is not what was stored.
    /// - Throws: ``ConnectorError`` with code `corrupt` where the vault does not have it (now, or while it is read).
    public func object(_ id: ObjectID) throws -> any ContentReader {
        guard let form = try catalog.form(of: id) else {
            throw ConnectorError(.corrupt, "the vault does not know the content \(id.short)")
        }
        return try ObjectReader(id, form, layout: layout)
    }
}
