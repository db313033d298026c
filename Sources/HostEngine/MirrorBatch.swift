import ConnectorKit

/// Gathers complete files until there are enough to give them their names: the wait for the disk is one for all.
actor MirrorBatch {
    private let folder: MirrorFolder
    private let runtime: Runtime
    private let failed: @Sendable (PendingFile, ConnectorError) -> Void

    private var files: [PendingFile] = []
    private var bytes: Int64 = 0
    private var lastFlush: Timestamp

    /// What makes a batch: files, bytes, seconds.
    private static let mostFiles = 4096
    private static let mostBytes: Int64 = 64 << 20
    private static let mostSeconds: Int64 = 10

    /// - Parameter failed: told of files that could not get their names.
    init(folder: MirrorFolder, runtime: Runtime, failed: @escaping @Sendable (PendingFile, ConnectorError) -> Void) {
        self.folder = folder
        self.runtime = runtime
        self.failed = failed
        lastFlush = runtime.now()
    }

    /// Takes a file in. Whoever fills a batch waits for it; others go on.
    func add(_ file: PendingFile) async throws {
        files.append(file)
        bytes += file.entry.size
        let isOld = runtime.now() >= lastFlush.adding(seconds: Self.mostSeconds)
        if files.count >= Self.mostFiles || bytes >= Self.mostBytes || isOld { try await flush() }
    }

    func flush() async throws {
        let batch = files
        files = []
        bytes = 0
        lastFlush = runtime.now()
        let failures = try await folder.index.perform { [folder] in try folder.publish(batch) }
        for (file, error) in failures { failed(file, error) }
    }
}
