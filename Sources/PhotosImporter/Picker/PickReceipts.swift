import ConnectorKit
import PhotosLibrary

/// Follows what becomes of the items of the sessions that an import reads. Once the host has kept its snapshot, it notes
/// what that has by now, and ends each session of which it has all.
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
    /// What was chosen and is shown.
    private var shown: Set<Int64> = []
    private var broken: Set<Int64> = []
    private var stored: Set<Int64> = []
    /// Of these, what the host had before.
    private var had: Set<Int64> = []

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
        shown.insert(item)
        if isReadable { sessions[id]?.waiting[item] = places } else { sessions[id]?.isLeft = true }
    }

    /// The host could not read the item, for a reason of the service's.
    func couldNotRead(_ item: Int64) { broken.insert(item) }

    /// The host is done with one place of an item.
    func finished(_ item: Int64, _ status: RecordStatus) {
        switch status {
        case .stored: stored.insert(item)
        case .unchanged:
            stored.insert(item)
            had.insert(item)
        case .failed, .skipped: break
        }
        guard let id = sessionOfItem[item], let count = sessions[id]?.waiting[item] else { return }
        sessions[id]?.waiting[item] = count > 1 ? count - 1 : nil
        if status == .failed, broken.contains(item) {
            sessions[id]?.isLeft = true
        } else if status == .failed || status == .skipped {
            sessions[id]?.isCutShort = true
        }
    }

    /// Every record was sent.
    func listed(_ reporter: any ConnectorReporter) {
        isListed = true
        let leftOut = sessionOfItem.count - shown.count
        if leftOut == 0 { return }
        reporter.log(
            .warning, "\(leftOut) of what was chosen \(leftOut == 1 ? "is" : "are") not shown by these settings",
            pathname: nil)
    }

    /// The host has kept what it was sent. Whatever fails here is made good by the next run, which goes on with the
    /// session and downloads nothing that the host has.
    func acknowledged() async {
        do {
            try await memory.noteKept(host)
            let chosen = stored.filter { sessionOfItem[$0] != nil }
            try await memory.note(items: chosen.sorted(), had: had, of: host, at: runtime.now())
            try await memory.note(earlier: stored.subtracting(chosen).sorted(), of: host)
            guard isListed else { return }
            for (id, session) in sessions.sorted(by: { $0.key < $1.key }) where session.waiting.isEmpty {
                if session.isCutShort {
                    // Who has no state and wanted nothing, such as a dry run, is not heard of again.
                    if host == .stateless { try await memory.release(session: id) }
                } else if session.isLeft {
                    try await memory.noteRead(session: id)
                } else {
                    await desk.end(id)
                }
                sessions[id] = nil
            }
        } catch {
            desk.reporter.log(
                .debug, "what was read of the Picker was not noted: \(ConnectorError(wrapping: error).message)",
                pathname: nil)
        }
    }
}

/// One place of an item that was chosen, as a record's content.
struct PickedPlace: ContentSource {
    let place: any ContentSource
    let item: Int64
    let receipts: PickReceipts

    func open() async throws -> any ContentReader { try await place.open() }

    func finished(_ status: RecordStatus) async { await finished(status, holding: nil) }

    func finished(_ status: RecordStatus, holding held: HeldContent?) async {
        await place.finished(status, holding: held)
        await receipts.finished(item, status)
    }
}
