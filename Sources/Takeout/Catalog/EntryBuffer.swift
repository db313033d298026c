import ConnectorKit
import Synchronization

/// Contents that are read whole when they are opened.
///
/// A host opens several contents of a tgz at a time, in their order. The next one begins where the last one ends, which
/// the reader of that one has not reached: from the last restart point, all that others are reading would be unpacked once
/// more. One that is read whole at once leaves its cursor where the next one begins.
final class EntryRoom: Sendable {
    /// Bytes that all of them may have together; what does not fit is read from a cursor of its own.
    private let free: Mutex<Int64>
    /// Those of one part wait for each other: they read from the same cursor.
    private let lines = Mutex<[Int64: Line]>([:])

    private final class Line: Sendable {
        let turn = Mutex(())
    }

    /// What is longer keeps others waiting for too long.
    private static let longest: Int64 = 8 << 20

    init(bytes: Int64 = 32 << 20) { free = Mutex(bytes) }

    /// - Parameter stream: the content, made when it is the turn of this part; lives no longer than the call.
    /// - Returns: nil where there is no room.
    func readWhole(
        _ size: Int64, ofPart part: Int64, _ stream: (_ read: (any ByteStream) throws -> [[UInt8]]) throws -> [[UInt8]]
    ) throws -> (any ContentReader)? {
        let fits = free.withLock { free in
            guard size <= Self.longest, size <= free else { return false }
            free -= size
            return true
        }
        if !fits { return nil }
        let line = lines.withLock { lines in
            let line = lines[part] ?? Line()
            lines[part] = line
            return line
        }
        do {
            let pieces = try line.turn.withLock { _ in
                try stream { stream in
                    var pieces: [[UInt8]] = []
                    while let piece = try stream.next() { pieces.append(piece) }
                    return pieces
                }
            }
            return StreamReader(PieceStream(pieces)) { [self] in giveBack(size) }
        } catch {
            giveBack(size)
            throw error
        }
    }

    private func giveBack(_ size: Int64) { free.withLock { $0 += size } }
}

/// Pieces that were read before; each is let go of when it is handed out.
private final class PieceStream: ByteStream {
    private var pieces: [[UInt8]]

    init(_ pieces: [[UInt8]]) { self.pieces = pieces.reversed() }

    func next() -> [UInt8]? { pieces.popLast() }
}
