import ConnectorKit
import Glibc
import NIOCore
import Synchronization

/// Where uploaded bytes live: one temporary file without a name, so that nothing is left behind however the process ends.
///
/// Space that is no longer wanted is used again.
final class Spool: Sendable {
    private let descriptor: CInt
    private let space = Mutex(Space())

    private struct Space {
        var end: Int64 = 0
        /// What was given back.
        var free: [Range<Int64>] = []
    }

    /// Creates the file in `TMPDIR`, or in `/tmp`.
    init() throws(ConnectorError) {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((directory + "/gphotos-fake-XXXXXX").utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw ConnectorError(.internalDefect, "no temporary file could be made in \(directory): error \(errno)")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
    }

    deinit { close(descriptor) }

    /// Takes so many bytes of space, in one piece.
    func reserve(_ count: Int64) -> Int64 {
        space.withLock { space in
            if let index = space.free.firstIndex(where: { Int64($0.count) >= count }) {
                let range = space.free[index]
                let rest = range.lowerBound + count..<range.upperBound
                if rest.isEmpty { space.free.remove(at: index) } else { space.free[index] = rest }
                return range.lowerBound
            }
            defer { space.end += count }
            return space.end
        }
    }

    func write(_ bytes: ByteBuffer, at offset: Int64) throws(ConnectorError) {
        let failure: CInt = bytes.withUnsafeReadableBytes { source in
            var written = 0
            while written < source.count {
                let count = pwrite(
                    descriptor, source.baseAddress.map { $0 + written }, source.count - written, Int(offset) + written)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { return errno }
                written += count
            }
            return 0
        }
        if failure != 0 {
            throw ConnectorError(.internalDefect, "the temporary file cannot be written: error \(failure)")
        }
    }

    /// Reads bytes that were written.
    func read(_ count: Int, at offset: Int64) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            var filled = 0
            while filled < count {
                let part = pread(
                    descriptor, target.baseAddress.map { $0 + filled }, count - filled, Int(offset) + filled)
                if part < 0, errno == EINTR { continue }
                if part <= 0 { break }
                filled += part
            }
            return filled
        }
        return buffer
    }

    func release(_ range: Range<Int64>) {
        space.withLock { $0.free.append(range) }
    }
}

/// Bytes in the spool; their space goes back with the last reference to them.
final class SpooledBytes: Sendable {
    let spool: Spool
    private let state = Mutex(State())

    private struct State {
        var extents: [Range<Int64>] = []
        var count: Int64 = 0
        /// Space taken beforehand, not yet filled.
        var reserved: Range<Int64> = 0..<0
    }

    /// - Parameter expectedCount: how many bytes will come, where that is known: they are kept in one piece then.
    init(in spool: Spool, expectedCount: Int64?) {
        self.spool = spool
        if let expectedCount, expectedCount > 0 {
            let start = spool.reserve(expectedCount)
            state.withLock { $0.reserved = start..<start + expectedCount }
        }
    }

    deinit {
        let (extents, reserved) = state.withLock { ($0.extents, $0.reserved) }
        for extent in extents { spool.release(extent) }
        if !reserved.isEmpty { spool.release(reserved) }
    }

    var count: Int64 { state.withLock { $0.count } }
    var extents: [Range<Int64>] { state.withLock { $0.extents } }

    func append(_ bytes: ByteBuffer) throws(ConnectorError) {
        let count = Int64(bytes.readableBytes)
        let start = state.withLock { state in
            state.count += count
            let start: Int64
            if Int64(state.reserved.count) >= count {
                start = state.reserved.lowerBound
                state.reserved = start + count..<state.reserved.upperBound
            } else {
                start = spool.reserve(count)
            }
            if let last = state.extents.last, last.upperBound == start {
                state.extents[state.extents.count - 1] = last.lowerBound..<start + count
            } else {
                state.extents.append(start..<start + count)
            }
            return start
        }
        try spool.write(bytes, at: start)
    }
}
