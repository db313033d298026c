import ConnectorKit
import Crypto
import Foundation
import Vault

/// What lstat(2) tells of a name.
struct FileStatus: Sendable, Hashable {
    enum Kind: Sendable, Hashable { case file, directory, symlink, other }

    var kind: Kind
    var size: Int64
    var modificationTime: Timestamp
    /// Of a symlink.
    var target: String?
    /// Tells two names of one file.
    var inode: UInt64

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symlink
            default: .other
            }
        size = Int64(status.st_size)
        modificationTime = Timestamp(
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int32(status.st_mtim.tv_nsec))
        inode = UInt64(status.st_ino)
    }
}

/// An open directory. Names in it are single parts of a path; a link is never followed.
final class LocalDirectory: Sendable {
    let descriptor: Int32
    /// For messages.
    let path: String

    init(_ descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    func status(of name: String) throws -> FileStatus? {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            // A name that the file system cannot have is not there.
            if [ENOENT, ENAMETOOLONG, EINVAL].contains(errno) { return nil }
            throw VaultError.writing("look at \(path)/\(name)", errno)
        }
        var found = FileStatus(status)
        if found.kind == .symlink { found.target = target(of: name) }
        return found
    }

    private func target(of name: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlinkat(descriptor, name, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A directory in this one; nil where nothing has the name.
    func subdirectory(_ name: String) throws -> LocalDirectory? {
        let found = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if found >= 0 { return LocalDirectory(found, path: path + "/" + name) }
        switch errno {
        case ENOENT: return nil
        case ENOTDIR, ELOOP:
            throw ConnectorError(
                .rejected, "\(path)/\(name) is no directory",
                hint: "links are not followed here; move it away, or choose another folder")
        default: throw Self.failure(errno, "open the directory \(path)/\(name)")
        }
    }

    func makeSubdirectory(_ name: String) throws {
        if mkdirat(descriptor, name, 0o777) != 0, errno != EEXIST {
            throw Self.failure(errno, "make the directory \(path)/\(name)")
        }
    }

    /// The names in it, sorted.
    func names() throws -> [String] {
        // A descriptor of its own, since reading moves its offset.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { throw VaultError(.cannotRead, "cannot list \(path)") }
        guard let stream = fdopendir(own) else {
            close(own)
            throw VaultError(.cannotRead, "cannot list \(path)")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        // A list that breaks off is none: what it lacks would be taken for gone.
        guard errno == 0 else { throw VaultError(.cannotRead, "cannot list \(path)") }
        return names.sorted()
    }

    /// Everything below but what is no file, directory or link: a directory before what is in it.
    /// - Parameter visit: takes the directory that holds it, its path from where the walk began, and its name.
    func walk(
        from place: String = "", _ visit: (LocalDirectory, String, String, FileStatus) throws -> Void
    ) throws {
        for name in try names() {
            try Task.checkCancellation()
            guard let status = try status(of: name) else { continue }
            let below = place + "/" + name
            try visit(self, below, name, status)
            if status.kind == .directory { try subdirectory(name)?.walk(from: below, visit) }
        }
    }

    /// The SHA-256 of a file, in hexadecimal digits; nil where it cannot be read.
    func sha256(of name: String) -> String? {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        var hasher = SHA256()
        do {
            while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty { hasher.update(data: data) }
        } catch {
            return nil
        }
        return String(hexadecimal: Array(hasher.finalize()))
    }

    func makeLink(_ name: String, to target: String) throws {
        if symlinkat(target, descriptor, name) != 0 { throw Self.failure(errno, "make the link \(path)/\(name)") }
    }

    @discardableResult
    func remove(_ name: String) -> Bool { unlinkat(descriptor, name, 0) == 0 || errno == ENOENT }

    /// A file system that keeps no such time is no reason to fail.
    func setTime(_ time: Timestamp, of name: String) {
        let moment = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        _ = utimensat(descriptor, name, [moment, moment], AT_SYMLINK_NOFOLLOW)
    }

    /// Gives a file, or a link, its name.
    ///
    /// - Parameter replacing: whether what has the name goes. Else what came there in the meantime stays: then this is
    ///   link(2), which replaces nothing, as rename(2) would.
    func publish(_ temporary: String, as name: String, replacing: Bool) throws {
        if replacing {
            if renameat(descriptor, temporary, descriptor, name) != 0 {
                throw Self.failure(errno, "write \(path)/\(name)")
            }
            return
        }
        if linkat(descriptor, temporary, descriptor, name, 0) == 0 {
            unlinkat(descriptor, temporary, 0)
            return
        }
        let failure = errno
        // File systems without hard links, such as FAT.
        guard failure == EPERM || failure == ENOTSUP || failure == EMLINK,
            renameat(descriptor, temporary, descriptor, name) == 0
        else { throw Self.failure(failure, "write \(path)/\(name)") }
    }

    /// What stands in the way of one name, or of the whole folder.
    fileprivate static func failure(_ code: Int32, _ action: String) -> any Error {
        guard [EEXIST, ENAMETOOLONG, EINVAL, EISDIR, ENOTDIR, ENOTEMPTY, EILSEQ].contains(code) else {
            return VaultError.writing(action, code)
        }
        return ConnectorError(
            .rejected, "cannot \(action): \(String(cString: strerror(code)))",
            hint: code == EEXIST ? "two names may be one on this file system" : nil)
    }
}
