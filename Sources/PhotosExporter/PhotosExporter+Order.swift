import ConnectorKit
import PhotosLibrary

/// The order of albums, when every record has its place.
extension PhotosExporter {
    /// Puts what waits for it into its album, and what may stand in a wrong place into its own.
    func settleOrder() async throws {
        if settings.isDryRun { return }
        while true {
            let waiting = try await notes.takeWaiting()
            guard let first = waiting.first else { break }
            let album = AlbumReference(directory: first.directory, title: first.title)
            do {
                try await settle(waiting, in: album)
            } catch {
                // Where the host sends again what failed, there is another chance.
                for item in waiting { try await notes.note(item) }
                throw error
            }
        }
        for album in await albums.doubtful { try await settle([], in: album) }
    }

    private func settle(_ waiting: [JournalNotes.Waiting], in album: AlbumReference) async throws {
        let done = try await albums.arrange(waiting.map { ($0.made.place, $0.made.itemID) }, in: album)
        await tellMisplaced(done.misplaced.count, in: album)
        for item in waiting {
            var made = item.made
            if let error = done.failed[made.itemID] {
                await tally.add(1, to: "verify_failed")
                reporter.log(.error, "it could not be put into its album: \(error.message)", pathname: made.path)
                continue
            }
            guard settings.verification != .none else { continue }
            made.album = await albums.albumID(of: made.itemID, in: album)
            if done.misplaced.contains(made.itemID) { made.place = -1 }
            try await notes.note(made)
        }
    }

    /// An album that is full takes nothing into its midst.
    func tellMisplaced(_ count: Int, in album: AlbumReference?) async {
        guard count > 0, let album else { return }
        await tally.add(count, to: "misplaced")
        guard await desk.isNews("misplaced \(album.directory)") else { return }
        reporter.log(
            .warning, "some items stand at the end of the last album of this title: the first is full",
            pathname: album.directory)
    }
}
