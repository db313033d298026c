import ConnectorKit
import Crypto
import Foundation
import Synchronization

/// A file that is read as what was seen of it: one that changes in the meantime is a failure and no content.
final class LocalFile: ContentReader {
    let status: FileStatus
    /// When anything of it was last changed, in nanoseconds; unlike the time of its content, no program can set it.
    let changeTime: Int64
    /// For messages.
    private let path: String
    private let descriptor: Mutex<Int32>

    private static let chunk = 262_144

    /// - Throws: ``ConnectorError`` that says why it cannot be read.
    init(opening name: String, in directory: LocalDirectory) throws(ConnectorError) {
        path = directory.path + "/" + name
        // Not to wait where somebody has put a pipe in its place.
        let descriptor = openat(directory.descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(errno) }
        var found = stat()
        guard fstat(descriptor, &found) == 0, FileStatus(found).kind == .file else {
            Foundation.close(descriptor)
            throw ConnectorError(.rejected, "it is no file any more")
        }
        status = FileStatus(found)
        changeTime = Int64(found.st_ctim.tv_sec) * 1_000_000_000 + Int64(found.st_ctim.tv_nsec)
        self.descriptor = Mutex(descriptor)
    }

    deinit { closeNow() }

    func read() async throws -> [UInt8]? {
        try Task.checkCancellation()
        let chunk = try descriptor.withLock { descriptor throws(ConnectorError) in
            var bytes = [UInt8](repeating: 0, count: Self.chunk)
            while true {
                let count = Foundation.read(descriptor, &bytes, bytes.count)
                if count < 0, errno == EINTR { continue }
                if count < 0 { throw Self.unreadable(errno) }
                bytes.removeLast(bytes.count - count)
                return bytes
            }
        }
        if !chunk.isEmpty { return chunk }
        try checkIsSame()
        return nil
    }

    func close() async { closeNow() }

    /// The SHA-256 of its content, in hexadecimal digits. Reads it to its end.
    func sha256() async throws -> String {
        var hasher = SHA256()
        while let chunk = try await read() { hasher.update(data: chunk) }
        return String(hexadecimal: Array(hasher.finalize()))
    }

    /// - Throws: ``ConnectorError`` where the file is not as it was when it was opened.
    private func checkIsSame() throws(ConnectorError) {
        var now = stat()
        let isKnown = descriptor.withLock { fstat($0, &now) == 0 }
        if !isKnown || FileStatus(now) != status { throw Self.changed }
    }

    private func closeNow() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { Foundation.close(descriptor) }
            descriptor = -1
        }
    }

    static let changed = ConnectorError(.corrupt, "it changed while it was read", hint: "run it again")

    static func unreadable(_ code: Int32) -> ConnectorError {
        let kind: ConnectorError.Code =
            switch code {
            case EACCES, EPERM: .permission
            case ENOENT, ENOTDIR, ELOOP: .notFound
            default: .unavailable
            }
        return ConnectorError(kind, "it cannot be read: \(String(cString: strerror(code)))")
    }
}
