import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// The album that a directory of records becomes. Directories tell albums apart: titles repeat.
struct AlbumReference: Sendable, Hashable {
    var directory: Pathname
    /// As the album is to be called; cut where it is used.
    var title: String

    static func == (left: Self, right: Self) -> Bool { left.directory == right.directory }
    func hash(into hasher: inout Hasher) { hasher.combine(directory) }
}

/// The albums at the destination that this app may write to: looked up once, made where there is none.
///
/// A directory's album is the one that the journal remembers; without it, the album of that title that no other
/// directory has, by its contents where there are several.
actor AlbumBook {
    typealias Slot = AlbumContents.Slot

    private struct Shelf {
        var contents: AlbumContents
        /// Places of the records, by the hash of their pathnames: a record that comes again has its old place.
        var places: [Int: Int] = [:]
        var lookup: Task<AlbumContents, any Error>?
        var isRead = false
    }

    let client: PhotosClient
    let journal: Journal
    let runtime: Runtime
    private let notes: JournalNotes
    private let conflict: ExportSettings.AlbumConflict
    private let isDryRun: Bool
    private let limit: Int
    private var shelves: [AlbumReference: Shelf] = [:]
    /// All albums that the service shows, as they were listed.
    private var listed: [Album]?
    private var listing: Task<[Album], any Error>?
    /// Albums that a directory has.
    private var taken: [String: Pathname] = [:]
    /// The one lookup at a time: two directories of one title must not take the same album.
    private var lastLookup: Task<AlbumContents, any Error>?

    /// - Parameter limit: the most items of an album.
    init(
        client: PhotosClient, journal: Journal, notes: JournalNotes, settings: ExportSettings, runtime: Runtime,
        limit: Int
    ) {
        self.client = client
        self.runtime = runtime
        self.journal = journal
        self.notes = notes
        conflict = settings.albumConflict
        isDryRun = settings.isDryRun
        self.limit = limit
    }

    // MARK: Records

    /// The place of a record among those of its album, the same as often as it comes.
    func place(of record: Pathname, in album: AlbumReference) -> Int {
        var shelf = shelves[album] ?? Shelf(contents: AlbumContents(limit: limit))
        defer { shelves[album] = shelf }
        let hash = record.string.hashValue
        if let place = shelf.places[hash] { return place }
        let place = shelf.places.count
        shelf.places[hash] = place
        return place
    }

    /// Whether any record went into the album.
    func isUsed(_ album: AlbumReference) -> Bool { !(shelves[album]?.places.isEmpty ?? true) }

    // MARK: What is there

    /// Sees to it that the album is there, and that its members are known.
    /// - Parameter hint: the file name of an item that belongs to it, to know it again by.
    /// - Returns: whether it is there: always, unless nothing is to be written.
    @discardableResult
    func open(_ album: AlbumReference, hint: String?) async throws -> Bool {
        if let shelf = shelves[album], shelf.isRead { return !shelf.contents.albumIDs.isEmpty }
        if let lookup = shelves[album]?.lookup { return take(try await lookup.value, for: album) }
        let earlier = lastLookup
        let lookup = Task {
            _ = await earlier?.result
            return try await find(album, hint: hint)
        }
        lastLookup = lookup
        shelves[album, default: Shelf(contents: AlbumContents(limit: limit))].lookup = lookup
        do {
            return take(try await lookup.value, for: album)
        } catch {
            // The next one tries again, where that can help.
            shelves[album]?.lookup = nil
            throw error
        }
    }

    /// What a lookup has found; the first of those who waited for it puts it down.
    private func take(_ contents: AlbumContents, for album: AlbumReference) -> Bool {
        if shelves[album]?.isRead != true {
            shelves[album]?.contents = contents
            shelves[album]?.isRead = true
            shelves[album]?.lookup = nil
        }
        return !contents.albumIDs.isEmpty
    }

    /// What is in an album that is not known to be there, in its order: looked up anew.
    func newcomers(in albumID: String, of album: AlbumReference) async throws -> [MediaItem] {
        var new: [MediaItem] = []
        for try await page in client.mediaItems(inAlbum: albumID) {
            new += page.filter { shelves[album]?.contents.contains($0.id) == false }
        }
        return new
    }

    /// Whether an item must be known before it is put in, since the album may hold it already.
    func hasStrangers(_ album: AlbumReference) -> Bool { shelves[album]?.contents.hasStrangers ?? false }

    func contains(_ item: String, in album: AlbumReference) -> Bool {
        shelves[album]?.contents.contains(item) ?? false
    }

    func albumID(of item: String, in album: AlbumReference) -> String? {
        shelves[album]?.contents.albumID(of: item)
    }

    func members(of album: AlbumReference) -> [(albumID: String, members: [String])] {
        shelves[album]?.contents.allMembers ?? []
    }

    /// Where the item of a place belongs. A new album where all are full.
    func slot(for place: Int, in album: AlbumReference) async throws -> Slot {
        try await open(album, hint: nil)
        if let slot = shelves[album]?.contents.slot(for: place), slot.room > 0 { return slot }
        let part = shelves[album]?.contents.albumIDs.count ?? 0
        let id = try await findPart(part, of: album)
        shelves[album]?.contents.addPart(id)
        try await journal.note(albums: shelves[album]?.contents.albumIDs ?? [], of: album.directory)
        guard let slot = shelves[album]?.contents.slot(for: place) else {
            throw ConnectorError(.internalDefect, "an album was made and is not there")
        }
        return slot
    }

    /// How all albums of this export are now.
    var present: [AlbumReference: Forecast.Present] {
        shelves.mapValues { shelf in
            Forecast.Present(
                members: shelf.contents.allMembers.reduce(0) { $0 + $1.members.count },
                hasStrangers: shelf.contents.hasStrangers)
        }
    }

    /// Where the items of an album stand, as far as is known here.
    func order(of albumID: String) -> [String: Int] {
        for shelf in shelves.values {
            for (id, members) in shelf.contents.allMembers where id == albumID {
                return Dictionary(members.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            }
        }
        return [:]
    }

    // MARK: What becomes of it

    /// A record of this place stands for an item that is in the album.
    func land(_ item: String, at place: Int, in album: AlbumReference) {
        shelves[album]?.contents.land(item, at: place)
    }

    func insert(_ items: [(place: Int, item: String)], at slot: Slot, in album: AlbumReference) {
        shelves[album]?.contents.insert(items, at: slot)
    }

    /// The service takes no more items into an album, whatever was counted.
    func fill(_ albumID: String, of album: AlbumReference) { shelves[album]?.contents.fill(albumID) }

    func remove(_ items: [String], from album: AlbumReference) { shelves[album]?.contents.remove(items) }

    /// The service says that an album is not there: looks again.
    /// - Returns: whether it is gone, and another one can take its place.
    func isGone(_ albumID: String, of album: AlbumReference) async throws -> Bool {
        listed = nil
        guard try await !list().contains(where: { $0.id == albumID }) else { return false }
        taken[albumID] = nil
        try await journal.note(albums: [], of: album.directory)
        forget(album)
        return true
    }

    /// Changes what is known of an album's contents.
    func change<Value>(_ album: AlbumReference, _ body: (inout AlbumContents) throws -> Value) rethrows -> Value? {
        guard var contents = shelves[album]?.contents else { return nil }
        defer { shelves[album]?.contents = contents }
        return try body(&contents)
    }

    /// Nobody knows any more what is in the album: it is looked up again when it is needed.
    func forget(_ album: AlbumReference) {
        shelves[album]?.contents = AlbumContents(limit: limit)
        shelves[album]?.isRead = false
    }

    /// Whose album that is.
    func owner(of albumID: String) -> AlbumReference? {
        shelves.first { $0.value.contents.albumIDs.contains(albumID) }?.key
    }

    /// Albums with items of which nobody knows whether they stand in their places.
    var doubtful: [AlbumReference] { shelves.filter { !$0.value.contents.doubtful.isEmpty }.map(\.key) }

    // MARK: Looking up

    private func find(_ album: AlbumReference, hint: String?) async throws -> AlbumContents {
        var contents = AlbumContents(limit: limit)
        let all = try await list()
        // The journal knows; what it knows may be gone.
        for id in try await journal.albums(of: album.directory) where all.contains(where: { $0.id == id }) {
            try await add(id, members: try await read(id), to: &contents)
            taken[id] = album.directory
        }
        if !contents.albumIDs.isEmpty { return contents }
        let id = try await recognised(album, hint: hint)
        if let id {
            try await add(id.id, members: id.members, to: &contents)
            // What an earlier export filled beyond the first.
            var part = 1
            while contents.lastIsFull,
                let next = try await free(AlbumTitle.fitting(album.title, part: part), album).first
            {
                try await add(next.id, members: try await read(next.id), to: &contents)
                taken[next.id] = album.directory
                part += 1
            }
        } else if isDryRun {
            return contents
        } else {
            contents.addPart(try await create(AlbumTitle.fitting(album.title), for: album))
        }
        if !isDryRun { try await journal.note(albums: contents.albumIDs, of: album.directory) }
        return contents
    }

    /// Takes an album with what is in it.
    private func add(_ id: String, members: [String], to contents: inout AlbumContents) async throws {
        let members = isDryRun ? members : try await endMoves(in: id, members: members)
        contents.addPart(id, members: members, strangers: try await journal.unknown(of: members))
    }

    /// The album of that title that no other directory has, and its members.
    private func recognised(
        _ album: AlbumReference, hint: String?
    ) async throws -> (id: String, members: [String])? {
        let candidates = try await free(AlbumTitle.fitting(album.title), album)
        guard let first = candidates.first else { return nil }
        if candidates.count == 1 {
            taken[first.id] = album.directory
            return (first.id, try await read(first.id))
        }
        var names = try await notes.filenames(in: album.directory, limit: 1000)
        if let hint { names.insert(hint) }
        var best: (id: String, members: [String], common: Int)?
        for candidate in candidates {
            var members: [String] = []
            var common = 0
            for try await page in client.mediaItems(inAlbum: candidate.id) {
                members += page.map(\.id)
                common += page.count { names.contains($0.filename) }
                try await notes.saw(page)
            }
            if common > best?.common ?? -1 { best = (candidate.id, members, common) }
        }
        guard let best else { return nil }
        taken[best.id] = album.directory
        return (best.id, best.members)
    }

    private func findPart(_ part: Int, of album: AlbumReference) async throws -> String {
        let title = AlbumTitle.fitting(album.title, part: part)
        if let known = try await free(title, album).first, try await read(known.id).isEmpty {
            taken[known.id] = album.directory
            return known.id
        }
        return try await create(title, for: album)
    }

    /// Albums of a title that this app may write to and no other directory has.
    /// - Throws: ``ConnectorError`` with code `permission` where there are none and one is there that takes nothing.
    private func free(_ title: String, _ album: AlbumReference) async throws -> [Album] {
        let titled = try await list().filter { $0.title == title }
        let writable = titled.filter(\.isWriteable)
        var free: [Album] = []
        for candidate in writable {
            if let owner = taken[candidate.id], owner != album.directory { continue }
            if try await journal.isTaken(album: candidate.id, notBy: album.directory) { continue }
            free.append(candidate)
        }
        if writable.isEmpty, !titled.isEmpty, conflict == .fail {
            throw ConnectorError(
                .permission,
                "there is an album “\(title)” that another app made: Google lets this one add nothing to it",
                hint: "give it another title, or set album_conflict=new for a second album of that title")
        }
        return free
    }

    func read(_ id: String) async throws -> [String] {
        var members: [String] = []
        for try await page in client.mediaItems(inAlbum: id) {
            members += page.map(\.id)
            try await notes.saw(page)
        }
        return members
    }

    private func create(_ title: String, for album: AlbumReference) async throws -> String {
        let before = Set((listed ?? []).map(\.id))
        var attempt = 0
        while true {
            attempt += 1
            do {
                return try await createOnce(title, for: album)
            } catch let error as ConnectorError where error.isRetryable {
                // The answer was lost, and the album may be there: albums cannot be deleted, so look before another try,
                // and after the last.
                listed = nil
                if let new = try await free(title, album).first(where: { !before.contains($0.id) }) {
                    taken[new.id] = album.directory
                    return new.id
                }
                guard attempt < 2 else {
                    listed = nil
                    throw error
                }
            }
        }
    }

    private func createOnce(_ title: String, for album: AlbumReference) async throws -> String {
        let made = try await client.createAlbum(title: title)
        listed?.append(Album(id: made.id, title: title, isWriteable: true))
        taken[made.id] = album.directory
        return made.id
    }

    private func list() async throws -> [Album] {
        if let listed { return listed }
        if let listing { return try await listing.value }
        let task = Task {
            var found: [Album] = []
            for try await page in client.albums() { found += page }
            return found
        }
        listing = task
        defer { listing = nil }
        let found = try await task.value
        listed = found
        return found
    }
}
