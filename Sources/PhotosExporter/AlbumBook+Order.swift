import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// Putting items into the midst of an album. Google adds what is in the library at an album's end alone: so what belongs
/// behind it leaves the album first, and comes back after it.
///
/// In this order an album lacks something for a moment, and never has a wrong order: whoever is killed in between, the
/// next run finds what to do by the journal, and without one by the records.
extension AlbumBook {
    /// What belongs into an album, in the order of its place.
    typealias Placed = (place: Int, item: String)

    /// What became of it.
    struct Arrangement: Sendable {
        /// What stands at the end of the album, since there is no room where it belongs.
        var misplaced: Set<String> = []
        /// What the service did not put into the album.
        var failed: [String: ConnectorError] = [:]
    }

    /// Gives items their places, whether they are in the album or not.
    func arrange(_ items: [Placed], in album: AlbumReference) async throws -> Arrangement {
        try await open(album, hint: nil)
        let before = change(album) { $0 }
        do {
            return try await arrangeOnce(items, in: album)
        } catch let full as FullAlbum {
            // Nothing has left it; what has come into it before the service said so stays there.
            let members = try await read(full.id)
            change(album) { contents in
                contents = before ?? contents
                contents.relist(full.id, members: members)
                contents.fill(full.id)
                for (place, item) in items where contents.contains(item) { contents.land(item, at: place) }
            }
            let there = Set(members)
            return try await arrange(items.filter { !there.contains($0.item) }, in: album)
        }
    }

    /// The service holds an album to be full, whatever was counted.
    private struct FullAlbum: Error {
        var id: String
    }

    private func arrangeOnce(_ items: [Placed], in album: AlbumReference) async throws -> Arrangement {
        let now = members(of: album)
        var arrangement = Arrangement()
        let moving = change(album) { contents in
            let doubtful = contents.doubtful.map { (place: $1, item: $0) }
            let all = doubtful + items.filter { contents.doubtful[$0.item] == nil }
            contents.remove(all.map(\.item))
            return all.sorted { $0.place < $1.place }
        }
        do {
            for (place, item) in moving ?? [] {
                let slot = try await slot(for: place, in: album)
                if slot.isMisplaced { arrangement.misplaced.insert(item) }
                insert([(place, item)], at: slot, in: album)
            }
            for step in change(album, { $0.rearrangements(from: now) }) ?? [] {
                do {
                    arrangement.failed.merge(try await carryOut(step)) { $1 }
                } catch let error as ConnectorError where error.saysAlbumIsFull && step.removed.isEmpty {
                    throw FullAlbum(id: step.albumID)
                }
            }
        } catch let full as FullAlbum {
            throw full
        } catch {
            forget(album)
            throw error
        }
        change(album) { $0.remove(Array(arrangement.failed.keys)) }
        return arrangement
    }

    /// Puts right what the list of an album shows to be in the wrong place.
    func mend(_ albumID: String, listed: [String], misplaced: [Placed]) async throws {
        guard let album = owner(of: albumID) else { return }
        change(album) { $0.relist(albumID, members: listed) }
        _ = try await arrange(misplaced, in: album)
    }

    private func carryOut(_ step: AlbumContents.Rearrangement) async throws -> [String: ConnectorError] {
        if !step.removed.isEmpty { try await journal.note(moves: step.added, in: step.albumID) }
        for batch in step.removed.batches(of: PhotosClient.batchSize) {
            try await client.removeSurely(batch, fromAlbum: step.albumID, runtime: runtime)
        }
        let failed = try await put(step.added, into: step.albumID)
        if !step.removed.isEmpty { try await journal.note(moves: [], in: step.albumID) }
        return failed
    }

    /// Ends what an earlier run had begun when it was stopped: some of it may have left the album.
    /// - Returns: what the album has then.
    func endMoves(in albumID: String, members: [String]) async throws -> [String] {
        let moves = try await journal.moves(in: albumID)
        let there = Set(members)
        guard let first = moves.firstIndex(where: { !there.contains($0) }) else {
            if !moves.isEmpty { try await journal.note(moves: [], in: albumID) }
            return members
        }
        let added = Array(moves[first...])
        let step = AlbumContents.Rearrangement(
            albumID: albumID, removed: added.filter(there.contains), added: added)
        let failed = try await carryOut(step)
        try await journal.note(moves: [], in: albumID)
        let moved = Set(added)
        return members.filter { !moved.contains($0) } + added.filter { failed[$0] == nil }
    }

    /// - Returns: what is gone, with the reason. Anything else that fails is thrown.
    private func put(_ items: [String], into albumID: String) async throws -> [String: ConnectorError] {
        var failed: [String: ConnectorError] = [:]
        for batch in items.batches(of: PhotosClient.batchSize) {
            do {
                try await client.addMediaItems(batch, toAlbum: albumID)
            } catch let error as ConnectorError where error.isOfOneItem {
                // The call adds all or nothing: one item that was deleted in the meantime spoils the rest.
                for item in batch {
                    do {
                        try await client.addMediaItems([item], toAlbum: albumID)
                    } catch let error as ConnectorError where error.isOfOneItem {
                        failed[item] = error
                    }
                }
            }
        }
        return failed
    }
}

extension ConnectorError {
    /// Whether it may concern one item alone.
    var isOfOneItem: Bool { [.notFound, .rejected].contains(code) && !saysAlbumIsFull }

    /// "The album cannot have more than 20000 media items."
    var saysAlbumIsFull: Bool { code == .rejected && message.contains("cannot have more than") }
}

extension Array {
    /// So many at a time.
    func batches(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min(count, $0 + size)]) }
    }
}
