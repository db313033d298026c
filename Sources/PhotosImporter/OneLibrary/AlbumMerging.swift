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

    /// An album of the exports: its members in this listing, and the album of the service that it is one with.
    private struct Candidate {
        var album: TakeoutAlbum
        var items: [Int64]
        var partner: Int64?
        /// The album of the index that showed it before.
        var former: Int64?
    }

    /// - Parameter ours: the albums of the exports.
    /// - Returns: every album whose members are known, with what the exports say of it.
    func merge(_ ours: [TakeoutAlbum], with service: ServiceAlbums) async throws -> [Merged] {
        let candidates = try await candidates(ours, service)
        let claims = Dictionary(grouping: candidates.compactMap(\.partner), by: { $0 }).mapValues(\.count)
        var merged: [Int64: Candidate] = [:]
        var alone: [Candidate] = []
        for candidate in candidates {
            if let partner = candidate.partner, claims[partner] == 1 {
                merged[partner] = candidate
            } else {
                alone.append(candidate)
            }
        }
        var shown: [Merged] = []
        for var listed in service.complete {
            let candidate = merged[listed.number]
            // Who was first keeps the folder.
            if let former = candidate?.former, former < listed.number {
                listed.directory = try await listing.passFolder(from: former, to: listed.number) ?? listed.directory
            }
            try await listing.settleMembers(ofAlbum: listed.number, beside: candidate?.items ?? [])
            shown.append((listed, candidate?.album))
        }
        shown += try await add(alone, beside: service)
        var shownBy: [String: Int64] = [:]
        for (listed, album) in shown {
            if let album { shownBy[album.id] = listed.number }
        }
        try await pairing.remember(albums: shownBy)
        let exported = Dictionary(uniqueKeysWithValues: shown.map { ($0.listed.number, $0.album) })
        return try await listing.giveDirectories(to: shown.map(\.listed)).map { ($0, exported[$0.number] ?? nil) }
    }

    private func candidates(_ ours: [TakeoutAlbum], _ service: ServiceAlbums) async throws -> [Candidate] {
        let known = try await pairing.knownAlbums()
        let complete = Set(service.complete.map(\.number))
        let titled = Dictionary(grouping: service.complete) { Alike.title($0.album.title) }
        let elsewhere = Set((service.failed + service.unneeded).map { Alike.title($0.album.title) })
        let away = Set((service.failed + service.unneeded).map(\.number))
        var candidates: [Candidate] = []
        for album in ours {
            var candidate = Candidate(
                album: album, items: try await pairing.numbers(ofSecondIDs: try await exports.members(of: album)))
            if let former = known[album.id] {
                if complete.contains(former) {
                    candidate.partner = former
                    candidates.append(candidate)
                    continue
                }
                // It is shown by an album that could not be listed, or that nobody asks for.
                if away.contains(former) { continue }
                candidate.former = former
            }
            let title = Alike.title(album.isUntitled ? "" : album.title)
            var fitting: [Int64] = []
            let items = Set(candidate.items)
            for other in titled[title] ?? [] {
                if try await !items.isDisjoint(with: listing.ownMembers(ofAlbum: other.number)) {
                    fitting.append(other.number)
                }
            }
            if fitting.isEmpty, candidate.former == nil, elsewhere.contains(title) { continue }
            candidate.partner = fitting.count == 1 ? fitting[0] : nil
            candidates.append(candidate)
        }
        return candidates
    }

    /// Albums that come by the exports alone.
    private func add(_ albums: [Candidate], beside service: ServiceAlbums) async throws -> [Merged] {
        let wanted = albums.filter { filter.choosesAlbums ? filter.chooses($0.album.title) : true }
        let listed = try await listing.add(wanted.map { Album(id: $0.album.id, title: $0.album.title) })
        var added: [Merged] = []
        for (var listed, wanted) in zip(listed, wanted) {
            // The service had an album of it, and has none any more: its folder stays.
            if let former = wanted.former, former != listed.number {
                listed.directory = try await listing.passFolder(from: former, to: listed.number) ?? listed.directory
            }
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
