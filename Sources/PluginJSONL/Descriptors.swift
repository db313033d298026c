import ConnectorKit
import Glibc
import Synchronization

/// Ends the threads of a session that sit in `poll`: a pipe that becomes readable when its other end is closed.
final class StopSwitch: Sendable {
    /// Readable from the stop on.
    let descriptor: Int32
    private let trigger: Mutex<Int32?>

    init() throws(ConnectorError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ConnectorError(.internalDefect, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[0]
        trigger = Mutex(ends[1])
    }

    func stop() {
        trigger.withLock { trigger in
            if let open = trigger { _ = close(open) }
            trigger = nil
        }
    }

    deinit {
        stop()
        _ = close(descriptor)
    }

    /// Waits until the descriptor is ready for `events`; false once stopped.
    func waits(for descriptor: Int32, _ events: Int32) -> Bool {
        var entries = [
            pollfd(fd: descriptor, events: Int16(events), revents: 0),
            pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&entries, 2, -1)
            if count < 0, errno == EINTR { continue }
            return count > 0 && entries[1].revents == 0
        }
    }
}

enum Descriptors {
    /// Readies the two ends of a session: no SIGPIPE, and pipes as large as one may have.
    static func prepare(_ descriptors: Int32...) {
        _ = signal(SIGPIPE, SIG_IGN)
        for descriptor in descriptors {
            // Fails where it is no pipe or the user's limit is lower (pipe(7)); the default size works too.
            _ = fcntl(descriptor, linuxSetPipeSize, 1 << 20)
        }
    }

    /// F_SETPIPE_SZ of fcntl(2): F_LINUX_SPECIFIC_BASE + 7, which the Glibc module does not have.
    private static let linuxSetPipeSize: Int32 = 1024 + 7
}

extension Descriptors {
    static func close(_ descriptors: Int32...) {
        for descriptor in descriptors { _ = Glibc.close(descriptor) }
    }
}
