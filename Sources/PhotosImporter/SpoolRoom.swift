import ConnectorKit
import Synchronization

/// The room on the disk that all spools of an import share.
///
/// What is being fetched or read is never dropped. What waits for readers that may still come is, once all of them together
/// are larger than the limit: the least recently read first.
actor SpoolRoom {
    /// Bytes.
    private let limit: Int64
    private nonisolated let directory: String
    private nonisolated let reporter: any ConnectorReporter
    private var used: Int64 = 0
    /// Complete spools that nobody reads, the least recently read first.
    private var idle: [Spool] = []
    private let again = Mutex<Int64>(0)

    init(limit: Int64, runtime: Runtime, reporter: any ConnectorReporter) {
        self.limit = limit
        self.reporter = reporter
        // On many machines /tmp is memory.
        directory = runtime.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
    }

    nonisolated func spool(filling reader: any ContentReader) throws -> Spool {
        try Spool(filling: reader, directory: directory, room: self)
    }

    /// Contents that had to be downloaded again, since their spool was dropped.
    nonisolated var secondDownloads: Int64 { again.withLock { $0 } }

    nonisolated func noteSecondDownload(of filename: String) {
        again.withLock { $0 += 1 }
        reporter.log(
            .debug, "\(filename) is downloaded again: what waits for its other places was more than spool_limit",
            pathname: nil)
    }

    /// Takes room for bytes that were written.
    func take(_ bytes: Int64) async {
        used += bytes
        await tidy()
    }

    func give(back bytes: Int64) { used -= bytes }

    /// Nobody reads a complete spool at the moment.
    func rest(_ spool: Spool) async {
        idle.append(spool)
        await tidy()
    }

    /// Somebody reads it again, or nobody will ever.
    func take(out spool: Spool) { idle.removeAll { $0 === spool } }

    private func tidy() async {
        while used > limit, !idle.isEmpty { await idle.removeFirst().dropIfIdle() }
    }
}
