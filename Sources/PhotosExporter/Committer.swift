import ConnectorKit
import PhotosAPI

/// Gathers what is to be made into batches: one call at a time, up to fifty items each, in the order of the records.
///
/// Google takes one writing call at a time per account, and as many items as possible in each. Another process that
/// writes to the account at the same time is told "concurrent write request", as we are then; the client waits half a
/// minute and sends the call again, so both get on, slowly. A batch is sent when it
/// is full, when the records have moved on to another album, when the host is done, or when everybody waits for it.
actor Committer {
    /// What became of an item.
    enum Outcome: Sendable {
        case created(Item)
        /// It is there already, and in its album.
        case present(itemID: String)
        /// It is in the library, and gets its place in the album when all places are known.
        case waiting(Item)
        /// The journal knows an item that the service no longer has; its bytes are needed.
        case gone
        /// The item is there, and belongs into the midst of its album: only with its bytes can it be put there.
        case misplaced
        /// Google makes no item of this token; it is forgotten.
        case refused(ConnectorError)
        case failed(ConnectorError)
    }

    /// An item that was made, or that was put into an album.
    struct Item: Sendable, Hashable {
        var id: String
        /// As Google calls it; empty where it did not say.
        var filename: String
        /// Nil in the library.
        var albumID: String?
        /// Whether it stands at the end of its album, since that is full where it belongs.
        var isMisplaced = false
    }

    /// An item to be made, or to be added to an album.
    struct Request: Sendable {
        var sequence: Int
        /// Of the content; empty where the item is named.
        var sha256: String
        /// The item itself, where a link leads to it.
        var itemID: String?
        /// Nil for the library.
        var album: AlbumReference?
        /// Its place among the records of the album.
        var place = 0
        var filename: String
        var description: String
        /// Whether its bytes can still be had.
        var mayUpload = false
        /// What it is to be known by after an answer that was lost.
        var look: KnownItems.Look?
    }

    struct Entry: Sendable {
        var request: Request
        var answer: CheckedContinuation<Outcome, Never>
    }

    private let sender: BatchSender
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

    init(sender: BatchSender, runtime: Runtime, batchSize: Int, batchTimeout: Duration) {
        self.sender = sender
        self.runtime = runtime
        self.batchSize = batchSize
        self.batchTimeout = batchTimeout
    }

    /// An export begins: its records are numbered from 1 again.
    func start() async {
        await sender.start()
        frontier = 0
        settled = []
        isFinishing = false
        isFlushing = false
    }

    /// A record is being worked on.
    func begin() { active += 1 }

    /// A number without a record.
    func pass(_ sequence: Int) {
        settle(sequence)
        advance()
    }

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
                await sender.send(batch)
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
        var seen: Set<AlbumReference?> = []
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
}
