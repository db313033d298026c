import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// The Picker of an account, and what is remembered of it: tells what a host is shown of it in one import.
struct PickerReader: Sendable {
    let client: PhotosClient
    /// The Picker's own, whatever library its items become a part of.
    let index: Index
    let maxItems: Int
    /// Whose sessions these are: those of another app are out of reach.
    let app: String
    let reporter: any ConnectorReporter
    let runtime: Runtime

    var memory: PickerMemory { PickerMemory(index) }

    init(
        _ settings: LibrarySettings, client: PhotosClient, index: Index, reporter: any ConnectorReporter,
        runtime: Runtime
    ) {
        self.client = client
        self.index = index
        maxItems = settings.maxPicks
        app = settings.api.clientID
        self.reporter = reporter
        self.runtime = runtime
    }

    /// Whether somebody is to choose.
    enum Asking {
        /// What is remembered is shown, and no session is looked at.
        case nobody
        /// Nobody, but what was chosen and not read is read.
        case forWhatIsLeft
        case aPerson
    }

    /// What one import shows.
    struct Visit: Sendable {
        let host: PickerMemory.Host
        /// In the Picker's index: what was chosen now and earlier.
        let listing: Listing
        /// The session that an item was chosen in, by its number in that index.
        let sessions: [Int64: String]
        let receipts: PickReceipts
        let supply: PickerSupply

        /// Whether the host has items of which nothing is known here: it must not take them for removed.
        var isForgetful: Bool { host.expected > 0 }
    }

    /// The host that asks, by the state that it kept. One that keeps states and has none is new; those that keep none are
    /// not told apart.
    func host(_ state: PickerState?, keepsState: Bool) async throws -> PickerMemory.Host {
        guard let state else { return keepsState ? try await memory.addHost() : .stateless }
        if let known = try await memory.host(named: state.host) { return known }
        return try await memory.addHost(named: state.host, expected: state.items)
    }

    /// Lists what was chosen, all of it before anything is sent.
    /// - Parameter earlier: whose choices are shown beside; nil for those of any host.
    func visit(
        _ asking: Asking, for host: PickerMemory.Host, with earlier: PickerMemory.Host?, layout: LibraryLayout
    ) async throws -> Visit {
        let desk = PickerDesk(
            client: client, memory: memory, maxItems: maxItems, app: app, host: host, reporter: reporter,
            runtime: runtime)
        let listing = try await index.beginListing(layout)
        let chosen: [PickerDesk.ChosenSession] =
            switch asking {
            case .nobody: []
            case .forWhatIsLeft: try await desk.left()
            case .aPerson: try await desk.chosen()
            }
        let (sessions, items) = try await list(chosen, into: listing)
        if items.isEmpty {
            for session in sessions { await desk.end(session) }
            if asking == .aPerson { throw PickerDesk.nothingChosen }
        }
        try await listing.addPicks(of: earlier)
        let receipts = PickReceipts(
            sessions: sessions, of: items, host: host, memory: memory, desk: desk, runtime: runtime)
        let urls = PickerURLs(client: client, index: index, runtime: runtime, sessions: items)
        return Visit(
            host: host, listing: listing, sessions: items, receipts: receipts,
            supply: PickerSupply(client: client, urls: urls, receipts: receipts))
    }

    /// - Returns: the sessions that are there, and for each item the one that it was chosen in.
    private func list(
        _ chosen: [PickerDesk.ChosenSession], into listing: Listing
    ) async throws -> (sessions: [String], items: [Int64: String]) {
        var sessions: [String] = []
        var items: [Int64: String] = [:]
        for session in chosen {
            do {
                for try await page in client.pickedItems(session: session.id) {
                    let numbers = try await listing.add(page.map(MediaItem.init), from: .library, at: runtime.now())
                    for number in numbers { items[number] = session.id }
                    reporter.progress(Progress(phase: "listing", items: items.count))
                }
            } catch let error as ConnectorError where error.code == .notFound {
                try await memory.forget(session: session.id)
                if !session.wasRead { throw PickerDesk.gone }
                reporter.log(.warning, PickerDesk.leftBehind, pathname: nil)
                continue
            }
            sessions.append(session.id)
        }
        return (sessions, items)
    }

    static let damaged = ConnectorError(
        .unavailable, "the index of what was chosen in the Picker was damaged", isRetryable: true,
        hint: "run it again; what was chosen so far has to be chosen again")

    static let lost = ConnectorError(
        .notFound, "it is not known here any more what was chosen earlier",
        hint: "bring $XDG_STATE_HOME/gphotos back, or choose the same again: nothing is read twice")
}
