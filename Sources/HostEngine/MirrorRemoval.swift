import ConnectorKit
import Vault

/// What a mirror has that its library has no more. Only what the mirror itself wrote is ever removed.
public struct MirrorRemoval: Sendable, Hashable {
    /// Below the mirror's folder.
    public var files: [Pathname]
    /// How many files the mirror wrote, these among them.
    public var total: Int

    /// More than a tenth of all: rather a mistake, such as another setting, than photos that were removed.
    public var isLarge: Bool { files.count * 10 > total }

    init(_ survey: MirrorSurvey, index: MirrorIndex) throws {
        files = try survey.goneEntries().filter { $0.standing == .written }.map(\.place).sorted()
        total = try index.writtenCount
    }
}

extension MirrorFolder {
    /// Removes what is gone, and the directories that are empty by that; what a person changed stays.
    /// - Parameter kept: told what stays.
    /// - Returns: how many files were removed.
    func remove(_ survey: MirrorSurvey, kept: (Pathname, ConnectorError) -> Void) throws -> Int {
        var removed = 0
        var settled: [Pathname] = []
        for entry in try survey.goneEntries() {
            try Task.checkCancellation()
            settled.append(entry.place)
            guard entry.standing == .written else { continue }
            do {
                guard let directory = try folder.directory(entry.place.parent ?? .root),
                    let found = try directory.status(of: entry.place.name)
                else { continue }
                guard entry.matches(found) else { throw Self.changed }
                guard directory.remove(entry.place.name) else {
                    throw VaultError(.cannotWrite, "cannot remove \(directory.path)/\(entry.place.name)")
                }
                removed += 1
            } catch let error as ConnectorError {
                kept(entry.place, error)
            }
        }
        // After the files: killed before this, the next run finds them gone and forgets them too.
        try index.forget(settled)
        var gone: [Pathname] = []
        for place in try survey.goneDirectories() {
            // One that is not empty holds what is somebody's.
            if (try? folder.removeDirectory(place)) == true { gone.append(place) }
        }
        try index.forgetDirectories(gone)
        return removed
    }

    private static var changed: ConnectorError {
        ConnectorError(
            .rejected, "the library has it no more, and it was changed here: it stays, and is yours from now on")
    }
}
