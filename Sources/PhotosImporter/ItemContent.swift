import ConnectorKit
import PhotosLibrary

/// The bytes of one item, whatever the number of its places: downloaded once.
///
/// An item with one place is passed through. One with several goes through a spool, from which every place reads, in
/// whatever order and however late the host opens them; it is gone when the host is done with the last.
actor ItemContent {
    private let item: ShelvedItem
    private let supply: any ContentSupply
    private let sizes: SizeLedger
    private let runtime: Runtime
    private let isShared: Bool
    private var unfinished: Int
    private var spool: Spool?
    private var size: Int64?

    init(item: ShelvedItem, supply: any ContentSupply, sizes: SizeLedger, places: Int, runtime: Runtime) {
        self.item = item
        self.supply = supply
        self.sizes = sizes
        self.runtime = runtime
        isShared = places > 1
        unfinished = places
    }

    /// One place of the item, as a record's content.
    struct Place: ContentSource {
        private let content: ItemContent

        init(_ content: ItemContent) { self.content = content }

        func open() async throws -> any ContentReader { try await content.open() }
        func finished(_ status: RecordStatus) async { await content.finished(status) }
    }

    private func open() async throws -> any ContentReader {
        let measure: @Sendable (Int64) async -> Void = { [weak self] size in await self?.learnt(size) }
        guard isShared else { return MeasuredReader(supply.content(of: item), onEnd: measure) }
        if let spool {
            if await spool.isUsable { return spool.reader() }
            if await spool.hasNoRoom { return MeasuredReader(supply.content(of: item), onEnd: measure) }
        }
        let fresh = try Spool(
            filling: MeasuredReader(supply.content(of: item), onEnd: measure),
            // On many machines /tmp is memory.
            directory: runtime.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp")
        spool = fresh
        return fresh.reader()
    }

    private func learnt(_ size: Int64) { self.size = size }

    private func finished(_ status: RecordStatus) async {
        unfinished -= 1
        if status == .stored, let size { await sizes.note(size, ofItem: item.number) }
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

/// Sizes that were learnt by downloading, written to the index now and then.
actor SizeLedger {
    private let index: Index
    private var pending: [Int64: Int64] = [:]

    init(index: Index) { self.index = index }

    func note(_ size: Int64, ofItem number: Int64) async {
        pending[number] = size
        // Losing some is no loss: they are learnt again.
        if pending.count >= 500 { try? await save() }
    }

    func save() async throws {
        let sizes = pending
        pending = [:]
        try await index.learn(sizes.mapValues { LearntContent(size: $0) })
    }
}
