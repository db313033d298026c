import ConnectorKit
import PhotosLibrary

/// Follows what becomes of the items of the sessions that an import reads: notes what the host has by now, and ends a
/// session once it has all of it.
///
/// A session of which something could not be read is kept, for a later run to try that again. One that was cut short, by
/// a host that went away or wanted no contents, is left as it is: the next run goes on with it.
actor PickReceipts {
    private struct Session {
        /// Item -> places that have no result yet.
        var waiting: [Int64: Int] = [:]
        var isLeft = false
        var isCutShort = false
    }

    private let host: PickerMemory.Host
    private let memory: PickerMemory
    private let desk: PickerDesk
    private let runtime: Runtime
    private let sessionOfItem: [Int64: String]
    private var sessions: [String: Session] = [:]
    private var isListed = false
    private var broken: Set<Int64> = []
    private var pending: Set<Int64> = []
    /// Of these, what the host had before.
    private var had: Set<Int64> = []

    private static let batchSize = 100

    /// - Parameter sessions: the ids of all of them, also of those without an item of their own.
    init(
        sessions ids: [String], of items: [Int64: String], host: PickerMemory.Host, memory: PickerMemory,
        desk: PickerDesk, runtime: Runtime
    ) {
        for id in ids { sessions[id] = Session() }
        sessionOfItem = items
        self.host = host
        self.memory = memory
        self.desk = desk
        self.runtime = runtime
    }

    /// An item is sent in so many places.
    /// - Parameter isReadable: whether there are bytes to be had.
    func expect(_ item: Int64, places: Int, isReadable: Bool) {
        guard let id = sessionOfItem[item] else { return }
        if isReadable { sessions[id]?.waiting[item] = places } else { sessions[id]?.isLeft = true }
    }

    /// The host could not read the item, for a reason of the service's.
    func couldNotRead(_ item: Int64) { broken.insert(item) }

    /// The host is done with one place of an item.
    func finished(_ item: Int64, _ status: RecordStatus) async {
        guard let id = sessionOfItem[item], let count = sessions[id]?.waiting[item] else { return }
        sessions[id]?.waiting[item] = count > 1 ? count - 1 : nil
        switch status {
        case .stored: pending.insert(item)
        case .unchanged:
            pending.insert(item)
            had.insert(item)
        case .failed where broken.contains(item): sessions[id]?.isLeft = true
        case .failed, .skipped: sessions[id]?.isCutShort = true
        }
        if pending.count >= Self.batchSize { try? await save() }
        await settle(id)
    }

    /// Every record was sent.
    func listed() async {
        isListed = true
        for id in sessions.keys.sorted() { await settle(id) }
    }

    /// Notes what the host has by now.
    func save() async throws {
        let items = pending
        let known = had
        pending = []
        had = []
        try await memory.note(items: items.sorted(), had: known, of: host, at: runtime.now())
    }

    private func settle(_ id: String) async {
        guard isListed, let session = sessions[id], session.waiting.isEmpty else { return }
        sessions[id] = nil
        do {
            try await save()
            if session.isCutShort { return }
            if session.isLeft { return try await memory.noteRead(session: id) }
            await desk.end(id)
        } catch {
            // It stays as it was: the next run goes on with it, and downloads nothing that the host has.
        }
    }
}

/// One place of an item that was chosen, as a record's content.
struct PickedPlace: ContentSource {
    let place: ItemContent.Place
    let item: Int64
    let receipts: PickReceipts

    func open() async throws -> any ContentReader { try await place.open() }

    func finished(_ status: RecordStatus) async { await finished(status, holding: nil) }

    func finished(_ status: RecordStatus, holding held: HeldContent?) async {
        await place.finished(status, holding: held)
        await receipts.finished(item, status)
    }
}
