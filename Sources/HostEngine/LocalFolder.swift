import CLinuxFile
import ConnectorKit
import Foundation
import Synchronization
import Vault

/// A folder that is written into. Nothing in it leads a write out of it: each directory is opened from the one above,
/// and no link is followed. The folder itself may be a link: it is what the person named.
final class LocalFolder: Sendable {
    let path: String
    let root: LocalDirectory
    /// Directories that are open; files come from few of them at a time.
    private let opened = Mutex<[Pathname: LocalDirectory]>([:])

    private static let mostOpen = 64

    /// Opens a folder that is there.
    init(opening path: String) throws(VaultError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw VaultError.writing("open the folder \(path)", errno) }
        root = LocalDirectory(descriptor, path: path)
    }

    /// Opens a folder; makes it, and those above it, where it is not there.
    convenience init(making path: String) throws(VaultError) {
        try Self.make(path)
        try self.init(opening: path)
    }

    /// What is there already is no failure here, whatever it is.
    private static func make(_ path: String) throws(VaultError) {
        if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        let parent = (path as NSString).deletingLastPathComponent
        if errno == ENOENT, !parent.isEmpty, parent != path {
            try make(parent)
            if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        }
        throw .writing("make the folder \(path)", errno)
    }

    /// The directory at a place; nil where there is none.
    /// - Throws: ``ConnectorError`` with code `rejected` where something else has its name, such as a link.
    func directory(_ place: Pathname) throws -> LocalDirectory? {
        guard let parent = place.parent else { return root }
        if let known = opened.withLock({ $0[place] }) { return known }
        guard let found = try directory(parent)?.subdirectory(place.name) else { return nil }
        keep(found, at: place)
        return found
    }

    /// The directory at a place, made where it is not there, with those above it.
    func makeDirectory(_ place: Pathname) throws -> LocalDirectory {
        if let found = try directory(place) { return found }
        guard let parent = place.parent else { return root }
        let above = try makeDirectory(parent)
        try above.makeSubdirectory(place.name)
        guard let made = try above.subdirectory(place.name) else {
            throw VaultError(.cannotWrite, "\(path)\(place) was removed while it was written")
        }
        keep(made, at: place)
        return made
    }

    /// Removes a directory that is empty.
    /// - Returns: whether it is gone.
    func removeDirectory(_ place: Pathname) throws -> Bool {
        guard let parent = place.parent else { return false }
        opened.withLock { _ = $0.removeValue(forKey: place) }
        guard let above = try directory(parent) else { return true }
        return unlinkat(above.descriptor, place.name, AT_REMOVEDIR) == 0 || errno == ENOENT
    }

    private func keep(_ directory: LocalDirectory, at place: Pathname) {
        opened.withLock { opened in
            if opened.count >= Self.mostOpen { opened = [:] }
            opened[place] = directory
        }
    }

    /// What has the name of a place; nil where nothing has.
    func status(of place: Pathname) throws -> FileStatus? {
        guard let parent = place.parent else { return try root.status(of: ".") }
        return try directory(parent)?.status(of: place.name)
    }

    /// Makes all that was written durable: one call for any number of files.
    func sync() throws(VaultError) {
        if syncfs(root.descriptor) != 0 { throw VaultError.writing("write \(path) to the disk", errno) }
    }
}

extension VaultError {
    /// What a failed system call means for a folder that is written.
    /// - Parameter action: what was tried, such as `write in /home/me/photos`.
    static func writing(_ action: String, _ code: Int32) -> VaultError {
        VaultError(
            code == ENOSPC || code == EDQUOT ? .full : .cannotWrite,
            "cannot \(action): \(String(cString: strerror(code)))",
            hint: code == ENOSPC ? "free some space and run it again: what is there already is left" : nil)
    }
}
