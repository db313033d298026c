import ConnectorKit
import Foundation

/// The right to do with an account what only one run at a time may: an OS lock, which ends with the process.
public final class AccountLock: Sendable {
    private let descriptor: Int32?

    /// - Parameters:
    ///   - path: nil for an index in memory, which nobody else has.
    ///   - doing: what the other run does, such as `reading`.
    init(path: String?, doing: String) throws {
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
                .unavailable, "another run is \(doing) this account", isRetryable: true,
                hint: "run it again when that one is done")
        }
        self.descriptor = descriptor
    }

    deinit { if let descriptor { close(descriptor) } }
}
