import Foundation

/// A file that is read whole.
struct SmallFile: Sendable {
    var bytes: [UInt8]
    /// The permission bits.
    var mode: mode_t

    /// Also reads what is no plain file, such as the pipe of a shell's `<(...)`.
    /// - Parameter limit: the most bytes; of a longer file, some more than these are read.
    /// - Throws: ``SystemError``.
    init(reading path: String, limit: Int) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw .last }
        defer { close(descriptor) }
        var status = stat()
        if fstat(descriptor, &status) != 0 { throw .last }
        mode = status.st_mode & 0o777
        bytes = []
        while bytes.count <= limit {
            let more = try Descriptor.read(from: descriptor)
            if more.isEmpty { return }
            bytes += more
        }
    }
}
