import ConnectorKit
import PhotosLibrary

/// The bytes of one item, whatever the number of its places: downloaded once.
///
/// An item with one place is passed through. One with several goes through a spool, from which every place reads, in
/// whatever order and however late the host opens them; it is gone when the host is done with the last, or when the room
/// for all spools is used up and nobody is reading it.
actor ItemContent {
    private let item: ShelvedItem
    private let supply: any ContentSupply
    private let ledger: ContentLedger
    private let room: SpoolRoom
    private let isShared: Bool
    private var unfinished: Int
    /// Whether the ledger waits for it.
    private var isBegun = false
    private var spool: Spool?
    private var size: Int64?

    /// - Parameter places: how many records have this content.
    init(item: ShelvedItem, supply: any ContentSupply, ledger: ContentLedger, room: SpoolRoom, places: Int) {
        self.item = item
        self.supply = supply
        self.ledger = ledger
        self.room = room
        unfinished = places
        isShared = places > 1
    }

    /// One place of the item, as a record's content.
    struct Place: ContentSource {
        private let content: ItemContent

        init(_ content: ItemContent) { self.content = content }

        func open() async throws -> any ContentReader { try await content.open() }
        func finished(_ status: RecordStatus) async { await content.finished(status, holding: nil) }
        func finished(_ status: RecordStatus, holding held: HeldContent?) async {
            await content.finished(status, holding: held)
        }
    }

    private var download: any ContentReader {
        MeasuredReader(supply.content(of: item)) { [weak self] size in await self?.learnt(size) }
    }

    private func open() async throws -> any ContentReader {
        if !isBegun, unfinished > 0 {
            isBegun = true
            await ledger.begin()
        }
        guard isShared else { return download }
        while let known = spool {
            if let reader = await known.reader() { return reader }
            if await known.hasNoRoom { return download }
            let isDropped = await known.isDropped
            // Another place may have begun anew in the meantime.
            guard spool === known else { continue }
            spool = nil
            if isDropped { room.noteSecondDownload(of: item.item.filename) }
            await known.discard()
        }
        let fresh = try room.spool(filling: download)
        spool = fresh
        return fresh.firstReader
    }

    private func learnt(_ size: Int64) { self.size = size }

    /// Notes what is new; in most runs nothing is.
    private func learn(size: Int64?, sha256: String?) async {
        guard let size, size != item.size || (sha256 != nil && sha256 != item.sha256) else { return }
        await ledger.note(LearntContent(size: size, sha256: sha256), ofItem: item.number)
    }

    private func finished(_ status: RecordStatus, holding held: HeldContent?) async {
        unfinished -= 1
        if status == .stored || status == .unchanged {
            await learn(size: held?.size ?? (status == .stored ? size : nil), sha256: held?.sha256)
        }
        if isBegun {
            isBegun = false
            await ledger.end()
        }
        if unfinished == 0 {
            await spool?.discard()
            spool = nil
        }
    }
}

/// Passes a content through and tells its length at its end.
actor MeasuredReader: ContentReader {
    private let reader: any ContentReader
    private let onEnd: @Sendable (Int64) async -> Void
    private var count: Int64 = 0

    init(_ reader: any ContentReader, onEnd: @escaping @Sendable (Int64) async -> Void) {
        self.reader = reader
        self.onEnd = onEnd
    }

    func read() async throws -> [UInt8]? {
        guard let chunk = try await reader.read() else {
            await onEnd(count)
            return nil
        }
        count += Int64(chunk.count)
        return chunk
    }

    func close() async { await reader.close() }
}

/// What was learnt of contents, by downloading them and by what the host says that it holds, written to the index now
/// and then.
actor ContentLedger {
    private let index: Index
    private var pending: [Int64: LearntContent] = [:]
    /// Contents that the host began to read, and says nothing of yet.
    private var reading = 0

    init(index: Index) { self.index = index }

    func begin() { reading += 1 }
    func end() { reading -= 1 }

    /// Writes what was learnt, also by the readings that are under way, as long as one after the other ends: a catalog
    /// that comes last tells of all. Never waits for long, since a host may want the catalog before it reads on.
    func settle(_ runtime: Runtime) async throws {
        var patience = Self.patience
        var last = reading
        while reading > 0, patience > .zero {
            try await runtime.sleep(Self.interval)
            patience = reading == last ? patience - Self.interval : Self.patience
            last = reading
        }
        try await save()
    }

    private static let patience = Duration.seconds(2)
    private static let interval = Duration.milliseconds(20)

    func note(_ content: LearntContent, ofItem number: Int64) async {
        pending[number] = content
        // Losing some is no loss: they are learnt again.
        if pending.count >= 500 { try? await save() }
    }

    func save() async throws {
        let learnt = pending
        pending = [:]
        try await index.learn(learnt)
    }
}
