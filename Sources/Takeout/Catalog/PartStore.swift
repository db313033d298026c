import ConnectorKit
import Foundation
import Synchronization

/// Opens entries of parts: zips and folders at once, a tgz from the nearest place from which it can be read.
final class PartStore: Sendable {
    private let directory: String
    private let catalog: Catalog
    private let state = Mutex(State())
    private let room: EntryRoom

    private struct State {
        var files: [Int64: RandomAccessFile] = [:]
        /// The one that was left last is the last.
        var idle: [IdleCursor] = []
    }

    /// A cursor that nobody reads from.
    ///
    /// `@unchecked Sendable`: it is in the pool or in one stream, never in both, and the pool's mutex is between them.
    private final class IdleCursor: @unchecked Sendable {
        let cursor: GzipCursor
        let part: Int64

        init(_ cursor: GzipCursor, part: Int64) {
            self.cursor = cursor
            self.part = part
        }
    }

    /// Cursors that wait where they were left, of all parts together: as many as a host reads at a time, as a rule. Each
    /// has 300 KiB.
    private static let mostIdle = 16
    /// Archives that are kept open; an export has some dozens.
    private static let mostFiles = 256

    init(directory: String, catalog: Catalog, room: EntryRoom) {
        self.directory = directory
        self.catalog = catalog
        self.room = room
    }

    /// Where the bytes of an item are.
    struct Place: Sendable {
        var part: Int64
        var partName: String
        var kind: PartFile.Kind
        var entry: ArchiveEntry
    }

    func open(_ place: Place) throws -> any ContentReader {
        if let fault = place.entry.fault {
            throw ConnectorError(.rejected, "\(place.entry.path) cannot be read: it \(fault)")
        }
        switch place.kind {
        case .zip: return StreamReader(try ZipStream(try file(of: place), entry: place.entry))
        case .folder:
            let file = try RandomAccessFile(path: directory + "/" + place.entry.path)
            return StreamReader(FileStream(file, expected: place.entry.size))
        case .tgz:
            let whole = try room.readWhole(place.entry.size, ofPart: place.part) { read in
                let lent = try cursor(for: place)
                defer { giveBack(lent) }
                return try read(TarStream(lent.cursor, entry: place.entry))
            }
            if let whole { return whole }
            let lent = try cursor(for: place)
            let stream = try TarStream(lent.cursor, entry: place.entry)
            return StreamReader(stream) { [self] in giveBack(lent) }
        }
    }

    /// The first bytes of an entry, without its checksum: it is not read to its end.
    /// - Parameter body: what to do with them; the head is no good afterwards.
    func head<Value>(of place: Place, _ body: (ContentHead) throws -> Value) throws -> Value {
        switch place.kind {
        case .zip:
            let file = try file(of: place)
            let stream = try ZipStream(file, entry: place.entry)
            let isPlain = place.entry.method == .stored
            return try body(
                ContentHead(
                    isPlain ? .file(file, start: stream.start, size: place.entry.packedSize) : .stream(stream)))
        case .folder:
            let file = try RandomAccessFile(path: directory + "/" + place.entry.path)
            return try body(ContentHead(.file(file, start: 0, size: file.size)))
        case .tgz:
            let lent = try cursor(for: place)
            defer { giveBack(lent) }
            return try body(ContentHead(.stream(try TarStream(lent.cursor, entry: place.entry))))
        }
    }

    private func file(of place: Place) throws -> RandomAccessFile {
        if let known = state.withLock({ $0.files[place.part] }) { return known }
        let file = try RandomAccessFile(path: directory + "/" + place.partName)
        state.withLock { state in
            if state.files.count >= Self.mostFiles { state.files.removeAll() }
            state.files[place.part] = file
        }
        return file
    }

    /// The cursor that is nearest before an entry: one that was left there, or a new one at a restart point.
    private func cursor(for place: Place) throws -> IdleCursor {
        let target = place.entry.offset
        let point = try catalog.restartPoint(ofPart: place.part, before: target)
        let left = state.withLock { state -> IdleCursor? in
            let usable = state.idle.indices.filter { index in
                let idle = state.idle[index]
                return idle.part == place.part && idle.cursor.position <= target
                    && idle.cursor.position >= point?.output ?? 0
            }
            let nearest = usable.max { state.idle[$0].cursor.position < state.idle[$1].cursor.position }
            return nearest.map { state.idle.remove(at: $0) }
        }
        if let left { return left }
        let file = try file(of: place)
        return IdleCursor(try point.map { try GzipCursor(file, at: $0) } ?? GzipCursor(file), part: place.part)
    }

    private func giveBack(_ cursor: IdleCursor) {
        state.withLock { state in
            if state.idle.count >= Self.mostIdle { state.idle.removeFirst() }
            state.idle.append(cursor)
        }
    }
}
