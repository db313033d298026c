import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// Items of the account that a journal knows nothing of, recognised by what the API tells: after the loss of the index,
/// or on another machine.
///
/// Nothing is taken for a photo that is not certainly it: a wrong guess would lose one for ever, while an upload too
/// many costs time alone, since Google gives the old item to bytes that it has. So an item counts only where name,
/// moment and dimensions fit, no other item fits too, no other content is known to be it, and its bytes are as many as
/// the record's.
actor KnownItems {
    /// What a record says of itself.
    struct Look: Sendable {
        var filename: String
        var created: Timestamp
        /// 0 where it is not known.
        var width: Int
        var height: Int
        var size: Int64
    }

    private let client: PhotosClient
    private let journal: Journal
    private let notes: JournalNotes
    private let runtime: Runtime
    /// Whether the library is worth a look; nil before it was asked.
    private var isForeign: Bool?
    private var startedEmpty: Bool?
    private var asking: Task<Bool, any Error>?
    /// Items that were given out: two contents of one look are looked at at the same time.
    private var claimed: Set<String> = []
    private var months: [Int: Task<Void, any Error>] = [:]
    private var library: Task<Bool, any Error>?
    /// Items that were asked for one by one, with what their bytes are to be had by; and since when.
    private var fresh: [String: MediaItem] = [:]
    private var freshSince = Timestamp.epoch
    private var refreshing: Task<Void, any Error>?

    /// A library of more pages is not read for the sake of one answer.
    private static let mostPages = 100
    /// In seconds; an address is good for an hour.
    private static let freshness: Int64 = 2400
    private static let mostFresh = 2000
    /// In seconds: Google's clock and ours differ.
    private static let clockError: Int64 = 600

    init(client: PhotosClient, journal: Journal, notes: JournalNotes, runtime: Runtime) {
        self.client = client
        self.journal = journal
        self.notes = notes
        self.runtime = runtime
    }

    /// The id of the item that a record is; nil where none certainly is.
    func find(_ look: Look) async throws -> String? {
        // Before anything is uploaded.
        if startedEmpty == nil { startedEmpty = try await journal.isEmpty() }
        // Without a moment of its own nothing is told by it.
        guard look.created != .epoch else { return nil }
        var ids = try await candidates(look)
        if ids.isEmpty, try await isWorthALook() {
            try await read(month: look.created.date)
            ids = try await candidates(look)
        }
        return try await certain(ids, look)?.id
    }

    /// The item that a call has made whose answer was lost, and that was sent since a moment: of its name and size, made
    /// since then or of the moment that the record says, or the only one of them in the whole library.
    func find(_ look: Look, madeSince start: Timestamp) async throws -> MediaItem? {
        let start = start.adding(nanoseconds: -Self.clockError * 1_000_000_000)
        if look.created != .epoch { try await read(month: look.created.date) }
        try await read(month: runtime.now().date)
        var ids = try await notes.items(
            named: look.filename, created: look.created, madeSince: start, width: look.width, height: look.height)
        if ids.isEmpty, try await readLibrary() { ids = try await notes.items(named: look.filename) }
        return try await certain(ids, look)
    }

    /// For a dry run: whether what is not known is looked for in the library, and whether that has anything.
    func looksThroughLibrary() async throws -> (does: Bool, isForeign: Bool) {
        if startedEmpty == nil { startedEmpty = try await journal.isEmpty() }
        return (startedEmpty == true, try await isWorthALook())
    }

    /// What was seen is old: an item may be there that was not.
    func lookAgain() {
        months = [:]
        library = nil
    }

    /// The one candidate, where its bytes are as many and no content is known to be it.
    private func certain(_ ids: [String], _ look: Look) async throws -> MediaItem? {
        guard ids.count == 1, let id = ids.first, try await !journal.knows(item: id) else { return nil }
        guard let item = try await current(id), item.filename == look.filename else { return nil }
        let url = MediaItem.downloadURL(baseURL: item.baseURL, kind: item.kind)
        guard try await client.size(at: url) == look.size, try await !journal.knows(item: id),
            claimed.insert(id).inserted
        else { return nil }
        return item
    }

    /// An item as it is now. Others that are likely to be wanted are asked for with it: a call can have fifty.
    private func current(_ id: String) async throws -> MediaItem? {
        while let refreshing { _ = await refreshing.result }
        let now = runtime.now()
        if fresh.count > Self.mostFresh || now.seconds - freshSince.seconds > Self.freshness { fresh = [:] }
        if let item = fresh[id] { return item }
        if fresh.isEmpty { freshSince = now }
        let task = Task {
            let others = try await notes.itemsBeside(id, limit: Self.mostFresh).filter { fresh[$0] == nil }
            let ids = [id] + others.prefix(PhotosClient.batchSize - 1)
            for case .success(let item) in try await client.mediaItems(ids) { fresh[item.id] = item }
        }
        refreshing = task
        defer { refreshing = nil }
        try await task.value
        return fresh[id]
    }

    private func candidates(_ look: Look) async throws -> [String] {
        try await notes.items(named: look.filename, created: look.created, width: look.width, height: look.height)
    }

    /// Whether this journal has never seen an account that has items.
    private func isWorthALook() async throws -> Bool {
        guard startedEmpty == true else { return false }
        if let isForeign { return isForeign }
        if let asking { return try await asking.value }
        let task = Task {
            for try await page in client.mediaItems() { return !page.isEmpty }
            return false
        }
        asking = task
        let answer = try await task.value
        isForeign = answer
        return answer
    }

    /// Lists a month of the library, once: as many requests as it has hundreds of items.
    private func read(month date: CivilDate) async throws {
        let number = date.year * 12 + date.month
        if let task = months[number] { return try await task.value }
        let task = Task {
            var filter = MediaItemFilter()
            filter.dates = [CivilDate(year: date.year, month: date.month, day: 0)]
            filter.includesArchived = true
            for try await page in client.mediaItems(matching: filter) { try await notes.saw(page) }
        }
        months[number] = task
        try await task.value
    }

    /// Lists the library, once, where it is not too large.
    /// - Returns: whether all of it was seen.
    private func readLibrary() async throws -> Bool {
        if let library { return try await library.value }
        let task = Task {
            var pages = 0
            for try await page in client.mediaItems() {
                pages += 1
                if pages > Self.mostPages { return false }
                try await notes.saw(page)
            }
            return true
        }
        library = task
        return try await task.value
    }
}
