import ConnectorKit
import Foundation

/// A file that is read from anywhere, by several readers at a time.
final class RandomAccessFile: Sendable {
    let path: String
    let size: Int64
    let modified: Timestamp
    private let descriptor: Int32

    /// - Throws: ``ConnectorError``: `not-found` where there is none, `permission` where it may not be read.
    init(path: String) throws(ConnectorError) {
        self.path = path
        // A symbolic link in an unpacked export may point anywhere.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw ConnectorError(
                errno == ENOENT ? .notFound : .permission, "\(Self.name(path)) cannot be read: \(reason)")
        }
        var status = stat()
        fstat(descriptor, &status)
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ConnectorError(.rejected, "\(Self.name(path)) is no file")
        }
        self.descriptor = descriptor
        size = Int64(status.st_size)
        modified = Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int32(status.st_mtim.tv_nsec))
    }

    deinit { close(descriptor) }

    /// The name for messages.
    var name: String { Self.name(path) }

    private static func name(_ path: String) -> String { (path as NSString).lastPathComponent }

    /// Up to `count` bytes from an offset: fewer at the end of the file alone.
    func read(at offset: Int64, count: Int) throws(ConnectorError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let got = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset) + off_t(done))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                done += got
            }
        }
        if failure != 0 {
            throw ConnectorError(.unavailable, "\(name) cannot be read: \(String(cString: strerror(failure)))")
        }
        return bytes
    }

    /// Exactly `count` bytes from an offset.
    /// - Throws: ``ConnectorError`` with code `corrupt` where the file ends before.
    func readExactly(at offset: Int64, count: Int) throws(ConnectorError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= size, Int64(count) <= size - offset else { throw cutShort }
        let bytes = try read(at: offset, count: count)
        if bytes.count < count { throw cutShort }
        return bytes
    }

    var cutShort: ConnectorError {
        ConnectorError(.corrupt, "\(name) is cut short", hint: "download it again")
    }
}

/// The bytes of one entry, one piece after the other. Read by one task at a time.
protocol ByteStream: AnyObject {
    /// The next bytes, never empty; nil at the end.
    func next() throws -> [UInt8]?
}

/// A byte stream as a content.
actor StreamReader: ContentReader {
    private var stream: (any ByteStream)?
    private let onEnd: (@Sendable () -> Void)?

    /// - Parameter onEnd: called once, when the stream is not used any more.
    init(_ stream: sending any ByteStream, onEnd: (@Sendable () -> Void)? = nil) {
        self.stream = stream
        self.onEnd = onEnd
    }

    func read() throws -> [UInt8]? {
        guard let stream else { return nil }
        try Task.checkCancellation()
        guard let bytes = try stream.next() else {
            close()
            return nil
        }
        return bytes
    }

    func close() {
        if stream == nil { return }
        stream = nil
        onEnd?()
    }
}

/// The length of a piece of content.
let pieceLength = 256 << 10

/// A file of an unpacked export.
final class FileStream: ByteStream {
    private let file: RandomAccessFile
    private let expected: Int64
    private var offset: Int64 = 0

    /// - Parameter expected: its length when it was indexed.
    init(_ file: RandomAccessFile, expected: Int64) {
        self.file = file
        self.expected = expected
    }

    func next() throws -> [UInt8]? {
        let bytes = try file.read(at: offset, count: pieceLength)
        offset += Int64(bytes.count)
        if !bytes.isEmpty { return bytes }
        guard offset == expected else {
            throw ConnectorError(.corrupt, "\(file.name) has changed while it was read", isRetryable: true)
        }
        return nil
    }
}
