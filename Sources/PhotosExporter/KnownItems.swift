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
    /// Whether the library is worth a look; nil before it was asked.
    private var isForeign: Bool?
    private var startedEmpty: Bool?
    private var asking: Task<Bool, any Error>?
    /// Items that were given out: two contents of one look are looked at at the same time.
    private var claimed: Set<String> = []
    private var months: [Int: Task<Void, any Error>] = [:]

    init(client: PhotosClient, journal: Journal, notes: JournalNotes) {
        self.client = client
        self.journal = journal
        self.notes = notes
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
        guard ids.count == 1, let id = ids.first, try await !journal.knows(item: id) else { return nil }
        guard case .success(let item)? = try await client.mediaItems([id]).first, item.filename == look.filename
        else { return nil }
        let url = MediaItem.downloadURL(baseURL: item.baseURL, kind: item.kind)
        guard try await client.size(at: url) == look.size, try await !journal.knows(item: id),
            claimed.insert(id).inserted
        else { return nil }
        return id
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
}
