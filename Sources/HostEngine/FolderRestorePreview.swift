import ConnectorKit
import Foundation
import Vault

/// What a restore into a folder would do: nothing is written.
public struct FolderRestorePreview: Sendable {
    public enum Change: String, Sendable, Hashable {
        case new, unchanged
        /// Something else has its name, and would be left.
        case kept
        /// The snapshot has no content for it.
        case failed
    }

    private let selection: RestoreSelection
    private let folder: LocalFolder?

    /// - Parameter path: an absolute path of a folder that need not be there.
    public init(selection: RestoreSelection, folder path: String) throws {
        self.selection = selection
        folder = FileManager.default.fileExists(atPath: path) ? try LocalFolder(opening: path) : nil
    }

    /// - Parameter tell: takes the pathname below the folder of each file or link.
    /// - Returns: the files that are there already as unchanged, and those that would be written as stored.
    public func run(_ tell: (Pathname, Change) throws -> Void) async throws -> DeliverySummary {
        var summary = DeliverySummary()
        try await selection.visit { entry, place in
            if entry.record.kind == .directory { return }
            let entry = try selection.placed(entry, at: place)
            let change = try change(entry, at: place)
            switch change {
            case .new: summary.count(.stored, bytes: entry.record.size ?? 0)
            case .unchanged: summary.count(.unchanged, bytes: entry.record.size ?? 0)
            case .kept, .failed: summary.count(.failed, bytes: 0)
            }
            try tell(place, change)
        }
        return summary
    }

    private func change(_ entry: SnapshotEntry, at place: Pathname) throws -> Change {
        if entry.record.kind == .file, entry.object == nil { return .failed }
        do {
            guard let directory = try folder?.directory(place.parent ?? .root),
                let found = try directory.status(of: place.name)
            else { return .new }
            if entry.record.kind == .symlink { return found.target == entry.record.target ? .unchanged : .kept }
            let isSame =
                found.kind == .file && (entry.record.size ?? found.size) == found.size
                && directory.sha256(of: place.name) == entry.object?.hex
            return isSame ? .unchanged : .kept
        } catch is ConnectorError {
            return .kept
        }
    }
}
