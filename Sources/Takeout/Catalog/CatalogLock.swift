import ConnectorKit
import Foundation

/// The right to bring a catalog up to date: one process at a time. A lock of the system: it ends with the process.
final class CatalogLock: Sendable {
    private let descriptor: Int32?

    /// - Parameter path: nil for a catalog in memory, which nobody else has.
    /// - Throws: ``ConnectorError`` with code `unavailable` where another process has it.
    init(path: String?) throws(ConnectorError) {
        guard let path else {
            descriptor = nil
            return
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ConnectorError(.config, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ConnectorError(
                .unavailable, "another run is reading these exports", isRetryable: true,
                hint: "run it again when that one is done")
        }
        self.descriptor = descriptor
    }

    deinit { if let descriptor { close(descriptor) } }
}
