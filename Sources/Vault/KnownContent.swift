import ConnectorKit
import Foundation
import GRDB
import QuickSQL

import struct ConnectorKit.Record

/// A content that the vault has already, and the entry that names it.
public struct KnownContent: Sendable, Hashable {
    /// What goes into the snapshot that is being made.
    public var entry: SnapshotEntry
    /// Bytes of content.
    public var size: Int64
}

extension SnapshotWriter {
    /// What is known already of files that are about to be backed up, in their order; nil where the content is to be read.
    ///
    /// Known is what this source had at the same pathname with the same fingerprint, in the parent or in a backup that
    /// was not finished; else what the latest backup of another part of it had there. A content whose file is missing or
    /// has another length is not known: the backup that asks repairs it.
    public nonisolated func known(_ records: [Record]) throws -> [KnownContent?] {
        var known = try known(records, in: relatives)
        if cousins.isEmpty { return known }
        let unknown = known.indices.filter { known[$0] == nil }
        for (index, content) in zip(unknown, try self.known(unknown.map { records[$0] }, in: cousins)) {
            known[index] = content
        }
        return known
    }

    private nonisolated func known(_ records: [Record], in snapshots: [Int64]) throws -> [KnownContent?] {
        if snapshots.isEmpty || records.isEmpty { return records.map { _ in nil } }
        return try reader.read { [store] db in
            var lookup = try KnownLookup(db, snapshots: snapshots)
            var known: [KnownContent?] = []
            known.reserveCapacity(records.count)
            for record in records {
                guard let (content, form) = try lookup.find(record), let object = content.entry.object,
                    store.fileSize(of: object, compressed: form.isCompressed) == form.storedSize
                else {
                    known.append(nil)
                    continue
                }
                known.append(content)
            }
            return known
        }
    }
}

/// Looks files up in earlier snapshots; one statement for many of them.
private struct KnownLookup: ~Copyable {
    private let find: QuickStatement
    private let findDirectory: QuickStatement
    /// Most records are in the directory of one of the last.
    private var directories: [String: Int64] = [:]

    init(_ db: Database, snapshots: [Int64]) throws {
        let findDirectory = try QuickStatement(db, "SELECT id FROM directories WHERE path = ?")
        let find = try QuickStatement(
            db,
            """
            SELECT i.id, o.sha256, o.size, o.stored_size, o.compressed, \(Self.isSame)
            FROM entries e JOIN items i ON i.id = e.item JOIN objects o ON o.id = i.object
            WHERE e.snapshot IN (\(snapshots.list)) AND e.directory = ? AND e.name = ? AND i.fingerprint = ?
                AND i.error_code IS NULL
            ORDER BY e.snapshot DESC LIMIT 1
            """)
        self.findDirectory = findDirectory
        self.find = find
    }

    /// The database compares: nothing has to be made of a row to see that it is the same.
    private static let isSame = ItemRow.columns.filter { $0 != "object" }.map { "i.\($0) IS ?" }
        .joined(separator: " AND ")

    mutating func find(_ record: Record) throws -> (KnownContent, StoredForm)? {
        let (path, name) = record.pathname.place
        guard let fingerprint = record.fingerprint, let directory = try directory(path) else { return nil }
        let next = ItemRow.bind(record, to: find)
        find.bind(next, directory)
        find.bind(next + 1, name)
        find.bind(next + 2, fingerprint)
        guard try find.step() else { return nil }
        defer { find.reset() }
        guard let object = try find.withBytes(1, { ObjectID($0) }) else { return nil }
        let form = StoredForm(
            size: try find.integer(2), storedSize: try find.integer(3), isCompressed: try find.integer(4) != 0)
        var entry = SnapshotEntry(record: record, object: object)
        if try find.integer(5) != 0 {
            entry.row = SnapshotEntry.Row(directory: directory, item: try find.integer(0))
        }
        return (KnownContent(entry: entry, size: form.size), form)
    }

    private mutating func directory(_ path: String) throws -> Int64? {
        if let known = directories[path] { return known }
        findDirectory.bind(1, path)
        guard try findDirectory.step() else { return nil }
        let found = try findDirectory.integer(0)
        findDirectory.reset()
        directories[path] = found
        return found
    }
}
