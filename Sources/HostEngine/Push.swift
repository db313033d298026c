import ConnectorKit
import Vault

/// A folder goes to a connector, such as into one album.
///
/// Each file is hashed before it is sent, so that a destination that has its content does not ask for it. What cannot be
/// read is a failure, and everything else goes on.
public struct Push: Sendable {
    private let folder: PushFolder
    private let link: ConnectorLink
    private let hashes: FileHashes
    private let observer: any RunObserver
    private let skip: @Sendable (Pathname, PushFolder.Reason) throws -> Void

    /// - Parameter skip: told what is left out, with the reason.
    public init(
        folder: PushFolder, link: ConnectorLink, hashes: FileHashes, observer: any RunObserver,
        skip: @escaping @Sendable (Pathname, PushFolder.Reason) throws -> Void
    ) {
        self.folder = folder
        self.link = link
        self.hashes = hashes
        self.observer = observer
        self.skip = skip
    }

    /// - Throws: where nothing more can be done: the connector died, the folder cannot be listed.
    public func run() async throws -> DeliverySummary {
        let delivery = Delivery(link: link, observer: observer)
        return try await delivery.run { send in
            // A folder becomes an album with its first file: one of hidden files alone would be an empty one for ever.
            var directories: [Parcel] = []
            try await folder.walk { finding in
                if case .file(let place, _, _) = finding {
                    for parcel in directories where parcel.record.pathname.contains(place) { try await send(parcel) }
                    directories = []
                }
                switch finding {
                case .skipped(let place, let reason): try skip(place, reason)
                case .failed(let place, let error): try await send(delivery.lost(place, at: place, error))
                case .directory(let place, let status):
                    let record = Record.directory(place, modificationTime: status.modificationTime)
                    directories.removeAll { !$0.record.pathname.contains(place) }
                    directories.append(Parcel(record: record, origin: place))
                case .file(let place, let name, let directory):
                    do {
                        try await send(try await parcel(place, name, in: directory))
                    } catch let error as LocalFailure {
                        try await send(delivery.lost(place, at: place, error.reason))
                    }
                }
            }
        }
    }

    /// Tells a file that cannot be read from a destination that cannot go on.
    private struct LocalFailure: Error {
        var reason: ConnectorError
    }

    private func parcel(_ place: Pathname, _ name: String, in directory: LocalDirectory) async throws -> Parcel {
        let status: FileStatus
        let sha256: String
        do {
            (status, sha256) = try await hashes.hash(of: name, in: directory)
        } catch let error as ConnectorError {
            throw LocalFailure(reason: error)
        }
        let record = Record(
            pathname: place, kind: .file, size: status.size, permissions: 0o600,
            modificationTime: status.modificationTime, hasContent: true, sha256: sha256)
        return Parcel(record: record, origin: place) {
            let file = try LocalFile(opening: name, in: directory)
            if file.status != status { throw LocalFile.changed }
            return file
        }
    }
}
