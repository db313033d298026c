import CZlib
import ConnectorKit
import Foundation

/// A file that is written from front to back, and whose earlier bytes can be put right.
final class PartOutput {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private(set) var position: Int64 = 0

    init(path: String) throws(ConnectorError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw ConnectorError(.config, "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    func write(_ bytes: some Sequence<UInt8>) throws(ConnectorError) {
        let before = buffer.count
        buffer.append(contentsOf: bytes)
        position += Int64(buffer.count - before)
        if buffer.count >= 1 << 20 { try flush() }
    }

    func flush() throws(ConnectorError) {
        var done = 0
        while done < buffer.count {
            let count = buffer.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + done, $0.count - done) }
            guard count > 0 else { throw Self.failure }
            done += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Replaces bytes that were written before.
    func rewrite(_ bytes: [UInt8], at offset: Int64) throws(ConnectorError) {
        try flush()
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else { throw Self.failure }
    }

    private static var failure: ConnectorError {
        ConnectorError(.unavailable, "a part cannot be written: \(String(cString: strerror(errno)))")
    }
}

/// One part of an export that is being written.
protocol TakeoutPart {
    func add(_ path: String, _ content: Content, modified: Int64) throws
    func finish() throws
}

/// A part that was unpacked.
struct FolderPart: TakeoutPart {
    let directory: String

    func add(_ path: String, _ content: Content, modified: Int64) throws {
        let file = directory + "/" + path
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        let output = try PartOutput(path: file)
        try content.forEachPiece { try output.write($0) }
        try output.flush()
        var times = [timespec(tv_sec: Int(modified), tv_nsec: 0), timespec(tv_sec: Int(modified), tv_nsec: 0)]
        utimensat(AT_FDCWD, file, &times, 0)
    }

    func finish() throws {}
}

extension Content {
    /// Goes through all of it, a mebibyte at a time.
    func forEachPiece(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        var reader = ContentReader(self, range: 0..<count)
        while let piece = reader.next(upTo: 1 << 20) {
            try piece.withUnsafeReadableBytes { try body($0.bindMemory(to: UInt8.self)) }
        }
    }
}

extension [UInt8] {
    /// The lowest byte first.
    mutating func put(_ value: some BinaryInteger, _ count: Int) {
        for index in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
}

func crc(_ old: UInt32, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_z(UInt(old), bytes.baseAddress, bytes.count))
}
