import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// What is left to do when every record has its outcome.
extension PhotosExporter {
    /// - Throws: where the account cannot be asked any more.
    func finishExport() async throws {
        if await desk.fatal != nil {
            // What is in the library belongs into its album all the same, where that can still be done.
            try? await settleOrder()
        } else {
            try await addLateLinks()
            try await settleOrder()
            try await createEmptyAlbums()
            if settings.deletesExtra { try await removeExtra() }
        }
        // After a storage that is full too: what went in is there to be looked at.
        if !settings.isDryRun, settings.verification != .none {
            let readback = ReadBack(
                client: client, notes: notes, albums: albums, tally: tally, reporter: reporter,
                comparesBytes: settings.verification == .bytes)
            do {
                try await readback.run()
            } catch let error as ConnectorError {
                // What was stored is stored; that it could not be looked at is no reason to call it failed.
                await tally.add(try await notes.takeMadeCount(), to: "verify_unknown")
                reporter.log(.warning, "not everything could be read back: \(error.message)", pathname: nil)
            }
        }
    }

    // MARK: Links

    /// Puts the item that a link leads to into the album that holds the link.
    func store(_ link: JournalNotes.Link, itemID id: String, sequence: Int) async throws -> RecordOutcome {
        let album = AlbumReference(directory: link.directory, title: link.title)
        let isThere = try await albums.open(album, hint: nil)
        if settings.isDryRun {
            await tally.foresee {
                if !isThere { $0.newAlbums.insert(album) }
                $0.step(.add, sequence: sequence, in: album)
            }
        }
        return try await add(id, for: link, to: album, sequence: sequence)
    }

    /// The item of this export, or of an earlier one by the hash that the catalog has.
    func item(behind link: JournalNotes.Link) async throws -> String? {
        if let id = try await notes.item(at: link.target) { return id }
        guard let sha256 = try await notes.file(at: link.target)?.sha256,
            case .created(let id)? = try await journal.entry(sha256: sha256)
        else { return nil }
        return id
    }

    private func add(
        _ id: String, for link: JournalNotes.Link, to album: AlbumReference, sequence: Int
    ) async throws -> RecordOutcome {
        let request = Committer.Request(
            sequence: sequence, sha256: "", itemID: id, album: album, place: link.place, filename: "", description: "")
        let outcome = await committer.commit(request)
        switch outcome {
        case .created, .present, .waiting: try await notes.note(item: id, at: link.path)
        default: break
        }
        switch outcome {
        case .created(let item):
            try await noteLink(item, link)
            return .stored([Attribute.id: id])
        case .waiting(let item):
            try await notes.note(
                JournalNotes.Waiting(directory: link.directory, title: link.title, made: made(of: item, link)))
            return .stored([Attribute.id: id])
        case .present: return .unchanged([Attribute.id: id])
        case .failed(let error), .refused(let error): throw error
        case .gone, .misplaced:
            throw ConnectorError(
                .notFound, "Google no longer has the item that the link leads to", hint: "run it again")
        }
    }

    private func noteLink(_ item: Committer.Item, _ link: JournalNotes.Link) async throws {
        if item.isMisplaced {
            await tellMisplaced(1, in: AlbumReference(directory: link.directory, title: link.title))
        }
        guard settings.verification != .none, item.albumID != nil else { return }
        try await notes.note(made(of: item, link))
    }

    private func made(of item: Committer.Item, _ link: JournalNotes.Link) -> JournalNotes.Made {
        JournalNotes.Made(
            album: item.albumID, itemID: item.id, place: item.isMisplaced ? -1 : link.place, path: link.path,
            filename: "")
    }

    /// Links that came before what they lead to. What cannot be done now is told, and counted as `links_failed`.
    private func addLateLinks() async throws {
        await tally.reset("links_failed")
        var failed: [JournalNotes.Link] = []
        while true {
            let links = try await notes.takeLinks(limit: PhotosClient.batchSize)
            if links.isEmpty { break }
            for _ in links { await committer.begin() }
            failed += await withTaskGroup { group in
                for (index, (link, found)) in links.enumerated() {
                    // Before all records, in their order.
                    group.addTask { await self.addLate(link, item: found, sequence: index - links.count) ? nil : link }
                }
                return await group.reduce(into: []) { if let link = $1 { $0.append(link) } }
            }
            if let fatal = await desk.fatal { throw fatal }
        }
        // Where the host sends again what failed, a link has another chance.
        for link in failed { try await notes.note(link) }
    }

    /// - Returns: whether it is done.
    private func addLate(_ link: JournalNotes.Link, item: String?, sequence: Int) async -> Bool {
        let isDone: Bool
        do {
            var item = item
            if item == nil { item = try await self.item(behind: link) }
            guard let id = item else {
                throw ConnectorError(
                    .notFound, "what the link leads to is not there: \(link.target)",
                    hint: "export what it leads to as well")
            }
            let album = AlbumReference(directory: link.directory, title: link.title)
            let isThere = try await albums.open(album, hint: nil)
            if settings.isDryRun {
                await tally.foresee {
                    if !isThere { $0.newAlbums.insert(album) }
                    $0.step(.add, sequence: sequence, in: album)
                }
            } else {
                await desk.note(try await add(id, for: link, to: album, sequence: sequence), of: link.path)
            }
            isDone = true
        } catch {
            let error = ConnectorError(wrapping: error)
            await desk.noteFatal(error)
            await tally.add(1, to: "links_failed")
            await desk.note(.failed(error), of: link.path)
            if await desk.isNews(link.path.string) { reporter.log(.error, error.message, pathname: link.path) }
            isDone = false
        }
        await committer.end(sequence)
        return isDone
    }

    // MARK: Albums

    private func createEmptyAlbums() async throws {
        let empty = try await directories.takeEmptyAlbums { directory in
            guard self.identity.root.isRoot else { return false }
            return try await self.notes.album(at: directory) != nil
        }
        for directory in empty {
            let album = try await reference(to: directory)
            do {
                let isThere = try await albums.open(album, hint: nil)
                if !isThere { await tally.foresee { $0.newAlbums.insert(album) } }
            } catch let error as ConnectorError where !UploadDesk.isFatal(error) {
                await tally.add(1, to: "albums_failed")
                reporter.log(.error, error.message, pathname: directory)
            }
        }
    }

    /// Takes out of the album that the location names what no record of this export stood for. It stays in the library.
    private func removeExtra() async throws {
        if await desk.hasFailures {
            reporter.log(.warning, "nothing is removed from the album, since some records failed", pathname: nil)
            return
        }
        guard knowsEnd else {
            reporter.log(
                .warning,
                "nothing is removed from the album: this host does not say whether it has sent everything",
                pathname: nil)
            return
        }
        guard await tally.files > 0 else {
            reporter.log(.warning, "nothing is removed from the album, since no file came for it", pathname: nil)
            return
        }
        let album = try await reference(to: identity.root)
        try await albums.open(album, hint: nil)
        // As it was listed before the first record: what has come into it since is nobody's to remove.
        var all: [(albumID: String, extra: [String])] = []
        var count = 0
        for (albumID, members) in await albums.members(of: album) {
            let extra = try await notes.withoutStored(members)
            all.append((albumID, extra))
            count += extra.count
            if settings.isDryRun {
                await tally.add(extra.count, to: "to_remove")
                await tally.add(members.count, to: "album_items")
                try await tell(of: extra, "is in the album, and not in the folder")
            }
        }
        if settings.isDryRun { return }
        let limit = settings.deleteLimit
        if count > limit {
            await tally.add(count, to: "to_remove")
            reporter.log(
                .warning, "nothing is removed from the album: \(count) items would be, and \(limit) are allowed",
                pathname: nil)
            return
        }
        for (albumID, extra) in all {
            for batch in extra.batches(of: PhotosClient.batchSize) {
                try await client.removeSurely(batch, fromAlbum: albumID, runtime: runtime)
                await albums.remove(batch, from: album)
                await tally.add(batch.count, to: "removed")
            }
        }
    }

    /// Names items, so that a person can look at them before they go.
    private func tell(of items: [String], _ what: String) async throws {
        for batch in items.batches(of: PhotosClient.batchSize) {
            for case .success(let item) in try await client.mediaItems(batch) {
                reporter.log(.info, "\(item.filename) \(what)", pathname: identity.root)
            }
        }
    }
}
