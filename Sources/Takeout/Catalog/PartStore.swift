import ConnectorKit
import Foundation
import Synchronization

/// Opens entries of parts: zips and folders at once, a tgz from the nearest place from which it can be read.
final class PartStore: Sendable {
    private let directory: String
    private let catalog: Catalog
    private let state = Mutex(State())

    private struct State {
        var files: [Int64: RandomAccessFile] = [:]
        var idle: [Int64: [IdleCursor]] = [:]
    }

    /// A cursor that nobody reads from.
    ///
    /// `@unchecked Sendable`: it is in the pool or in one stream, never in both, and the pool's mutex is between them.
    private final class IdleCursor: @unchecked Sendable {
        let cursor: GzipCursor
        init(_ cursor: GzipCursor) { self.cursor = cursor }
    }

    /// Cursors that wait where they were left, for each tgz: as many as a host reads at a time, as a rule.
    private static let mostIdle = 16
    /// Archives that are kept open; an export has some dozens.
    private static let mostFiles = 256

    init(directory: String, catalog: Catalog) {
        self.directory = directory
        self.catalog = catalog
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
            let lent = IdleCursor(try cursor(for: place))
            let stream = try TarStream(lent.cursor, entry: place.entry)
            return StreamReader(stream) { [self] in giveBack(lent, part: place.part) }
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
    private func cursor(for place: Place) throws -> GzipCursor {
        let target = place.entry.offset
        let point = try catalog.restartPoint(ofPart: place.part, before: target)
        let left = state.withLock { state -> IdleCursor? in
            let usable = state.idle[place.part]?.indices.filter { index in
                let position = state.idle[place.part]?[index].cursor.position ?? 0
                return position <= target && position >= point?.output ?? 0
            }
            let nearest = usable?.max { left, right in
                let cursors = state.idle[place.part] ?? []
                return cursors[left].cursor.position < cursors[right].cursor.position
            }
            return nearest.flatMap { state.idle[place.part]?.remove(at: $0) }
        }
        if let left { return left.cursor }
        let file = try file(of: place)
        return try point.map { try GzipCursor(file, at: $0) } ?? GzipCursor(file)
    }

    private func giveBack(_ cursor: IdleCursor, part: Int64) {
        state.withLock { state in
            var cursors = state.idle[part] ?? []
            if cursors.count >= Self.mostIdle { cursors.removeFirst() }
            cursors.append(cursor)
            state.idle[part] = cursors
        }
    }
}
