import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// How a file becomes an item.
extension PhotosExporter {
    func store(_ order: FileOrder, content: (any ContentReader)?) async throws -> RecordOutcome {
        if let fatal = await desk.fatal { return .failed(fatal) }
        if let album = order.album {
            let isThere = try await albums.open(album, hint: order.filename)
            if !isThere { await tally.foresee { $0.newAlbums.insert(album) } }
        }
        if settings.isDryRun { return try await foresee(order) }
        var sha256 = order.record.sha256
        if sha256 == nil, let hint = order.hashHint, try await isUploaded(hint, asItem: true) { sha256 = hint }
        try await recognise(order, sha256)
        var isSpent = false
        var mustUpload = false
        var essence: String?
        while true {
            let isThere = try await isUploaded(sha256)
            if mustUpload || !isThere {
                guard let content, !isSpent else {
                    throw ConnectorError(
                        .unavailable, "Google no longer has what was uploaded", isRetryable: true, hint: "run it again")
                }
                let sent = try await upload(order, content: content, sha256: sha256, again: mustUpload)
                if let sent {
                    (sha256, essence, isSpent) = (sent.sha256, sent.essence, true)
                }
                mustUpload = false
            }
            guard let hash = sha256 else { throw ConnectorError(.internalDefect, "an upload has no hash") }
            let request = Committer.Request(
                sequence: order.sequence, sha256: hash, album: order.album, place: order.place,
                filename: order.filename, description: order.description, mayUpload: content != nil && !isSpent,
                look: order.look)
            switch await committer.commit(request) {
            case .created(let item):
                try await note(item, order, sha256: hash, essence: essence)
                return .stored([Attribute.id: item.id])
            case .present(let id):
                try await notes.note(item: id, at: order.record.pathname)
                return .unchanged([Attribute.id: id])
            case .waiting(let item):
                try await notes.note(item: item.id, at: order.record.pathname)
                if let album = order.album {
                    let made = made(of: item, order, sha256: hash, essence: essence)
                    try await notes.note(
                        JournalNotes.Waiting(directory: album.directory, title: album.title, made: made))
                }
                return .stored([Attribute.id: item.id])
            case .failed(let error): throw error
            case .gone:
                // What the catalog had was a hint: the bytes of now speak for themselves.
                if !isSpent { sha256 = order.record.sha256 }
            case .misplaced: mustUpload = true
            case .refused(let error):
                // A token of an earlier run may be over or spent, whatever its age says: its bytes are still to be had.
                if isSpent || content == nil { throw error }
            }
        }
    }

    private func note(
        _ item: Committer.Item, _ order: FileOrder, sha256: String, essence: String?
    ) async throws {
        try await notes.note(item: item.id, at: order.record.pathname)
        if item.isMisplaced { await tellMisplaced(1, in: order.album) }
        guard settings.verification != .none else { return }
        try await notes.note(made(of: item, order, sha256: sha256, essence: essence))
    }

    private func made(
        of item: Committer.Item, _ order: FileOrder, sha256: String, essence: String?
    ) -> JournalNotes.Made {
        JournalNotes.Made(
            album: item.albumID, itemID: item.id, place: item.isMisplaced ? -1 : order.place,
            path: order.record.pathname, filename: item.filename, sha256: sha256, essence: essence)
    }

    /// Looks whether the account has the item although the journal does not know it.
    private func recognise(_ order: FileOrder, _ sha256: String?) async throws {
        guard let sha256, let look = order.look, try await journal.entry(sha256: sha256) == nil else { return }
        do {
            if let id = try await known.find(look) { try await journal.note(recognised: id, sha256: sha256) }
        } catch is ConnectorError {
            // Without an answer it is uploaded: Google gives the old item to bytes that it has.
        }
    }

    /// Whether the journal knows an item of this content, or a token that is still good.
    private func isUploaded(_ sha256: String?, asItem: Bool = false) async throws -> Bool {
        guard let sha256 else { return false }
        switch try await journal.entry(sha256: sha256) {
        case .created: return true
        case .uploaded(let token): return !asItem && token.isUsable(at: runtime.now())
        case nil: return false
        }
    }

    // MARK: Uploads

    /// A content that was read to its end.
    private struct Sent {
        /// Nil where the journal knew the content.
        var token: UploadToken?
        var sha256: String
        var essence: String?
    }

    /// Uploads a content, unless another record with the same one has just done so.
    /// - Parameter again: although the journal knows an item of it.
    /// - Returns: nil where the content was not read.
    private func upload(
        _ order: FileOrder, content: any ContentReader, sha256 claimed: String?, again: Bool
    ) async throws -> Sent? {
        let record = order.record
        if let known = claimed {
            await desk.begin(known)
            do {
                if !again, try await isUploaded(known) {
                    await desk.end(known)
                    return nil
                }
            } catch {
                await desk.end(known)
                throw error
            }
        }
        let memory = PhotosClient.uploadMemory(size: record.size)
        await budget.take(memory)
        let result: Result<Sent, any Error>
        do {
            if let fatal = await desk.fatal { throw fatal }
            result = .success(try await send(content, size: record.size, format: order.format, sha256: claimed))
        } catch {
            result = .failure(error)
        }
        await budget.giveBack(memory)
        do {
            let sent = try result.get()
            if let token = sent.token {
                let isKnown = try await isUploaded(sent.sha256)
                if again || !isKnown { try await journal.note(token, sha256: sent.sha256) }
            }
            if let claimed { await desk.end(claimed) }
            return sent
        } catch {
            if let claimed { await desk.end(claimed) }
            throw error
        }
    }

    /// A content whose hash is known beforehand goes on where an earlier run was stopped. A small one without is read
    /// whole first: the journal may know its bytes.
    private func send(
        _ content: any ContentReader, size: Int64?, format: MediaFormat, sha256 claimed: String?
    ) async throws -> Sent {
        if claimed == nil, let size, size <= PhotosClient.largestRawUpload {
            let source = UploadSource(content, promised: nil, largestSize: format.largestSize)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Int(size))
            while let chunk = try await source.next() {
                bytes.append(contentsOf: chunk)
                if bytes.count > Int(size) {
                    throw ConnectorError(.corrupt, "the content is longer than its size", isRetryable: true)
                }
            }
            guard let actual = await source.sha256 else {
                throw ConnectorError(.internalDefect, "a content was not read to its end")
            }
            if try await isUploaded(actual) { return Sent(token: nil, sha256: actual, essence: await source.essence) }
            return try await transfer(MemoryContent(bytes), size: size, format: format, sha256: actual)
        }
        return try await transfer(content, size: size, format: format, sha256: claimed)
    }

    private func transfer(
        _ content: any ContentReader, size: Int64?, format: MediaFormat, sha256 claimed: String?
    ) async throws -> Sent {
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
            return Sent(token: token, sha256: actual, essence: await source.essence)
        } catch {
            // What the content itself had to say is the better reason than the upload that broke with it.
            throw await source.failure ?? error
        }
    }

    // MARK: A dry run

    /// What would become of a file. Its content is not read.
    private func foresee(_ order: FileOrder) async throws -> RecordOutcome {
        let sha256 = order.record.sha256 ?? order.hashHint
        func foresee(_ step: Forecast.Step) async {
            await tally.foresee { $0.step(step, sequence: order.sequence, in: order.album) }
        }
        if let sha256, case .created(let id)? = try await journal.entry(sha256: sha256) {
            if let album = order.album, await albums.contains(id, in: album) {
                await albums.land(id, at: order.place, in: album)
                await foresee(.nothing)
                try await notes.note(item: id, at: order.record.pathname)
                return .unchanged([Attribute.id: id])
            }
            let request = Committer.Request(
                sequence: order.sequence, sha256: sha256, album: order.album, place: order.place,
                filename: order.filename, description: order.description)
            switch await committer.commit(request) {
            case .present(let id):
                try await notes.note(item: id, at: order.record.pathname)
                return .unchanged([Attribute.id: id])
            case .created(let item):
                try await notes.note(item: id, at: order.record.pathname)
                await foresee(.add)
                return .stored([Attribute.id: item.id])
            case .failed(let error): throw error
            default: break
            }
        }
        var isSent = false
        if let sha256, case .uploaded(let token)? = try await journal.entry(sha256: sha256) {
            isSent = token.isUsable(at: runtime.now())
        }
        // Stands for the item that is not there yet, for links that lead to it.
        let content = sha256 ?? order.record.pathname.string
        try await notes.note(item: content, at: order.record.pathname)
        // Without an answer, nothing is looked for in a real run either.
        let looksThrough = sha256 == nil ? nil : try? await known.looksThroughLibrary()
        let size = isSent ? nil : order.record.size ?? 0
        let isNew = await tally.foresee {
            if let looksThrough { ($0.looksThroughLibrary, $0.isForeign) = looksThrough }
            return $0.file(content, size: size, created: order.created, sequence: order.sequence, in: order.album)
        }
        return isNew ? .stored() : .unchanged()
    }
}
