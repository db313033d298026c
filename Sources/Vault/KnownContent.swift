import ConnectorKit
import Foundation
import GRDB

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
        return try reader.read { [layout = store.layout] db in
            let lookup = try KnownLookup(db, snapshots: snapshots)
            return try records.map { record in
                guard let (known, form) = try lookup.find(record), let object = known.entry.object else { return nil }
                let path = layout.file(of: object, compressed: form.isCompressed)
                return OpenFile.size(at: path) == form.storedSize ? known : nil
            }
        }
    }
}

/// Looks files up in earlier snapshots; one statement for many of them.
private final class KnownLookup {
    private let db: Database
    private let find: Statement
    private let findDirectory: Statement
    private var directories: [String: Int64] = [:]

    init(_ db: Database, snapshots: [Int64]) throws {
        self.db = db
        findDirectory = try db.cachedStatement(sql: "SELECT id FROM directories WHERE path = ?")
        find = try db.cachedStatement(
            sql: """
                SELECT i.id, o.sha256, o.size, o.stored_size, o.compressed, \(Self.isSame) AS same
                FROM entries e JOIN items i ON i.id = e.item JOIN objects o ON o.id = i.object
                WHERE e.snapshot IN (\(snapshots.list)) AND e.directory = ? AND e.name = ? AND i.fingerprint = ?
                    AND i.error_code IS NULL
                ORDER BY e.snapshot DESC LIMIT 1
                """)
    }

    /// The database compares: nothing has to be made of a row to see that it is the same.
    private static let isSame = ItemRow.columns.filter { $0 != "object" }.map { "i.\($0) IS ?" }
        .joined(separator: " AND ")

    func find(_ record: Record) throws -> (KnownContent, StoredForm)? {
        let (path, name) = record.pathname.place
        guard let fingerprint = record.fingerprint, let directory = try directory(path) else { return nil }
        var values = ItemRow.values(of: record, object: nil)
        values.remove(at: ItemRow.objectColumn)
        let row = try Row.fetchOne(find, arguments: StatementArguments(values + [directory, name, fingerprint]))
        guard let row else { return nil }
        guard let object = ObjectID(try row.decode(Data.self, atIndex: 1)) else { return nil }
        let form = try StoredForm(row, from: 2)
        var entry = SnapshotEntry(record: record, object: object)
        if try row.decode(atIndex: 5) {
            entry.row = SnapshotEntry.Row(directory: directory, item: try row.decode(atIndex: 0))
        }
        return (KnownContent(entry: entry, size: form.size), form)
    }

    private func directory(_ path: String) throws -> Int64? {
        if let known = directories[path] { return known }
        let found = try Int64.fetchOne(findDirectory, arguments: [path])
        directories[path] = found
        return found
    }
}
