import CZlib
import Foundation

/// A file that goes into an archive, and what is wrong with it.
public struct PackedFile: Sendable {
    public var path: String
    public var bytes: [UInt8]
    public var isDeflated = true
    public var isEncrypted = false
    public var isSymlink = false
    public var hasWrongChecksum = false
    /// A length to claim in place of the true one.
    public var claimedSize: Int64?
    public var modified: Int64 = 1_700_000_000

    public init(_ path: String, _ bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    public init(_ path: String, _ text: String) { self.init(path, Array(text.utf8)) }
}

/// zlib as fixtures need it.
public enum Zlib {
    public static func crc(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
    }

    /// Bare deflate data.
    public static func deflated(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
        var stream = z_stream()
        _ = czlib_deflate_init_raw(&stream, level)
        defer { deflateEnd(&stream) }
        let capacity = Int(deflateBound(&stream, UInt(bytes.count))) + 16
        return bytes.withUnsafeBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(capacity)
                _ = deflate(&stream, Z_FINISH)
                count = capacity - Int(stream.avail_out)
            }
        }
    }
}

extension [UInt8] {
    mutating func append(_ value: some FixedWidthInteger, bytes: Int) {
        for index in 0..<bytes { append(UInt8(truncatingIfNeeded: value >> (index * 8))) }
    }
}
