import ConnectorKit
import Synchronization

/// What the source still has of what a mirror knows, as a listing goes on.
final class MirrorSurvey: Sendable {
    private struct State {
        /// By the key of the row. Rows that came later are of this very run.
        var seen: [Bool]
        var directories: [Pathname: Timestamp] = [:]
        /// Of what is below these, nobody knows whether it is still there.
        var failed: [Pathname] = []
    }

    private let index: MirrorIndex
    private let state: Mutex<State>

    init(index: MirrorIndex) throws {
        self.index = index
        state = Mutex(State(seen: Array(repeating: false, count: Int(try index.lastID) + 1)))
    }

    func see(_ row: MirrorIndex.Row) {
        state.withLock { state in
            if row.id < state.seen.count { state.seen[Int(row.id)] = true }
        }
    }

    func see(directory place: Pathname, time: Timestamp) { state.withLock { $0.directories[place] = time } }

    func fail(directory place: Pathname) { state.withLock { $0.failed.append(place) } }

    /// The directories that the source has, and their times.
    var directories: [Pathname: Timestamp] { state.withLock { $0.directories } }

    /// What the source has no more, once all was listed.
    func goneEntries() throws -> [MirrorEntry] {
        let state = state.withLock { $0 }
        var gone: [MirrorEntry] = []
        try index.visitRows { row in
            if row.id >= state.seen.count || state.seen[Int(row.id)] { return }
            if state.failed.contains(where: { $0.contains(row.entry.place) }) { return }
            gone.append(row.entry)
        }
        return gone
    }

    /// The directories that the mirror made and the source has no more; the deepest first.
    func goneDirectories() throws -> [Pathname] {
        let state = state.withLock { $0 }
        return try index.directories().filter { place in
            state.directories[place] == nil && !state.failed.contains { $0.contains(place) || place.contains($0) }
        }.sorted(by: >)
    }
}
