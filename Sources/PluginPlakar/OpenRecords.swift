import ConnectorKit
import Synchronization

/// The records that the host has and has not acknowledged, by pathname: that is how it asks for their content.
final class OpenRecords: Sendable {
    private struct Entry {
        var source: any ContentSource
        var wasOpened = false
        var wasRead = false
    }
    private struct State {
        var isImporting = false
        var entries: [String: Entry] = [:]
    }

    private let state = Mutex(State())

    /// - Throws: where an import runs already.
    func begin() throws {
        try state.withLock { state in
            if state.isImporting { throw ConnectorError(.protocolViolation, "an import is running already") }
            state.isImporting = true
        }
    }

    /// Remembers a record's content. Before the record goes out, since the host may ask at once.
    /// - Throws: where the pathname is taken: the host would read the bytes of the one for the other.
    func add(_ pathname: Pathname, _ source: any ContentSource) throws {
        try state.withLock { state in
            guard state.entries.updateValue(Entry(source: source), forKey: pathname.string) == nil else {
                throw ConnectorError(.internalDefect, "two records have the pathname \(pathname)")
            }
        }
    }

    /// - Throws: ``ConnectorError`` with code `not-found` where there is no such content, or no more.
    func open(_ pathname: String) throws -> any ContentSource {
        try state.withLock { state in
            guard let source = state.entries[pathname]?.source else {
                throw ConnectorError(.notFound, "there is no content of \(pathname) to be read")
            }
            state.entries[pathname]?.wasOpened = true
            return source
        }
    }

    /// The host was given the whole content.
    func wasRead(_ pathname: String) { state.withLock { $0.entries[pathname]?.wasRead = true } }

    /// The host is done with a record. It says of no record that it failed, so what became of it is told by its reads.
    func acknowledge(_ pathname: String) async {
        guard let entry = state.withLock({ $0.entries.removeValue(forKey: pathname) }) else { return }
        await entry.source.finished(entry.wasRead ? .stored : entry.wasOpened ? .failed : .unchanged)
    }

    /// The import is over; nobody opens or acknowledges what is left.
    func end() async {
        let left = state.withLock { state in
            defer { state = State() }
            return state.entries
        }
        for entry in left.values { await entry.source.finished(entry.wasRead ? .stored : .failed) }
    }
}
