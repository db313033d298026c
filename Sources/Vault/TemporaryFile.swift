import CLinuxFile
import Foundation

/// A file below `tmp/` that is being written. It is removed unless it is moved to its place.
///
/// Used by one task at a time: its ``ObjectWriter`` sees to that.
final class TemporaryFile {
    private let file: OpenFile
    private var isInPlace = false
    private(set) var size: Int64 = 0
    private var started: Int64 = 0

    /// How much of a large file gathers before the disk is told to start on it, in bytes: the batch that makes it
    /// durable then finds little left to wait for.
    private static let writeBackStep: Int64 = 2 << 20

    init(_ path: String) throws(VaultError) { file = try OpenFile(path, O_RDWR | O_CREAT | O_EXCL) }

    deinit { if !isInPlace { unlink(file.path) } }

    func write(_ bytes: UnsafeRawBufferPointer) throws(VaultError) {
        try file.write(bytes)
        size += Int64(bytes.count)
        if size - started >= Self.writeBackStep {
            // A hint: where it fails, syncfs does all the work.
            _ = sync_file_range(file.descriptor, started, size - started, clinuxfile_sync_file_range_write)
            started = size
        }
    }

    /// Goes back to the start, to be read.
    func rewind() { lseek(file.descriptor, 0, SEEK_SET) }

    func read(upTo limit: Int) throws(VaultError) -> [UInt8] { try file.read(upTo: limit) }

    /// Gives the file its name, in place of one that has it; makes the directory where it is the first there.
    func move(to path: String, in directory: String) throws(VaultError) {
        if rename(file.path, path) != 0 {
            guard errno == ENOENT, mkdir(directory, 0o700) == 0 || errno == EEXIST, rename(file.path, path) == 0 else {
                throw VaultError(errno: errno, trying: "move a file to \(path)")
            }
        }
        isInPlace = true
    }
}
