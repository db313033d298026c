import Glibc

/// Why a process cannot be a connector.
public enum StandardStreamsError: Error, Sendable, Hashable {
    /// It was started on a terminal; stderr says so, and the exit status is 64.
    case startedOnTerminal
    /// The descriptors could not be moved, or are closed.
    case unusable(errno: Int32)
}

/// The descriptors that a host gives its connector.
public enum StandardStreams {
    /// The exit status of a connector that has no host: EX_USAGE of sysexits.h.
    public static let noHostStatus: Int32 = 64

    /// Takes descriptors 0 and 1 away from everybody else: 0 reads nothing afterwards and 1 is stderr, so that a stray
    /// print cannot corrupt the stream (docs/protocol.md, "Transport").
    ///
    /// - Returns: private copies, which programs started from here do not inherit.
    /// - Throws: ``StandardStreamsError``. On a terminal the explanation is on stderr already.
    public static func takeOver() throws -> (input: Int32, output: Int32) {
        if isatty(0) == 1 || isatty(1) == 1 {
            let text = "This program is a connector: a backup host starts it and talks to it over a pipe.\n"
            _ = text.withCString { write(2, $0, strlen($0)) }
            throw StandardStreamsError.startedOnTerminal
        }
        let input = fcntl(0, F_DUPFD_CLOEXEC, 3)
        let output = fcntl(1, F_DUPFD_CLOEXEC, 3)
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard input >= 0, output >= 0, nothing >= 0, dup2(nothing, 0) == 0, dup2(2, 1) == 1 else {
            throw StandardStreamsError.unusable(errno: errno)
        }
        _ = close(nothing)
        return (input, output)
    }
}
