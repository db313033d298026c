import ConnectorKit
import PhotosLibrary

/// What a listing found: the items on their shelf, the directories, and what could not be listed.
struct LibraryContents: Sendable {
    var shelf: Shelf
    /// Every directory of items and albums, and the newest item in it.
    var directories: [Pathname: Timestamp]
    /// Why a directory could not be listed.
    var failures: [Pathname: ConnectorError]
    /// What is known of an album, by its directory: its title as the service has it, and more.
    var albumAttributes: [Pathname: [String: String]]
    /// Since the listing before that asked the same; nil where there was none.
    var changes: ListingChanges?

    /// A root that is nowhere is an error, not an empty source.
    /// - Parameter hint: where to look.
    func checkRoot(of scope: Scope, hint: String) async throws {
        let root = scope.root
        // What a filter leaves nothing of is there all the same.
        let isDirectory =
            shelf.directories.values.contains { root.contains($0.path) }
            || failures.keys.contains { root.contains($0) }
        if scope.isFixedDirectory || isDirectory { return }
        if try await shelf.showsItem(at: root) { return }
        // Where what would show it could not be listed, nobody knows whether it is there.
        if let error = failures.first(where: { $0.key.contains(root) })?.value { throw error }
        throw ConnectorError(.notFound, "there is no \(root) in this library", hint: hint)
    }

    /// A backup leaves nothing out in silence.
    func tellOfHidden(before year: Int, to reporter: any ConnectorReporter) {
        let count = shelf.hidden
        if count == 0 { return }
        let items = count == 1 ? "1 item is" : "\(count) items are"
        reporter.log(
            .warning, "\(items) older than \(year) and not shown; the setting start_year=0 shows all of them",
            pathname: nil)
    }

    /// Sends a record for each directory, what holds it first.
    func emitDirectories(of scope: Scope, to sink: any RecordSink) async throws {
        var newest: [Pathname: Timestamp] = [:]
        for (path, time) in directories where scope.shows(path) {
            for directory in path.ancestors + [path] {
                newest[directory] = max(newest[directory] ?? .epoch, time)
            }
        }
        let fixed = scope.root.ancestors + (scope.isFixedDirectory ? [scope.root] : [])
        for directory in fixed where newest[directory] == nil { newest[directory] = .epoch }
        for (path, time) in newest.sorted(by: { $0.key < $1.key }) {
            var record = Record.directory(path, modificationTime: time)
            record.error = failures[path]
            record.attributes = albumAttributes[path] ?? [:]
            try await sink.emit(record, content: nil)
        }
    }
}
