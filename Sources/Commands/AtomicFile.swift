import Foundation

/// Replaces a file in one step: whoever reads it, at any time and after any crash, has the old content or the new one.
struct AtomicFile: Sendable {
    /// Writes the bytes to a descriptor; a test puts a failure in its place.
    var write: @Sendable ([UInt8], Int32) throws(SystemError) -> Void = { bytes, descriptor throws(SystemError) in
        try Descriptor.write(bytes, to: descriptor)
    }

    /// The new file is readable and writable by its owner only. A symbolic link stays one, and what it names is replaced.
    /// - Throws: ``SystemError``; the old file is then as it was.
    func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let target = Self.resolved(path)
        let temporary = try makeTemporary(beside: target, holding: bytes)
        if rename(temporary, target) != 0 {
            let error = SystemError.last
            unlink(temporary)
            throw error
        }
        Self.syncDirectory(of: target)
    }

    /// Makes the file, complete and on the disk, under another name in the same directory.
    private func makeTemporary(beside target: String, holding bytes: [UInt8]) throws(SystemError) -> String {
        let mark = String(UInt64.random(in: .min ... .max), radix: 36)
        let path = "\(Self.directory(of: target))/.\(Self.name(of: target)).\(mark)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw .last }
        do throws(SystemError) {
            try write(bytes, descriptor)
            if fsync(descriptor) != 0 { throw .last }
        } catch {
            close(descriptor)
            unlink(path)
            throw error
        }
        close(descriptor)
        return path
    }

    /// Where a symbolic link leads to; the path itself where there is no file yet.
    private static func resolved(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Best effort: some file systems refuse it, and the content is safe by then.
    private static func syncDirectory(of path: String) {
        let descriptor = open(directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private static func name(of path: String) -> Substring {
        path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    }
}
