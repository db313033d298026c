import ConnectorKit
import PluginJSONL
import Vault

/// What a mirror would do: nothing is opened at the source, and nothing is written.
public struct MirrorPreview: Sendable {
    public enum Change: String, Sendable, Hashable {
        case new, changed, unchanged
        /// Its content would be read, to see whether the file that is there is the same.
        case compared
        /// Another file has its name, or it was changed here.
        case kept
        case failed
        /// The source has it no more: the mirror would remove it, or leaves it.
        case remove, gone
    }

    private let link: ConnectorLink
    private let folder: LocalFolder?
    private let index: MirrorIndex
    private let survey: MirrorSurvey

    /// - Parameters:
    ///   - path: of the folder, which need not be there.
    ///   - filters: as for a ``Mirror``.
    ///   - warn: told where the mirror's index is damaged.
    public init(
        link: ConnectorLink, folder path: String, filters: String = "", isThere: Bool,
        warn: (String) -> Void = { _ in }
    ) throws {
        self.link = link
        folder = isThere ? try LocalFolder(opening: path) : nil
        index = try MirrorIndex(reading: folder, warn: warn)
        if let other = try index.property("source"), other != link.identity.mirrored(filters) {
            throw MirrorFolder.refusal(path, other)
        }
        survey = try MirrorSurvey(index: index)
    }

    /// - Parameter tell: takes the path below the folder of each file or link, and of directories that failed.
    /// - Returns: what would be removed, and what the source says at its end.
    public func run(
        _ tell: @escaping @Sendable (Pathname, Change) throws -> Void
    ) async throws -> (removal: MirrorRemoval, source: ImportSummary) {
        defer { index.close() }
        let summary = try await link.records { record in
            guard let place = try link.identity.root.place(of: record.pathname, kind: record.kind) else { return }
            if record.kind == .directory {
                survey.see(directory: place, time: record.modificationTime)
                if record.error != nil {
                    survey.fail(directory: place)
                    try tell(place, .failed)
                }
                return
            }
            let row = try index.rows(at: [place])[place]
            if let row { survey.see(row) }
            try tell(place, try change(record, at: place, known: row?.entry))
        }
        return (try MirrorRemoval(survey, index: index), summary)
    }

    private func change(_ record: Record, at place: Pathname, known: MirrorEntry?) throws -> Change {
        if record.error != nil { return .failed }
        let found: FileStatus?
        do {
            found = try folder?.status(of: place)
        } catch is ConnectorError {
            return .kept
        }
        switch MirrorStep.next(for: record, known: known, found: found) {
        case .unchanged, .recognise: return .unchanged
        case .write(let replacing): return replacing == nil ? .new : .changed
        case .compare, .refresh: return .compared
        case .refuse: return .kept
        case .reread(let known, _):
            let directory = try folder?.directory(place.parent ?? .root)
            if directory?.sha256(of: place.name) != known.sha256 { return .kept }
            return record.fingerprint == known.fingerprint ? .unchanged : .changed
        }
    }
}
