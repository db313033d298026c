import CLinuxFile
import Foundation
import Synchronization

/// How a content lies in the vault.
struct StoredForm: Sendable, Hashable {
    /// Bytes of content.
    var size: Int64
    /// Bytes of the file.
    var storedSize: Int64
    var isCompressed: Bool
}

/// The files below `objects/`, as the one writer sees them.
///
/// An object is *pending* from the moment its file has its name until its batch is durable and in the catalog. A file
/// that is neither pending nor in the catalog is a leftover of a run that was killed: after a loss of power nothing is
/// known of its content, so it is never trusted, only replaced.
final class ObjectStore: Sendable {
    let layout: VaultLayout
    private let catalog: Catalog
    private let directory: OpenFile?
    private let state = Mutex(State())

    private struct State {
        var pending: [ObjectID: StoredForm] = [:]
        var pendingBytes: Int64 = 0
        var temporaryFiles = 0
    }

    init(layout: VaultLayout, catalog: Catalog) {
        self.layout = layout
        self.catalog = catalog
        directory = try? OpenFile(layout.objects, O_RDONLY | O_DIRECTORY)
    }

    func makeTemporaryFile() throws(VaultError) -> TemporaryFile {
        let number = state.withLock { state in
            state.temporaryFiles += 1
            return state.temporaryFiles
        }
        return try TemporaryFile("\(layout.temporary)/\(getpid())-\(number)")
    }

    /// Bytes of an object's file; nil where there is none.
    func fileSize(of object: ObjectID, compressed: Bool) -> Int64? {
        // By the directory that is open, a look costs half of one by the whole path.
        if let directory { return directory.size(of: VaultLayout.name(of: object, compressed: compressed)) }
        return OpenFile.size(at: layout.file(of: object, compressed: compressed))
    }

    /// Whether the vault has a content, in full length as far as a look at the file tells.
    func has(_ object: ObjectID) throws -> Bool {
        if state.withLock({ $0.pending[object] != nil }) { return true }
        // A new content has no file, which is cheaper to see than what the catalog says.
        let sizes = [false, true].map { OpenFile.size(at: layout.file(of: object, compressed: $0)) }
        guard sizes[0] != nil || sizes[1] != nil, let form = try catalog.form(of: object) else { return false }
        return sizes[form.isCompressed ? 1 : 0] == form.storedSize
    }

    /// Gives a file that is written to its end its place.
    /// - Returns: false where the same content came in from elsewhere meanwhile.
    func install(_ file: TemporaryFile, as object: ObjectID, _ form: StoredForm) throws(VaultError) -> Bool {
        try file.move(
            to: layout.file(of: object, compressed: form.isCompressed), in: layout.fanOut(of: object))
        return state.withLock { state in
            if state.pending[object] != nil { return false }
            state.pending[object] = form
            state.pendingBytes += form.storedSize
            return true
        }
    }

    var pendingBytes: Int64 { state.withLock { $0.pendingBytes } }

    var pending: [ObjectID: StoredForm] { state.withLock { $0.pending } }

    /// The catalog has them now.
    func settle(_ objects: some Sequence<ObjectID>) {
        state.withLock { state in
            for object in objects {
                if let form = state.pending.removeValue(forKey: object) { state.pendingBytes -= form.storedSize }
            }
        }
    }

    /// Returns when the disk has these objects, their names included.
    ///
    /// One syncfs(2) for the whole batch, however many files it has; it writes what other programs have for the same
    /// file system too. Where there is none, each file and each directory is written on its own.
    func makeDurable(
        _ objects: some Collection<(key: ObjectID, value: StoredForm)>, usingSyncfs: Bool = true
    ) throws(VaultError) {
        if objects.isEmpty { return }
        if usingSyncfs {
            let directory = try OpenFile(layout.objects, O_RDONLY | O_DIRECTORY)
            if syncfs(directory.descriptor) == 0 { return }
            guard errno == ENOSYS || errno == EOPNOTSUPP else {
                throw VaultError(errno: errno, trying: "write \(layout.objects) to the disk")
            }
        }
        var directories: Set<String> = [layout.objects]
        for (object, form) in objects {
            try OpenFile(layout.file(of: object, compressed: form.isCompressed), O_RDONLY).sync()
            directories.insert(layout.fanOut(of: object))
        }
        for directory in directories { try OpenFile(directory, O_RDONLY | O_DIRECTORY).sync() }
    }
}
