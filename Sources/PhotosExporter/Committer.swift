import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// Makes items of uploaded bytes: one call at a time, up to fifty items each, in the order of the records.
///
/// Google takes one writing call at a time per account, and as many items as possible in each. Another process that
/// writes to the account at the same time is told "concurrent write request", as we are then; the client waits half a
/// minute and sends the call again, so both get on, slowly. A batch is sent when it
/// is full, when the records have moved on to another album, when the host is done, or when everybody waits for it.
actor Committer {
    /// What became of an item.
    enum Outcome: Sendable {
        case created(itemID: String)
        /// It is there already, and in its album.
        case present(itemID: String)
        /// The journal knows an item that the service no longer has; its bytes are needed.
        case gone
        /// Google makes no item of this token; it is forgotten.
        case refused(ConnectorError)
        case failed(ConnectorError)
    }

    /// An item to be made, or to be added to an album.
    struct Request: Sendable {
        var sequence: Int
        var sha256: String
        /// The id of the album; nil for the library.
        var album: String?
        var filename: String
        var description: String
    }

    private struct Entry {
        var request: Request
        var answer: CheckedContinuation<Outcome, Never>
    }

    private let client: PhotosClient
    private let journal: Journal
    private let albums: AlbumBook
    private let runtime: Runtime
    private let batchSize: Int
    private let batchTimeout: Duration

    private var entries: [Entry] = []
    /// Records up to here have either asked for an item or need none.
    private var frontier = 0
    private var settled: Set<Int> = []
    /// Records that are being worked on, and those of them that wait here.
    private var active = 0
    private var waiting = 0
    private var isFinishing = false
    private var isLingering = false
    private var isFlushing = false
    private var isCommitting = false
    /// A failure that every further batch would meet as well, such as a full storage.
    private var fatal: ConnectorError?

    init(
        client: PhotosClient, journal: Journal, albums: AlbumBook, runtime: Runtime, batchSize: Int,
        batchTimeout: Duration
    ) {
        self.client = client
        self.journal = journal
        self.albums = albums
        self.runtime = runtime
        self.batchSize = batchSize
        self.batchTimeout = batchTimeout
    }

    /// An export begins: its records are numbered from 1 again.
    func start() {
        frontier = 0
        settled = []
        isFinishing = false
        isFlushing = false
        fatal = nil
    }

    /// A record is being worked on.
    func begin() { active += 1 }

    /// A record is done.
    func end(_ sequence: Int) {
        active -= 1
        settle(sequence)
        advance()
    }

    /// Waits until the item exists and is in its album.
    func commit(_ request: Request) async -> Outcome {
        settle(request.sequence)
        waiting += 1
        defer { waiting -= 1 }
        return await withCheckedContinuation { answer in
            // Nearly always the last; tasks can overtake each other a little.
            let place = entries.lastIndex { $0.request.sequence < request.sequence }.map { $0 + 1 } ?? 0
            entries.insert(Entry(request: request, answer: answer), at: place)
            advance()
        }
    }

    /// No more records come.
    func finish() {
        isFinishing = true
        advance()
    }

    private func settle(_ sequence: Int) {
        guard sequence > frontier else { return }
        settled.insert(sequence)
        while settled.remove(frontier + 1) != nil { frontier += 1 }
    }

    private func advance() {
        if !isCommitting, let batch = nextBatch() {
            isCommitting = true
            Task {
                await commit(batch)
                isCommitting = false
                advance()
            }
            return
        }
        if entries.isEmpty { isFlushing = false }
        guard !isCommitting, !entries.isEmpty, waiting == active else { return }
        if isFinishing {
            isFlushing = true
            if nextBatchIsThere { advance() }
        } else if !isLingering {
            linger()
        }
    }

    /// Everybody waits for a batch that is not full: wait a little for company, then do without.
    private func linger() {
        isLingering = true
        Task {
            try? await runtime.sleep(batchTimeout)
            isLingering = false
            if waiting == active { isFlushing = true }
            advance()
        }
    }

    private var nextBatchIsThere: Bool { entries.contains(where: isReady) }

    /// The order of an album is the order of the records: none may be made before one that comes first in it.
    private func isReady(_ entry: Entry) -> Bool {
        entry.request.album == nil || entry.request.sequence <= frontier
    }

    /// Takes the next batch, where one is due: entries of one album, in their order.
    private func nextBatch() -> [Entry]? {
        let ready = entries.filter(isReady)
        guard let last = ready.last else { return nil }
        var seen: Set<String?> = []
        for entry in ready where seen.insert(entry.request.album).inserted {
            let group = ready.filter { $0.request.album == entry.request.album }
            guard isFlushing || group.count >= batchSize || last.request.album != entry.request.album else { continue }
            let batch = Array(group.prefix(batchSize))
            let taken = Set(batch.map(\.request.sequence))
            entries.removeAll { taken.contains($0.request.sequence) }
            // What comes after it may fill the next one again.
            if !isFinishing, group.count <= batchSize { isFlushing = false }
            return batch
        }
        return nil
    }

    // MARK: Sending

    private func commit(_ batch: [Entry]) async {
        var run: [Entry] = []
        var runIsNew = false
        var twins: [Entry] = []
        var inRun: Set<String> = []
        for entry in batch {
            if inRun.contains(entry.request.sha256) {
                twins.append(entry)
                continue
            }
            let isNew: Bool
            do {
                guard let known = try await journal.entry(sha256: entry.request.sha256) else {
                    entry.answer.resume(returning: .gone)
                    continue
                }
                if case .uploaded(let token) = known {
                    // It can grow old here, behind a service that refuses for hours.
                    guard token.isUsable(at: runtime.now()) else {
                        entry.answer.resume(returning: .gone)
                        continue
                    }
                    isNew = true
                } else {
                    isNew = false
                }
            } catch {
                entry.answer.resume(returning: .failed(ConnectorError(wrapping: error)))
                continue
            }
            if isNew != runIsNew, !run.isEmpty {
                await send(run, isNew: runIsNew)
                run = []
            }
            runIsNew = isNew
            run.append(entry)
            inRun.insert(entry.request.sha256)
        }
        if !run.isEmpty { await send(run, isNew: runIsNew) }
        // The same content twice in one album is one item; by now the journal knows it.
        if !twins.isEmpty { await commit(twins) }
    }

    private func send(_ run: [Entry], isNew: Bool) async {
        if let fatal { return answer(run, .failed(fatal)) }
        if isNew { await create(run) } else { await add(run) }
    }

    private func create(_ run: [Entry]) async {
        var pending = run
        var attempt = 0
        while !pending.isEmpty {
            attempt += 1
            do {
                pending = try await createOnce(pending)
            } catch {
                let error = ConnectorError(wrapping: error)
                noteFatal(error)
                answer(pending, .failed(error))
                return
            }
            // Google makes some items only at the second try, with the same token.
            let transient = ConnectorError(.unavailable, "Google could not create an item", isRetryable: true)
            guard !pending.isEmpty else { return }
            guard let delay = client.retryDelay(after: attempt, error: transient) else {
                answer(pending, .failed(transient))
                return
            }
            try? await runtime.sleep(delay)
        }
    }

    /// - Returns: the entries that are worth another try.
    private func createOnce(_ run: [Entry]) async throws -> [Entry] {
        var items: [NewMediaItem] = []
        for entry in run {
            guard case .uploaded(let token) = try await journal.entry(sha256: entry.request.sha256) else {
                throw ConnectorError(.internalDefect, "an upload token was lost before it was used")
            }
            items.append(
                NewMediaItem(
                    uploadToken: token, filename: entry.request.filename, description: entry.request.description))
        }
        let album = run.first?.request.album
        let results = try await client.createMediaItems(items, albumID: album)
        var created: [String: String] = [:]
        for (entry, result) in zip(run, results) {
            if case .success(let item) = result { created[entry.request.sha256] = item.id }
        }
        try await journal.note(itemIDs: created)
        if let album { await albums.note(Array(created.values), inAlbum: album) }
        var again: [Entry] = []
        for (entry, result) in zip(run, results) {
            switch result {
            case .success(let item): entry.answer.resume(returning: .created(itemID: item.id))
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
        return again
    }

    private func noteFatal(_ error: ConnectorError) {
        if UploadDesk.isFatal(error) { fatal = fatal ?? error }
    }

    /// Adds items that exist to an album. What is in it is not asked for again.
    private func add(_ run: [Entry]) async {
        guard let album = run.first?.request.album else { return await confirm(run) }
        let members = await albums.members(ofAlbum: album)
        var missing: [(entry: Entry, itemID: String)] = []
        for entry in run {
            guard let id = try? await itemID(entry) else {
                entry.answer.resume(returning: .gone)
                continue
            }
            if members.contains(id) {
                entry.answer.resume(returning: .present(itemID: id))
            } else {
                missing.append((entry, id))
            }
        }
        if missing.isEmpty { return }
        do {
            try await client.addMediaItems(missing.map(\.itemID), toAlbum: album)
            await albums.note(missing.map(\.itemID), inAlbum: album)
            for (entry, id) in missing { entry.answer.resume(returning: .created(itemID: id)) }
        } catch {
            await addOneByOne(missing, to: album, after: ConnectorError(wrapping: error))
        }
    }

    /// The call adds all or nothing: one item that was deleted in the meantime spoils the rest.
    private func addOneByOne(
        _ missing: [(entry: Entry, itemID: String)], to album: String, after failure: ConnectorError
    ) async {
        for (entry, id) in missing {
            guard [.notFound, .rejected, .permission].contains(failure.code) else {
                entry.answer.resume(returning: .failed(failure))
                continue
            }
            do {
                try await client.addMediaItems([id], toAlbum: album)
                await albums.note([id], inAlbum: album)
                entry.answer.resume(returning: .created(itemID: id))
            } catch let error as ConnectorError where [.notFound, .rejected].contains(error.code) {
                try? await journal.forget(sha256: entry.request.sha256)
                entry.answer.resume(returning: .gone)
            } catch {
                entry.answer.resume(returning: .failed(ConnectorError(wrapping: error)))
            }
        }
    }

    /// Asks whether items that the journal knows are still there: the person may have deleted them.
    private func confirm(_ run: [Entry]) async {
        var known: [(entry: Entry, itemID: String)] = []
        for entry in run {
            if let id = try? await itemID(entry) {
                known.append((entry, id))
            } else {
                entry.answer.resume(returning: .gone)
            }
        }
        if known.isEmpty { return }
        do {
            let results = try await client.mediaItems(known.map(\.itemID))
            for ((entry, id), result) in zip(known, results) {
                switch result {
                case .success: entry.answer.resume(returning: .present(itemID: id))
                case .failure(let error) where [.notFound, .rejected].contains(error.code):
                    try? await journal.forget(sha256: entry.request.sha256)
                    entry.answer.resume(returning: .gone)
                case .failure(let error): entry.answer.resume(returning: .failed(error))
                }
            }
        } catch {
            answer(known.map(\.entry), .failed(ConnectorError(wrapping: error)))
        }
    }

    private func itemID(_ entry: Entry) async throws -> String? {
        guard case .created(let id) = try await journal.entry(sha256: entry.request.sha256) else { return nil }
        return id
    }

    private func answer(_ entries: [Entry], _ outcome: Outcome) {
        for entry in entries { entry.answer.resume(returning: outcome) }
    }
}
