import Foundation

/// The right to do what only one process at a time may: an OS lock, which ends with the process.
public final class ProcessLock: Sendable {
    private let descriptor: Int32?

    /// - Parameters:
    ///   - path: of a file for the lock alone, made where it is not there; nil for what no other process can reach.
    ///   - busy: what to say where another process has it, such as `another run is reading this account`.
    /// - Throws: ``ConnectorError`` with code `unavailable` where another process has it, `config` where the file cannot
    ///   be written.
    public init(path: String?, busy: String) throws(ConnectorError) {
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
            throw ConnectorError(.unavailable, busy, isRetryable: true, hint: "run it again when that one is done")
        }
        self.descriptor = descriptor
    }

    deinit { if let descriptor { close(descriptor) } }
}
