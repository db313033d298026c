import Foundation

/// A lock that processes of this program, and tasks within one, take in turn.
enum FileLock {
    /// Waits for the lock, and holds it while the body runs. The file stays: removing it would let two hold it.
    static func holding<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw SystemError.last }
        // Closing gives the lock back; flock(2) ties it to this opening of the file.
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            if errno != EINTR { throw SystemError.last }
        }
        return try body()
    }
}
