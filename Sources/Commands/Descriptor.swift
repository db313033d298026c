import Foundation

/// A failed call of the system.
struct SystemError: Error, Hashable {
    /// `errno`.
    var number: Int32

    /// The one of the call just made.
    static var last: SystemError { SystemError(number: errno) }

    /// - Parameter what: the sentence so far, such as "cannot write FILE".
    func failure(_ status: ExitStatus, _ what: String, hint: String? = nil) -> Failure {
        Failure(status, "\(what): \(String(cString: strerror(number)).lowercasedFirst)", hint: hint)
    }
}

/// Reading and writing by file descriptor, whole and in spite of interruptions.
enum Descriptor {
    /// Opens those of 0, 1 and 2 that are closed. Else the next file that is opened would have that number, and output
    /// would go into it.
    static func openStandardOnes() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest number that is free is this one.
            _ = open("/dev/null", O_RDWR)
        }
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.write(descriptor, buffer.baseAddress.map { $0 + done }, bytes.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno == EAGAIN {
                // A terminal that another program left non-blocking.
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            } else if errno != EINTR {
                throw .last
            }
        }
    }

    /// The next bytes, at most 64 KiB; empty at the end.
    static func read(from descriptor: Int32) throws(SystemError) -> [UInt8] {
        while true {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, initialized in
                count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                initialized = max(0, count)
            }
            if count >= 0 { return bytes }
            if errno != EINTR && errno != EAGAIN { throw .last }
        }
    }

    /// Whether there are bytes to read, or the end, or an error.
    static func isReadable(_ descriptor: Int32, within timeout: Duration) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, Int32(timeout / .milliseconds(1))) > 0
    }
}

extension String {
    /// strerror's words begin with a capital, and stand within a sentence here.
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
