import ConnectorKit
import HTTP
import PhotosAPI
import PhotosLibrary
import Synchronization

/// A Google Photos library as a destination of records: files become items, folders become albums.
///
/// Google's side is append-only: nothing can be deleted. So every step is in the journal before the next one, and what
/// the journal or the account itself shows to be there is not made again.
public final class PhotosExporter: Exporter {
    public let identity: ConnectorIdentity
    let client: PhotosClient
    let index: Index
    let journal: Journal
    let notes: JournalNotes
    let settings: ExportSettings
    /// Whether what did not come is known not to be there.
    let knowsEnd: Bool
    let nameRules: NameRules
    let albums: AlbumBook
    let directories: DirectoryBook
    let committer: Committer
    let desk: UploadDesk
    let budget: UploadBudget
    let tally: ExportTally
    let known: KnownItems
    let runtime: Runtime
    let reporter: any ConnectorReporter
    private let order = RecordOrder()
    private let lock = Mutex<ProcessLock?>(nil)

    /// What all uploads may hold in memory together, in bytes, whatever `transfers` says: eight large files, or as
    /// many small ones as fit.
    private static let uploadMemory: Int64 = 128 << 20

    /// Sets the exporter up without a word to the network.
    /// - Parameters:
    ///   - reload: asked for the sign-in before it is renewed, where it is known who keeps it.
    ///   - albumLimit: the most items of an album:
    ///     <https://developers.google.com/photos/library/reference/rest/v1/albums/batchAddMediaItems>.
    /// - Throws: ``ConnectorError`` with code `config` or `read-only`.
    public init(
        settings raw: Settings, options: ConnectorOptions, reporter: any ConnectorReporter, runtime: Runtime,
        index: Index? = nil, albumLimit: Int = 20_000, reload: @escaping TokenReload = { nil }
    ) throws {
        let library = try LibrarySettings(raw)
        if library.isReadOnly {
            throw ConnectorError(
                .readOnly, "this destination is read-only", hint: "set read_only=false if it is to be written")
        }
        identity = ConnectorIdentity(origin: library.origin, kind: "googlephotos", root: library.root)
        settings = library.export
        knowsEnd = options.tellsEnd
        nameRules = library.layout.rules
        self.runtime = runtime
        self.reporter = reporter
        let index =
            try index
            ?? Index(
                path: Index.path(for: library, environment: runtime.environment), runtime: runtime,
                reporter: reporter)
        self.index = index
        client = try PhotosClient(library, runtime: runtime, reporter: reporter, reload: reload)
        journal = Journal(index)
        notes = try JournalNotes(index)
        albums = AlbumBook(
            client: client, journal: journal, notes: notes, settings: settings, runtime: runtime, limit: albumLimit)
        directories = DirectoryBook()
        known = KnownItems(client: client, journal: journal, notes: notes, runtime: runtime)
        let sender = BatchSender(
            client: client, journal: journal, notes: notes, albums: albums, known: known, runtime: runtime,
            isDryRun: settings.isDryRun)
        committer = Committer(
            sender: sender, runtime: runtime, batchSize: library.batchSize, batchTimeout: library.batchTimeout)
        desk = UploadDesk()
        budget = UploadBudget(
            uploads: min(library.transfers, max(1, options.maxConcurrency)), bytes: Self.uploadMemory)
        tally = ExportTally(library)
    }

    public func ping() async throws { try await client.ping() }

    public func close() async {
        client.shutdown()
        lock.withLock { $0 = nil }
    }

    public func counters() async -> [String: Int64] {
        let asked = client.statistics.apiRequests
        return client.statistics.counters.merging(
            await tally.counters(asked: Int(asked), albums: await albums.present)
        ) { $1 }
    }

    public func beginStoring() async throws {
        await order.start()
        await committer.start()
        await desk.start()
        if settings.isDryRun { return }
        lock.withLock { $0 = nil }
        do {
            let held = try index.lockForExport()
            lock.withLock { $0 = held }
        } catch {
            await desk.refuse(ConnectorError(wrapping: error))
            throw error
        }
    }

    public func finishStoring() async { await committer.finish() }

    public func endStoring() async throws {
        defer { lock.withLock { $0 = nil } }
        try await finishExport()
    }

    public func pass(sequence: Int) async {
        await committer.begin()
        await desk.noteUnread()
        try? await order.inTurn(sequence) {}
        await committer.end(sequence)
    }

    public func store(_ record: Record, sequence: Int, content: (any ContentReader)?) async -> RecordOutcome {
        await committer.begin()
        var outcome: RecordOutcome
        do {
            let work = try await order.inTurn(sequence) { try await self.prepare(record, sequence, content) }
            outcome =
                switch work {
                case .done(let outcome): outcome
                case .file(let order): try await store(order, content: content)
                case .link(let link, let id): try await store(link, itemID: id, sequence: sequence)
                }
        } catch {
            let error = ConnectorError(wrapping: error)
            await desk.noteFatal(error)
            outcome = .failed(error)
        }
        await content?.close()
        await desk.note(outcome, of: record.pathname)
        await tally.count(outcome, record)
        await committer.end(sequence)
        return outcome
    }

    // MARK: What a record is

    /// A file that goes to Google.
    struct FileOrder: Sendable {
        var record: Record
        var sequence: Int
        var album: AlbumReference?
        /// Among the records of the album.
        var place: Int
        var filename: String
        var description: String
        var format: MediaFormat
        /// What the snapshot says of the picture, to know it again by.
        var created: Timestamp
        var width = 0
        var height = 0
        /// The hash that the catalog has, where the record has none: bytes may have changed since.
        var hashHint: String?

        /// What to know its item by; nil where nobody says how long it is.
        var look: KnownItems.Look? {
            record.size.map {
                KnownItems.Look(filename: filename, created: created, width: width, height: height, size: $0)
            }
        }
    }

    private enum Work {
        case done(RecordOutcome)
        case file(FileOrder)
        case link(JournalNotes.Link, itemID: String)
    }

    /// Finds out where a record goes; one after the other, in their order.
    private func prepare(
        _ record: Record, _ sequence: Int, _ content: (any ContentReader)?
    ) async throws -> Work {
        if let fatal = await desk.fatal { return .done(.failed(fatal)) }
        if CatalogPath.covers(record.pathname) {
            if record.kind == .file { try await readCatalog(record, content) }
            return .done(.unchanged())
        }
        // What it says is in the catalog and in the attributes of its file.
        if record.attributes[Attribute.sidecar] != nil { return .done(.unchanged()) }
        let pathname = try identity.root.joined(with: record.pathname)
        if let error = record.error {
            if let directory = pathname.parent { await directories.noteContent(of: directory) }
            await desk.noteUnread()
            return .done(.failed(error))
        }
        if record.kind == .directory {
            await note(directory: pathname, of: record)
            return .done(.unchanged())
        }
        guard let directory = pathname.parent else { return .done(.unchanged()) }
        await directories.noteContent(of: directory)
        let target = Target(directory: directory, root: identity.root, folders: settings.folders)
        if case .mark(let mark) = target { await tell(mark) }
        var album: AlbumReference?
        if case .album(let directory) = target { album = try await reference(to: directory) }
        if record.kind == .symlink { return try await link(record, pathname, album) }

        let said = try await notes.file(at: record.pathname)
        await tally.placed()
        let filename =
            record.attributes[Attribute.filename].flatMap { $0.isEmpty ? nil : $0 }
            ?? said.flatMap { $0.filename.isEmpty ? nil : $0.filename } ?? ItemName.derived(from: pathname)
        guard let format = MediaFormat(filename: filename, mimeType: record.mimeType) else {
            return .done(.skipped(ConnectorError(.rejected, "Google Photos does not take files of this type")))
        }
        do throws(ConnectorError) {
            if let size = record.size { try format.check(size: size) }
        } catch {
            // A photo that is empty now may have been cut short, and its item is all that is left of it.
            if record.size == 0 { await desk.noteUnread() }
            return .done(.skipped(error))
        }
        let description = record.attributes[Attribute.description] ?? said?.description ?? ""
        var file = FileOrder(
            record: record, sequence: sequence, album: album, place: 0,
            filename: filename.unicodeScalars.count <= NewMediaItem.longestFilename ? filename : pathname.name,
            description: String(description.unicodeScalars.prefix(NewMediaItem.longestDescription)), format: format,
            created: said?.created ?? record.modificationTime)
        if let album { file.place = await albums.place(of: record.pathname, in: album) }
        let dimensions = record.attributes[Attribute.dimensions]?.split(separator: "x").compactMap { Int($0) } ?? []
        file.width = dimensions.count == 2 ? dimensions[0] : said?.width ?? 0
        file.height = dimensions.count == 2 ? dimensions[1] : said?.height ?? 0
        if let size = record.size, said?.size == size { file.hashHint = said?.sha256 }
        return .file(file)
    }

    private func readCatalog(_ record: Record, _ content: (any ContentReader)?) async throws {
        guard let content, !settings.isDryRun else { return }
        let late = await tally.filesPlaced
        let strays = try await SourceCatalog(notes: notes).read(content, named: record.pathname.name)
        if strays > 0 {
            reporter.log(.warning, "\(strays) lines of the catalog make no sense", pathname: record.pathname)
        }
        if late > 0, await desk.isNews("late catalog") {
            reporter.log(
                .warning,
                "the catalog came after \(late) files, which have the names of their paths and no descriptions",
                pathname: record.pathname)
        }
    }

    private func tell(_ mark: Target.Mark) async {
        guard await desk.isNews(mark.rawValue) else { return }
        let what = mark == .favorites ? "mark favorites" : "archive items"
        reporter.log(.warning, "Google's API lets no app \(what): they go into the library as they are", pathname: nil)
    }

    // MARK: Albums

    private func note(directory: Pathname, of record: Record) async {
        let target = Target(directory: directory, root: identity.root, folders: settings.folders)
        guard case .album(let own) = target, own == directory else { return }
        let title = record.attributes[Attribute.albumTitle]
        // It counts only where it leads here: elsewhere the destination has another name for the album.
        if let title, AlbumTitle.leads(title, to: directory, nameRules) { await desk.note(title: title, of: directory) }
        await directories.note(directory, isAlbum: title != nil, at: record.pathname)
    }

    /// The album of a directory: what the catalog says, what the directory's own record says, or what its name says.
    func reference(to directory: Pathname) async throws -> AlbumReference {
        if identity.root.isRoot, let said = try await notes.album(at: directory), !said.title.isEmpty {
            return AlbumReference(directory: said.directory, title: said.title)
        }
        let title = await desk.title(of: directory) ?? AlbumTitle.derived(from: directory)
        return AlbumReference(directory: directory, title: title)
    }

    // MARK: Links

    private func link(_ record: Record, _ pathname: Pathname, _ album: AlbumReference?) async throws -> Work {
        // What it leads to is in the library by its own record.
        guard let album else { return .done(.unchanged()) }
        guard let target = record.target.flatMap({ record.pathname.resolving(link: $0) }) else {
            await desk.noteUnread()
            return .done(
                .skipped(
                    ConnectorError(
                        .notFound, "the link leads out of what is exported",
                        hint: "export what it leads to as well, or a snapshot with albums as copies")))
        }
        let place = await albums.place(of: record.pathname, in: album)
        let link = JournalNotes.Link(
            path: record.pathname, target: target, directory: album.directory, title: album.title, place: place)
        // After one that has to wait, all do: they are the album's order.
        if await !desk.isLate(album), let id = try await item(behind: link) { return .link(link, itemID: id) }
        await desk.noteLate(album)
        try await notes.note(link)
        return .done(.stored())
    }
}
