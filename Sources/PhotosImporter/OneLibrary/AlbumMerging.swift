import ConnectorKit
import PhotosAPI
import PhotosLibrary
import Takeout

/// Makes one album of two that have one title and items in common; where two fit, all stay.
struct AlbumMerging: Sendable {
    let exports: TakeoutLibrary
    let listing: Listing
    let pairing: Pairing
    let filter: LibraryFilter
    let scope: Scope

    typealias Merged = (listed: ListedAlbum, album: TakeoutAlbum?)

    /// - Parameter ours: the albums of the exports.
    /// - Returns: every album whose members are known, with what the exports say of it.
    func merge(_ ours: [TakeoutAlbum], with service: ServiceAlbums) async throws -> [Merged] {
        let known = try await pairing.knownAlbums()
        let listed = Dictionary(uniqueKeysWithValues: service.complete.map { ($0.number, $0) })
        var members: [Int64: [Int64]] = [:]
        for album in service.complete { members[album.number] = try await pairing.members(ofAlbum: album.number) }
        var partners: [(album: TakeoutAlbum, items: [Int64], partner: Int64?)] = []
        let elsewhere = Set((service.failed + service.unneeded).map { Alike.title($0.album.title) })
        let away = Set((service.failed + service.unneeded).map(\.number))
        for album in ours {
            let items = try await pairing.numbers(ofSecondIDs: try await exports.members(of: album))
            if let before = known[album.id], listed[before] != nil {
                partners.append((album, items, before))
                continue
            }
            // It is shown by an album that could not be listed, or that nobody asks for.
            if let before = known[album.id], away.contains(before) { continue }
            // What was an album of its own stays one, as its folder does.
            let fitting = service.complete.filter { candidate in
                Alike.title(candidate.album.title) == Alike.title(album.isUntitled ? "" : album.title)
                    && !Set(members[candidate.number] ?? []).isDisjoint(with: items)
            }
            if fitting.isEmpty, known[album.id] == nil,
                elsewhere.contains(Alike.title(album.isUntitled ? "" : album.title))
            {
                continue
            }
            partners.append((album, items, fitting.count == 1 ? fitting[0].number : nil))
        }
        let claims = Dictionary(grouping: partners.compactMap(\.partner), by: { $0 }).mapValues(\.count)
        var merged: [Int64: TakeoutAlbum] = [:]
        var alone: [(album: TakeoutAlbum, items: [Int64])] = []
        for (album, items, partner) in partners {
            guard let partner, claims[partner] == 1, let own = members[partner] else {
                alone.append((album, items))
                continue
            }
            merged[partner] = album
            let seen = Set(own)
            try await listing.setMembers(own + items.filter { !seen.contains($0) }, ofAlbum: partner)
        }
        let added = try await add(alone)
        for (listed, album) in added { merged[listed.number] = album }
        var shownBy: [String: Int64] = [:]
        for (number, album) in merged { shownBy[album.id] = number }
        try await pairing.remember(albums: shownBy)
        let placed = try await listing.giveDirectories(to: service.complete + added.map(\.listed))
        return placed.map { ($0, merged[$0.number]) }
    }

    /// Albums that come by the exports alone.
    private func add(
        _ albums: [(album: TakeoutAlbum, items: [Int64])]
    ) async throws -> [(listed: ListedAlbum, album: TakeoutAlbum)] {
        let wanted = albums.filter { filter.choosesAlbums ? filter.chooses($0.album.title) : true }
        let listed = try await listing.add(wanted.map { Album(id: $0.album.id, title: $0.album.title) })
        var added: [(ListedAlbum, TakeoutAlbum)] = []
        for (listed, wanted) in zip(listed, wanted) {
            try await listing.setMembers(wanted.items, ofAlbum: listed.number)
            added.append((listed, wanted.album))
        }
        return added
    }
}

/// The albums of the service, by what is known of them.
struct ServiceAlbums: Sendable {
    /// Those whose members were listed.
    var complete: [ListedAlbum] = []
    var failed: [ListedAlbum] = []
    /// Those whose members nobody asks for.
    var unneeded: [ListedAlbum] = []
}

private enum Alike {
    static func title(_ title: String) -> String { title.precomposedStringWithCanonicalMapping }
}

extension TakeoutAlbum {
    /// The same in every run.
    var id: String { "takeout:\(folder)" }

    /// What an export tells of an album beside its title.
    var attributes: [String: String] {
        [Attribute.description: description, Attribute.notes: notes, Attribute.comments: comments]
            .filter { !$0.value.isEmpty }
    }
}
