import ConnectorKit
import HTTP
import PhotosAPI
import PhotosLibrary
import Synchronization

/// A Google Photos library as a destination of records: files become items, folders below `/album` become albums.
///
/// Google's side is append-only: nothing can be deleted. So every step is in the journal before the next one, and what
/// the journal or the album itself shows to be there is not made again.
public final class PhotosExporter: Exporter {
    public let identity: ConnectorIdentity
    private let client: PhotosClient
    private let index: Index
    private let journal: Journal
    private let lock = Mutex<ProcessLock?>(nil)
    private let albums: AlbumBook
    private let committer: Committer
    private let uploads: UploadDesk
    private let budget: UploadBudget
    private let runtime: Runtime

    /// What all uploads may hold in memory together, in bytes, whatever `transfers` says: eight large files, or as
    /// many small ones as fit.
    private static let uploadMemory: Int64 = 128 << 20

    /// Sets the exporter up without a word to the network.
    /// - Parameter reload: asked for the sign-in before it is renewed, where it is known who keeps it.
    /// - Throws: ``ConnectorError`` with code `config` or `read-only`.
    public init(
        settings raw: Settings, options: ConnectorOptions, reporter: any ConnectorReporter, runtime: Runtime,
        index: Index? = nil, reload: @escaping TokenReload = { nil }
    ) throws {
        let settings = try LibrarySettings(raw)
        if settings.isReadOnly {
            throw ConnectorError(
                .readOnly, "this destination is read-only", hint: "set read_only=false if it is to be written")
        }
        identity = ConnectorIdentity(origin: settings.origin, kind: "googlephotos", root: settings.root)
        self.runtime = runtime
        let index =
            try index
            ?? Index(
                path: Index.path(for: settings, environment: runtime.environment), runtime: runtime)
        self.index = index
        client = try PhotosClient(settings, runtime: runtime, reporter: reporter, reload: reload)
        journal = Journal(index)
        albums = AlbumBook(client: client)
        committer = Committer(
            client: client, journal: journal, albums: albums, runtime: runtime, batchSize: settings.batchSize,
            batchTimeout: settings.batchTimeout)
        uploads = UploadDesk()
        budget = UploadBudget(
            uploads: min(settings.transfers, max(1, options.maxConcurrency)), bytes: Self.uploadMemory)
    }

    public func ping() async throws { try await client.ping() }

    public func close() async { client.shutdown() }

    public func counters() async -> [String: Int64] { client.statistics.counters }

    public func beginStoring() async {
        await committer.start()
        await uploads.start()
        do {
            let held = try index.lockForExport()
            lock.withLock { $0 = held }
        } catch {
            await uploads.refuse(ConnectorError(wrapping: error))
        }
    }

    public func finishStoring() async {
        await committer.finish()
        lock.withLock { $0 = nil }
    }

    public func store(_ record: Record, sequence: Int, content: (any ContentReader)?) async -> RecordOutcome {
        await committer.begin()
        let outcome: RecordOutcome
        do {
            outcome = try await place(record, sequence: sequence, content: content)
        } catch {
            let error = ConnectorError(wrapping: error)
            await uploads.noteFatal(error)
            outcome = .failed(error)
        }
        await content?.close()
        await committer.end(sequence)
        return outcome
    }

    private func place(_ record: Record, sequence: Int, content: (any ContentReader)?) async throws -> RecordOutcome {
        let pathname = try identity.root.joined(with: record.pathname)
        switch record.kind {
        case .directory:
            // An album is made with its first item. What its title was is known only from its directory.
            // It counts only where it leads here: elsewhere, the destination has another name for the album, or this is
            // the second album of its title.
            if let title = record.attributes[Attribute.albumTitle], Target.leads(title: title, to: pathname) {
                await uploads.note(title: title, of: pathname)
            }
            return .unchanged()
        case .symlink:
            return .skipped(ConnectorError(.unsupported, "Google Photos has no links: \(record.pathname)"))
        case .file: break
        }
        if let fatal = await uploads.fatal { return .failed(fatal) }
        let target = Target(pathname, titles: await uploads.titles)
        if target == .catalog || record.attributes[Attribute.sidecar] != nil { return .unchanged() }
        let filename = record.attributes[Attribute.filename].flatMap { $0.isEmpty ? nil : $0 } ?? pathname.name
        guard let format = MediaFormat(filename: filename, mimeType: record.mimeType) else {
            return .skipped(ConnectorError(.rejected, "Google Photos does not take files of this type"))
        }
        do throws(ConnectorError) {
            if let size = record.size { try format.check(size: size) }
        } catch {
            return .skipped(error)
        }
        var album: String?
        if case .album(let title) = target { album = try await albums.id(ofAlbum: title) }
        return try await make(
            record, sequence: sequence, content: content, album: album,
            filename: filename.unicodeScalars.count <= NewMediaItem.longestFilename ? filename : pathname.name,
            format: format)
    }

    private func make(
        _ record: Record, sequence: Int, content: (any ContentReader)?, album: String?, filename: String,
        format: MediaFormat
    ) async throws -> RecordOutcome {
        var sha256 = record.sha256
        var isSpent = false
        let description = record.attributes[Attribute.description] ?? ""
        while true {
            if try await !isUploaded(sha256) {
                guard let content, !isSpent else {
                    throw ConnectorError(
                        .unavailable, "Google no longer has what was uploaded", isRetryable: true, hint: "run it again")
                }
                isSpent = try await upload(record, content: content, format: format, sha256: &sha256)
            }
            guard let sha256 else { throw ConnectorError(.internalDefect, "an upload has no hash") }
            let request = Committer.Request(
                sequence: sequence, sha256: sha256, album: album, filename: filename,
                description: String(description.unicodeScalars.prefix(NewMediaItem.longestDescription)))
            switch await committer.commit(request) {
            case .created(let id): return .stored([Attribute.id: id])
            case .present(let id): return .unchanged([Attribute.id: id])
            case .failed(let error): throw error
            case .gone: continue
            case .refused(let error):
                // A token of an earlier run may be over or spent, whatever its age says: its bytes are still to be had.
                if isSpent || content == nil { throw error }
            }
        }
    }

    /// Whether the journal knows an item of this content, or a token that is still good.
    private func isUploaded(_ sha256: String?) async throws -> Bool {
        guard let sha256 else { return false }
        switch try await journal.entry(sha256: sha256) {
        case .created: return true
        case .uploaded(let token): return token.isUsable(at: runtime.now())
        case nil: return false
        }
    }

    /// Uploads a content, unless another record with the same one has just done so.
    /// - Returns: whether the content was read, and cannot be again.
    private func upload(
        _ record: Record, content: any ContentReader, format: MediaFormat, sha256: inout String?
    ) async throws -> Bool {
        if let known = sha256 {
            await uploads.begin(known)
            if try await isUploaded(known) {
                await uploads.end(known)
                return false
            }
        }
        let claimed = sha256
        let memory = PhotosClient.uploadMemory(size: record.size)
        await budget.take(memory)
        let result: Result<(UploadToken, String), any Error>
        do {
            result = .success(try await send(content, size: record.size, format: format, sha256: claimed))
        } catch {
            result = .failure(error)
        }
        await budget.giveBack(memory)
        do {
            let (token, actual) = try result.get()
            sha256 = actual
            if try await !isUploaded(actual) { try await journal.note(token, sha256: actual) }
        } catch {
            if let claimed { await uploads.end(claimed) }
            throw error
        }
        if let claimed { await uploads.end(claimed) }
        return true
    }

    /// A content whose hash is known beforehand goes on where an earlier run was stopped.
    private func send(
        _ content: any ContentReader, size: Int64?, format: MediaFormat, sha256 claimed: String?
    ) async throws -> (UploadToken, String) {
        let source = UploadSource(content, promised: claimed, largestSize: format.largestSize)
        do {
            var session: UploadSession?
            if let claimed { session = try await journal.session(sha256: claimed) }
            let token = try await client.upload(source, size: size, mimeType: format.mimeType, continuing: session) {
                [journal] session in
                if let claimed { try await journal.note(session, sha256: claimed) }
            }
            // Where Google had all of it from an earlier run, nothing was read.
            guard let actual = await source.sha256 ?? claimed else {
                throw ConnectorError(.internalDefect, "an upload was not read to its end")
            }
            return (token, actual)
        } catch {
            // What the content itself had to say is the better reason than the upload that broke with it.
            throw await source.failure ?? error
        }
    }
}

/// What the records of one export share: who uploads which content, titles, and why nothing more can be done.
actor UploadDesk {
    private var busy: [String: [CheckedContinuation<Void, Never>]] = [:]
    private(set) var titles: [Pathname: String] = [:]
    /// A failure that every further record would meet as well.
    private(set) var fatal: ConnectorError?

    func start() { fatal = nil }

    /// Waits while another record uploads the same content.
    func begin(_ sha256: String) async {
        while busy[sha256] != nil { await withCheckedContinuation { busy[sha256, default: []].append($0) } }
        busy[sha256] = []
    }

    func end(_ sha256: String) {
        for waiter in busy.removeValue(forKey: sha256) ?? [] { waiter.resume() }
    }

    func note(title: String, of directory: Pathname) { titles[directory] = title }

    /// Nothing can be stored at all.
    func refuse(_ error: ConnectorError) { fatal = error }

    func noteFatal(_ error: ConnectorError) {
        if Self.isFatal(error) { fatal = fatal ?? error }
    }

    /// Whether nothing else can be stored after it.
    static func isFatal(_ error: ConnectorError) -> Bool { [.auth, .quota].contains(error.code) }
}
