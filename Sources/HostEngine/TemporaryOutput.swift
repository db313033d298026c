import ConnectorKit
import Foundation
import Synchronization
import Vault

/// A file in the making, in the directory where its place is. It is removed unless it is kept.
///
/// Used by one task at a time.
final class TemporaryOutput {
    let directory: LocalDirectory
    let name: String
    private(set) var size: Int64 = 0
    private var descriptor: Int32
    private var isKept = false

    private static let numbers = Atomic<Int>(0)

    /// - Parameters:
    ///   - prefix: how its name begins, before what makes it unique.
    ///   - mode: as open(2) takes it: the umask is taken away.
    init(in directory: LocalDirectory, prefix: String, mode: mode_t) throws {
        self.directory = directory
        var name: String
        repeat {
            name = Self.makeName(prefix)
            descriptor = openat(directory.descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        } while descriptor < 0 && errno == EEXIST
        self.name = name
        if descriptor < 0 {
            isKept = true
            throw VaultError.writing("write in \(directory.path)", errno)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isKept { directory.remove(name) }
    }

    /// A name that no other file of this process has.
    static func makeName(_ prefix: String) -> String {
        "\(prefix)\(getpid())-\(numbers.add(1, ordering: .relaxed).newValue)"
    }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw VaultError.writing("write in \(directory.path)", errno) }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
        size += Int64(bytes.count)
    }

    /// Sets what a file has beside its content.
    /// - Parameters:
    ///   - time: nil for now.
    ///   - permissions: nil for what the umask leaves.
    /// - Returns: how the file is now, as the file system keeps it.
    func finish(time: Timestamp? = nil, permissions: UInt16? = nil) throws -> FileStatus {
        if let permissions { fchmod(descriptor, mode_t(permissions)) }
        // Some file systems tell a failed write here only, and set the time of a file as it is closed.
        let failed = close(descriptor) != 0
        let code = errno
        descriptor = -1
        if failed, code != EINTR { throw VaultError.writing("write in \(directory.path)", code) }
        if let time { directory.setTime(time, of: name) }
        guard let status = try directory.status(of: name) else {
            throw VaultError(.cannotWrite, "\(directory.path)/\(name) was removed while it was written")
        }
        return status
    }

    /// Gives it its name; what has that stays.
    func publish(as name: String) throws {
        try directory.publish(self.name, as: name, replacing: false)
        isKept = true
    }

    /// From now on it is somebody else's.
    func keep() { isKept = true }
}
