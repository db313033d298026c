import ConnectorKit
import Foundation

/// The right to list an account into its index and to emit what was listed: one import at a time.
public final class ImportLock: Sendable {
    private let descriptor: Int32?

    /// - Parameter path: nil for an index in memory, which nobody else has.
    init(path: String?) throws {
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
                .unavailable, "another run is reading this account", isRetryable: true,
                hint: "run it again when that one is done")
        }
        self.descriptor = descriptor
    }

    deinit { if let descriptor { close(descriptor) } }
}
