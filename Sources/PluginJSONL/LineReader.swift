import ConnectorKit
import Glibc

/// Cuts a stream of bytes into lines and raw frames. It is fed, it does not read.
///
/// A byte is looked at once: the search for a line's end goes on where it stopped. A frame's bytes go straight into the
/// array that is handed out.
struct LineReader {
    enum Event: Hashable {
        /// A line that is not empty, without its end.
        case line(ArraySlice<UInt8>)
        case frame([UInt8])
    }

    /// How much free space a read is offered.
    static let readSize = 1 << 18

    private let maxLine: Int
    private var buffer = [UInt8](repeating: 0, count: readSize * 2)
    /// The bytes not handed out yet are start..<end; up to `scanned` there is no line feed among them.
    private var start = 0
    private var scanned = 0
    private var end = 0
    private var frame: [UInt8] = []
    private var frameFill = 0
    private var frameState = FrameState.none

    private enum FrameState { case none, bytes, lineFeed }

    init(maxLine: Int) { self.maxLine = maxLine }

    /// Says that the line just handed out is followed by a frame of so many bytes.
    mutating func expectFrame(_ length: Int) {
        let taken = min(length, end - start)
        let held = buffer[start..<start + taken]
        // Not filled with zeros: `next` hands the frame out when reads have written every byte of it, no sooner.
        frame = [UInt8](unsafeUninitializedCapacity: length) { space, count in
            _ = space.initialize(fromContentsOf: held)
            count = length
        }
        frameFill = taken
        frameState = .bytes
        start += taken
        scanned = start
    }

    /// Offers space to a read, which returns how many bytes it put there, or -1.
    mutating func fill(_ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        if frameState == .bytes, frameFill < frame.count {
            let filled = frameFill
            let count = frame.withUnsafeMutableBytes { read(UnsafeMutableRawBufferPointer(rebasing: $0[filled...])) }
            frameFill += max(count, 0)
            return count
        }
        makeRoom()
        let filled = end
        let count = buffer.withUnsafeMutableBytes { read(UnsafeMutableRawBufferPointer(rebasing: $0[filled...])) }
        end += max(count, 0)
        return count
    }

    private mutating func makeRoom() {
        if start == end {
            (start, scanned, end) = (0, 0, 0)
            // One long line, such as a state, must not take its room for ever.
            if buffer.count > 8 * Self.readSize { buffer = [UInt8](repeating: 0, count: 2 * Self.readSize) }
        } else if buffer.count - end < Self.readSize, start > 0 {
            let (from, count) = (start, end - start)
            buffer.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                memmove(base, base + from, count)
            }
            scanned -= start
            (start, end) = (0, count)
        }
        if buffer.count - end < Self.readSize {
            buffer.append(contentsOf: repeatElement(0, count: max(buffer.count, Self.readSize)))
        }
    }

    /// The next line or frame; nil where more bytes are needed.
    /// - Throws: ``ConnectorError`` with code `protocol` for a line that is too long, or a frame without its end.
    mutating func next() throws(ConnectorError) -> Event? {
        switch frameState {
        case .bytes:
            guard frameFill == frame.count else { return nil }
            frameState = .lineFeed
            return try next()
        case .lineFeed:
            guard start < end else { return nil }
            guard buffer[start] == UInt8(ascii: "\n") else {
                throw ConnectorError(.protocolViolation, "a raw frame does not end with a line feed")
            }
            start += 1
            scanned = start
            frameState = .none
            defer { frame = [] }
            return .frame(frame)
        case .none: return try nextLine()
        }
    }

    private mutating func nextLine() throws(ConnectorError) -> Event? {
        while let lineFeed = findLineFeed() {
            var last = lineFeed
            if last > start, buffer[last - 1] == UInt8(ascii: "\r") { last -= 1 }
            let line = buffer[start..<last]
            start = lineFeed + 1
            scanned = start
            if line.count > maxLine { throw tooLong }
            if !line.isEmpty { return .line(line) }
        }
        scanned = end
        // One byte more can be the carriage return of a line that just fits.
        if end - start > maxLine + 1 { throw tooLong }
        return nil
    }

    private var tooLong: ConnectorError {
        ConnectorError(.protocolViolation, "a line is longer than \(maxLine) bytes")
    }

    private func findLineFeed() -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, scanned < end,
                let found = memchr(base + scanned, 0x0A, end - scanned)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}
