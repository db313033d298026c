import Foundation

/// An open file, closed with its last owner.
final class OpenFile: Sendable {
    let descriptor: Int32
    let path: String

    /// - Parameter flags: those of open(2); `O_CLOEXEC` is added, since a vault's host has child processes.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(VaultError) {
        descriptor = open(path, flags | O_CLOEXEC, mode)
        self.path = path
        if descriptor < 0 {
            let isReading = flags & (O_WRONLY | O_RDWR) == 0
            throw VaultError(errno: errno, trying: "open \(path)", reading: isReading)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ bytes: UnsafeRawBufferPointer) throws(VaultError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw VaultError(errno: errno, trying: "write to \(path)")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// The next bytes, as many as there are up to `limit`; empty at the end.
    func read(upTo limit: Int) throws(VaultError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = 0
            while count < limit {
                let more = Foundation.read(descriptor, buffer.baseAddress.map { $0 + count }, limit - count)
                if more < 0 {
                    if errno == EINTR { continue }
                    failure = errno
                    return
                }
                if more == 0 { return }
                count += more
            }
        }
        if failure != 0 { throw VaultError(errno: failure, trying: "read \(path)", reading: true) }
        return bytes
    }

    func sync() throws(VaultError) {
        if fsync(descriptor) != 0 { throw VaultError(errno: errno, trying: "write \(path) to the disk") }
    }

    /// Bytes of the regular file at a path below this directory; nil where there is none.
    func size(of path: String) -> Int64? {
        var status = stat()
        guard fstatat(descriptor, path, &status, 0) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    /// Bytes of the regular file at a path; nil where there is none.
    static func size(at path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }
}
