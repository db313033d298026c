import ConnectorKit
import Vault

/// Goes through a part of a snapshot: a directory before what is in it, and in each directory the files before the
/// folders. The catalog of a whole snapshot comes before everything else.
///
/// Files that carry an order (``Record/orderAttribute``, as an album's items do) come in that order; others by name.
struct SnapshotWalk: Sendable {
    let vault: Vault
    let snapshot: Snapshot

    /// Where a source tells what its files cannot hold (docs/settings.md, "The catalog").
    static let catalog = (try? Pathname("/.gphotos")) ?? .root

    func visit(_ pathname: Pathname, _ body: (SnapshotEntry) async throws -> Void) async throws {
        guard let top = try vault.entry(of: snapshot, at: pathname) else {
            throw VaultError(.noSuchPath, "the snapshot \(snapshot.id.prefix(8)) has no \(pathname)")
        }
        try await body(top)
        guard top.record.kind == .directory else { return }
        if pathname.isRoot { try await visitFolder(Self.catalog, body) }
        try await visitChildren(of: pathname, body)
    }

    private func visitFolder(_ folder: Pathname, _ body: (SnapshotEntry) async throws -> Void) async throws {
        guard let entry = try vault.entry(of: snapshot, at: folder) else { return }
        try await body(entry)
        try await visitChildren(of: folder, body)
    }

    private func visitChildren(of directory: Pathname, _ body: (SnapshotEntry) async throws -> Void) async throws {
        var folders: [Pathname] = []
        var ordered: [(place: Int, entry: SnapshotEntry)] = []
        for try await entry in try vault.entries(of: snapshot, under: directory, recursive: false) {
            if entry.record.pathname == directory { continue }
            if entry.record.kind == .directory {
                folders.append(entry.record.pathname)
            } else if let place = entry.record.attributes[Record.orderAttribute].flatMap({ Int($0) }) {
                // Held until all are known: an album has at most 20,000.
                ordered.append((place, entry))
            } else {
                try await body(entry)
            }
        }
        ordered.sort { ($0.place, $0.entry.record.pathname) < ($1.place, $1.entry.record.pathname) }
        for (_, entry) in ordered { try await body(entry) }
        for folder in folders where folder != Self.catalog { try await visitFolder(folder, body) }
    }
}
