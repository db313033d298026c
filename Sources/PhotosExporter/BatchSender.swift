import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// Carries out batches of the ``Committer``, one after the other: makes items of upload tokens, and puts items that are
/// there into albums. What is in an album is not asked for again.
actor BatchSender {
    typealias Entry = Committer.Entry

    private let client: PhotosClient
    private let journal: Journal
    private let notes: JournalNotes
    private let albums: AlbumBook
    private let known: KnownItems
    private let runtime: Runtime
    private let isDryRun: Bool
    /// A failure that every further batch would meet as well, such as a full storage.
    private var fatal: ConnectorError?

    init(
        client: PhotosClient, journal: Journal, notes: JournalNotes, albums: AlbumBook, known: KnownItems,
        runtime: Runtime, isDryRun: Bool
    ) {
        self.client = client
        self.journal = journal
        self.notes = notes
        self.albums = albums
        self.known = known
        self.runtime = runtime
        self.isDryRun = isDryRun
    }

    func start() { fatal = nil }

    private func noteFatal(_ error: ConnectorError) {
        if UploadDesk.isFatal(error) { fatal = fatal ?? error }
    }

    private func answer(_ entries: some Sequence<Entry>, _ outcome: Committer.Outcome) {
        for entry in entries { entry.answer.resume(returning: outcome) }
    }

    // MARK: What is to be done

    private enum Work {
        case create
        case add(itemID: String)
        case none(Committer.Outcome)
    }

    /// Sends entries of one album, or of the library, in the order of their places.
    func send(_ batch: [Entry]) async {
        var runs: [Run] = []
        var twins: [Entry] = []
        var seen: Set<String> = []
        for entry in batch {
            if !seen.insert(entry.request.itemID ?? entry.request.sha256).inserted {
                twins.append(entry)
                continue
            }
            let itemID: String?
            switch await work(for: entry) {
            case .none(let outcome):
                entry.answer.resume(returning: outcome)
                continue
            case .create: itemID = nil
            case .add(let id): itemID = id
            }
            let isNew = itemID == nil
            if runs.last?.isNew != isNew { runs.append(Run(isNew: isNew)) }
            runs[runs.count - 1].entries.append((entry, itemID))
        }
        if runs.count > 2 { runs = await regrouped(runs) }
        for run in runs {
            if let fatal {
                answer(run.entries.map(\.entry), .failed(fatal))
            } else if run.isNew {
                await create(run.entries.map(\.entry))
            } else {
                let known = run.entries.compactMap { entry, id in id.map { (entry: entry, itemID: $0) } }
                if let album = known.first?.entry.request.album {
                    await add(known, to: album)
                } else {
                    await confirm(known)
                }
            }
        }
        // The same content twice in one album is one item; by now the journal knows it.
        if !twins.isEmpty { await send(twins) }
    }

    /// Entries that one call can carry out.
    private struct Run {
        var isNew: Bool
        var entries: [(entry: Entry, itemID: String?)] = []
    }

    /// Many short runs as few long ones. The library has no order; of an album, the items are made without it first, and
    /// all come into it together, in its order.
    /// - Returns: what is left to be done.
    private func regrouped(_ runs: [Run]) async -> [Run] {
        let new = runs.filter(\.isNew).flatMap(\.entries)
        let known = runs.filter { !$0.isNew }.flatMap(\.entries)
        if new.first?.entry.request.album == nil || isDryRun {
            return [Run(isNew: true, entries: new), Run(isNew: false, entries: known)]
        }
        let entries = known.map(\.entry) + (await createDetached(new.map(\.entry)))
        await send(entries.sorted { $0.request.sequence < $1.request.sequence })
        return []
    }

    private func work(for entry: Entry) async -> Work {
        let request = entry.request
        do {
            var itemID = request.itemID
            if itemID == nil {
                switch try await journal.entry(sha256: request.sha256) {
                case nil: return .none(.gone)
                // It can grow old here, behind a service that refuses for hours.
                case .uploaded(let token): return token.isUsable(at: runtime.now()) ? .create : .none(.gone)
                case .created(let id): itemID = id
                }
            }
            guard let itemID else { return .none(.gone) }
            if let album = request.album, await albums.contains(itemID, in: album) {
                await albums.land(itemID, at: request.place, in: album)
                return .none(.present(itemID: itemID))
            }
            return .add(itemID: itemID)
        } catch {
            return .none(.failed(ConnectorError(wrapping: error)))
        }
    }

    // MARK: New items

    /// Google makes some items only at the second try, with the same token.
    private static let transient = ConnectorError(.unavailable, "Google could not create an item", isRetryable: true)

    private func create(_ run: [Entry]) async {
        var pending = run
        var attempt = 0
        while !pending.isEmpty {
            attempt += 1
            pending = await createAll(pending)
            guard !pending.isEmpty else { return }
            guard let delay = client.retryDelay(after: attempt, error: Self.transient) else {
                return answer(pending, .failed(Self.transient))
            }
            try? await runtime.sleep(delay)
        }
    }

    /// Makes items without their album.
    /// - Returns: those that are made; the others have their answer.
    private func createDetached(_ run: [Entry]) async -> [Entry] {
        var made: [Entry] = []
        var pending = run
        var attempt = 0
        while !pending.isEmpty {
            attempt += 1
            do {
                if let fatal { throw fatal }
                let (detached, again) = try await createOnce(pending, at: nil, isDetached: true)
                made += detached
                pending = again
            } catch {
                let error = ConnectorError(wrapping: error)
                noteFatal(error)
                answer(pending, .failed(error))
                break
            }
            if pending.isEmpty { break }
            guard let delay = client.retryDelay(after: attempt, error: Self.transient) else {
                answer(pending, .failed(Self.transient))
                break
            }
            try? await runtime.sleep(delay)
        }
        return made
    }

    /// - Returns: the entries that are worth another try. They find their places in the album again.
    private func createAll(_ run: [Entry]) async -> [Entry] {
        var rest = run[...]
        var again: [Entry] = []
        var hasMoved = false
        while let first = rest.first {
            if let fatal {
                answer(rest, .failed(fatal))
                return again
            }
            var slot: AlbumBook.Slot?
            do {
                if let album = first.request.album {
                    var isDetached = await albums.hasStrangers(album)
                    if !isDetached {
                        slot = try await albums.slot(for: first.request.place, in: album)
                        isDetached = slot?.isUnknown ?? false
                    }
                    if isDetached {
                        let made = await createDetached(Array(rest))
                        if !made.isEmpty { await send(made) }
                        return again
                    }
                }
                let end = slot?.end ?? .max
                var group = rest.prefix(slot?.room ?? rest.count).prefix {
                    $0.request.place < end || $0.request.album == nil
                }
                // Two records of one pathname have one place; a call for nothing would fail for all of them.
                if group.isEmpty { group = rest.prefix(1) }
                again += try await createOnce(Array(group), at: slot).again
                rest = rest.dropFirst(group.count)
            } catch {
                let error = ConnectorError(wrapping: error)
                noteFatal(error)
                if let album = first.request.album, let slot {
                    if error.saysAlbumIsFull {
                        await albums.fill(slot.albumID, of: album)
                        continue
                    }
                    if error.code == .notFound, !hasMoved,
                        let isGone = try? await albums.isGone(slot.albumID, of: album), isGone
                    {
                        hasMoved = true
                        continue
                    }
                }
                answer(rest, .failed(error))
                return again
            }
        }
        return again
    }

    /// - Parameter isDetached: whether the items are made without their album, and are to be put into it.
    /// - Returns: what was made so, and what is worth another try; everything else has its answer.
    private func createOnce(
        _ group: [Entry], at slot: AlbumBook.Slot?, isDetached: Bool = false
    ) async throws -> (detached: [Entry], again: [Entry]) {
        var items: [NewMediaItem] = []
        for entry in group {
            guard case .uploaded(let token) = try await journal.entry(sha256: entry.request.sha256) else {
                throw ConnectorError(.internalDefect, "an upload token was lost before it was used")
            }
            items.append(
                NewMediaItem(
                    uploadToken: token, filename: entry.request.filename, description: entry.request.description))
        }
        let start = runtime.now()
        var results = try await client.createMediaItems(items, albumID: slot?.albumID, at: slot?.position)
        let found = try await recognise(group, at: slot, since: start, &results)
        var made: [String: String] = [:]
        var there: Set<String> = []
        var landed: [(place: Int, item: String)] = []
        for (entry, result) in zip(group, results) {
            guard case .success(let item) = result else { continue }
            made[entry.request.sha256] = item.id
            landed.append((entry.request.place, item.id))
            // Google knows contents: what was there before keeps its id, and its place in the album.
            if let album = entry.request.album {
                if await albums.contains(item.id, in: album) { there.insert(item.id) }
            } else if found.contains(item.id) {
                continue
            } else if try await notes.hasSeen(item: item.id) {
                there.insert(item.id)
            }
        }
        try await journal.note(itemIDs: made)
        if let slot, let album = group.first?.request.album { await albums.insert(landed, at: slot, in: album) }
        var again: [Entry] = []
        var detached: [Entry] = []
        for (entry, result) in zip(group, results) {
            switch result {
            case .success where isDetached:
                var known = entry
                known.request.mayUpload = false
                detached.append(known)
            case .success(let item) where there.contains(item.id):
                entry.answer.resume(returning: .present(itemID: item.id))
            case .success(let item):
                entry.answer.resume(
                    returning: .created(
                        .init(
                            id: item.id, filename: item.filename, albumID: slot?.albumID,
                            isMisplaced: slot?.isMisplaced ?? false)))
            case .failure(let error) where error.code == .rejected:
                // A token that was refused is of no use in the next run either.
                try? await journal.forget(sha256: entry.request.sha256)
                entry.answer.resume(returning: .refused(error))
            case .failure(let error) where error.isRetryable: again.append(entry)
            case .failure(let error):
                noteFatal(error)
                entry.answer.resume(returning: .failed(error))
            }
        }
        return (detached, again)
    }

    /// Finds the items of tokens that Google calls spent: they were made by a call whose answer was lost.
    /// - Returns: their ids; they are among the results.
    private func recognise(
        _ group: [Entry], at slot: AlbumBook.Slot?, since start: Timestamp, _ results: inout [MediaItemResult]
    ) async throws -> Set<String> {
        let spent = results.indices.filter { index in
            guard case .failure(let error) = results[index] else { return false }
            return error.code == .rejected && error.isRetryable
        }
        var found: Set<String> = []
        if spent.isEmpty { return found }
        if let slot, let album = group.first?.request.album {
            let made = Set(results.compactMap { try? $0.get().id })
            let new = try await albums.newcomers(in: slot.albumID, of: album).filter { !made.contains($0.id) }
            // Exactly these, in this order: it is what that call has put there.
            if new.map(\.filename) == spent.map({ group[$0].request.filename }) {
                for (index, item) in zip(spent, new) { results[index] = .success(item) }
                found.formUnion(new.map(\.id))
            }
            return found
        }
        await known.lookAgain()
        for index in spent {
            guard let look = group[index].request.look,
                let item = try await known.find(look, madeSince: start)
            else { continue }
            results[index] = .success(item)
            found.insert(item.id)
        }
        return found
    }

    // MARK: Items that are there

    private typealias Known = (entry: Entry, itemID: String)

    /// Adds items that exist to an album. Google adds at its end alone: what belongs into the midst needs its bytes, or
    /// waits until the places of all are known.
    private func add(_ run: [Known], to album: AlbumReference) async {
        var rest = run[...]
        while let first = rest.first {
            do {
                if isDryRun {
                    let item = Committer.Item(id: first.itemID, filename: "")
                    first.entry.answer.resume(returning: .created(item))
                    rest = rest.dropFirst()
                    continue
                }
                let slot = try await albums.slot(for: first.entry.request.place, in: album)
                if slot.position != nil || slot.isUnknown {
                    let needsBytes = slot.position != nil && first.entry.request.mayUpload
                    first.entry.answer.resume(
                        returning: needsBytes ? .misplaced : .waiting(.init(id: first.itemID, filename: "")))
                    rest = rest.dropFirst()
                    continue
                }
                let end = slot.end ?? .max
                var group = rest.prefix(slot.room).prefix { $0.entry.request.place < end }
                if group.isEmpty { group = rest.prefix(1) }
                rest = rest.dropFirst(group.count)
                await add(Array(group), to: album, at: slot)
            } catch {
                let error = ConnectorError(wrapping: error)
                noteFatal(error)
                return answer(rest.map(\.entry), .failed(error))
            }
        }
    }

    private func add(_ group: [Known], to album: AlbumReference, at slot: AlbumBook.Slot) async {
        do {
            try await client.addMediaItems(group.map(\.itemID), toAlbum: slot.albumID)
            await added(group, to: album, at: slot)
        } catch {
            let error = ConnectorError(wrapping: error)
            if error.saysAlbumIsFull {
                await albums.fill(slot.albumID, of: album)
                return await add(group, to: album)
            }
            await addOneByOne(group, to: album, at: slot, after: error)
        }
    }

    private func added(_ group: [Known], to album: AlbumReference, at slot: AlbumBook.Slot) async {
        await albums.insert(group.map { ($0.entry.request.place, $0.itemID) }, at: slot, in: album)
        for (entry, id) in group {
            entry.answer.resume(
                returning: .created(
                    .init(id: id, filename: "", albumID: slot.albumID, isMisplaced: slot.isMisplaced)))
        }
    }

    /// The call adds all or nothing: one item that was deleted in the meantime spoils the rest.
    private func addOneByOne(
        _ group: [Known], to album: AlbumReference, at slot: AlbumBook.Slot, after failure: ConnectorError
    ) async {
        noteFatal(failure)
        for (entry, id) in group {
            guard [.notFound, .rejected, .permission].contains(failure.code) else {
                entry.answer.resume(returning: .failed(failure))
                continue
            }
            do {
                try await client.addMediaItems([id], toAlbum: slot.albumID)
                await added([(entry, id)], to: album, at: slot)
            } catch let error as ConnectorError where error.isOfOneItem {
                try? await journal.forget(sha256: entry.request.sha256)
                entry.answer.resume(returning: .gone)
            } catch {
                entry.answer.resume(returning: .failed(ConnectorError(wrapping: error)))
            }
        }
    }

    /// Asks whether items that the journal knows are still there: the person may have deleted them.
    private func confirm(_ known: [Known]) async {
        do {
            let results = try await client.mediaItems(known.map(\.itemID))
            for ((entry, id), result) in zip(known, results) {
                switch result {
                case .success: entry.answer.resume(returning: .present(itemID: id))
                case .failure(let error) where error.isOfOneItem:
                    if !isDryRun { try? await journal.forget(sha256: entry.request.sha256) }
                    entry.answer.resume(returning: .gone)
                case .failure(let error): entry.answer.resume(returning: .failed(error))
                }
            }
        } catch {
            answer(known.map(\.entry), .failed(ConnectorError(wrapping: error)))
        }
    }
}
