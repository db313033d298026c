import ConnectorKit
import Vault

/// A part of a snapshot, and how it is called where it goes: what is in the part goes into the destination itself.
public struct RestoreSelection: Sendable {
    public var vault: Vault
    public var snapshot: Snapshot
    public var part: Pathname

    public init(vault: Vault, snapshot: Snapshot, part: Pathname) {
        self.vault = vault
        self.snapshot = snapshot
        self.part = part
    }

    /// Gives every entry and its pathname at the destination. A file that is the part itself goes under its name.
    func visit(_ body: (SnapshotEntry, Pathname) async throws -> Void) async throws {
        try await SnapshotWalk(vault: vault, snapshot: snapshot).visit(part) { entry in
            let pathname = entry.record.pathname
            guard let place = try part.place(of: pathname, kind: entry.record.kind) else { return }
            try await body(entry, place)
        }
    }

    /// A link as the file that it leads to, with what is the link's own: its place, and its order in an album.
    /// - Returns: nil where it leads to no file of the snapshot.
    func content(of link: SnapshotEntry) throws -> SnapshotEntry? {
        guard let target = link.record.target, let pathname = link.record.pathname.resolving(target),
            var found = try vault.entry(of: snapshot, at: pathname), found.record.kind == .file
        else { return nil }
        found.record.pathname = link.record.pathname
        found.record.attributes.merge(link.record.attributes) { $1 }
        return found
    }

    /// What is to be written into a folder at a place: a link that would lead out of it as the file that it leads to.
    func placed(_ entry: SnapshotEntry, at place: Pathname) throws -> SnapshotEntry {
        guard entry.record.kind == .symlink, let target = entry.record.target, !place.leadsInside(target) else {
            return entry
        }
        return try content(of: entry) ?? entry
    }
}

/// A part of a snapshot goes to a connector.
///
/// A whole snapshot goes with its catalog, which comes first: it tells the destination what the files cannot hold. A part
/// goes without, since the catalog's pathnames are not those of the destination; its records have what is needed as
/// attributes. A link goes as the file that it leads to, with the hash of the content: a destination that has it takes it
/// for another place of the same item, whatever part of the snapshot is restored, and in whatever order.
public struct ExportRestore: Sendable {
    private let selection: RestoreSelection
    private let link: ConnectorLink
    private let observer: any RunObserver

    public init(selection: RestoreSelection, link: ConnectorLink, observer: any RunObserver) {
        self.selection = selection
        self.link = link
        self.observer = observer
    }

    /// - Throws: where nothing more can be done: the connector died, the vault cannot be read.
    public func run() async throws -> DeliverySummary {
        let delivery = Delivery(link: link, observer: observer)
        let takesCatalog = selection.part.isRoot && link.identity.root.isRoot
        return try await delivery.run { send in
            try await selection.visit { entry, place in
                let isCatalog = selection.part.isRoot && SnapshotWalk.catalog.contains(entry.record.pathname)
                if isCatalog, !takesCatalog { return }
                let entry = entry.record.kind == .symlink ? try selection.content(of: entry) ?? entry : entry
                if entry.record.kind == .file, entry.object == nil {
                    let missing = ConnectorError(.notFound, "the snapshot holds no content for it")
                    let error = entry.record.error ?? missing
                    return try await send(delivery.lost(entry.record.pathname, at: place, error))
                }
                var parcel = parcel(entry, at: place)
                parcel.comesFirst = isCatalog && entry.record.kind == .file
                try await send(parcel)
            }
        }
    }

    private func parcel(_ entry: SnapshotEntry, at place: Pathname) -> Parcel {
        var parcel = Parcel(record: entry.record, origin: entry.record.pathname)
        parcel.record.pathname = place
        parcel.record.error = nil
        if entry.record.kind == .file, let object = entry.object {
            parcel.record.sha256 = object.hex
            parcel.record.hasContent = true
            parcel.open = { [vault = selection.vault] in try vault.object(object) }
        }
        return parcel
    }
}
