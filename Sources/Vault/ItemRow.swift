import ConnectorKit
import Foundation
import GRDB
import QuickSQL
import StrictJSON

import struct ConnectorKit.Record

/// One row of `items`: a record without its place.
enum ItemRow {
    static let columns = [
        "kind", "target", "size", "mtime", "mtime_nanoseconds", "permissions", "mime_type", "fingerprint", "object",
        "attributes", "caveats", "error_code", "error_message", "error_hint",
    ]

    /// The place of `object` in ``columns``.
    static let objectColumn = 8

    /// The values of ``columns``.
    static func values(of record: Record, object: Int64?) -> [(any DatabaseValueConvertible)?] {
        [
            record.kind.rawValue, record.target, record.size, record.modificationTime.seconds,
            Int64(record.modificationTime.nanoseconds), Int64(record.permissions), record.mimeType,
            record.fingerprint, object, text(of: record.attributes),
            text(of: record.caveats),
            record.error?.code.rawValue, record.error?.message, record.error?.hint,
        ]
    }

    /// Binds what is compared to see whether an item is the same: the values of all ``columns`` but the object.
    /// - Returns: the number of the next argument.
    static func bind(_ record: Record, to statement: borrowing QuickStatement) -> Int {
        statement.bind(1, record.kind.rawValue)
        statement.bind(2, record.target)
        statement.bind(3, record.size)
        statement.bind(4, record.modificationTime.seconds)
        statement.bind(5, Int64(record.modificationTime.nanoseconds))
        statement.bind(6, Int64(record.permissions))
        statement.bind(7, record.mimeType)
        statement.bind(8, record.fingerprint)
        statement.bind(9, text(of: record.attributes))
        statement.bind(10, text(of: record.caveats))
        statement.bind(11, record.error?.code.rawValue)
        statement.bind(12, record.error?.message)
        statement.bind(13, record.error?.hint)
        return 14
    }

    /// What a query selects to hand its rows to ``entry(from:)``: of `entries e`, `directories d`, `items i` and
    /// `objects o`, which ``joins`` joins.
    static let selection = """
        d.path, e.name, e.carried, i.kind, i.target, coalesce(o.size, i.size), i.mtime, i.mtime_nanoseconds, \
        i.permissions, i.mime_type, i.fingerprint, o.sha256, i.attributes, i.caveats, i.error_code, i.error_message, \
        i.error_hint
        """
    static let joins = """
        JOIN directories d ON d.id = e.directory JOIN items i ON i.id = e.item LEFT JOIN objects o ON o.id = i.object
        """

    /// - Throws: ``VaultError`` of kind `damaged` where a value makes no sense.
    static func entry(from row: Row) throws -> SnapshotEntry {
        let path: String = try row.decode(atIndex: 0) + row.decode(atIndex: 1)
        guard let pathname = try? Pathname(path), let kind = Record.Kind(rawValue: try row.decode(atIndex: 3)),
            let nanoseconds = Int32(exactly: try row.decode(Int64.self, atIndex: 7)),
            let permissions = UInt16(exactly: try row.decode(Int64.self, atIndex: 8))
        else {
            throw VaultError(.damaged, "the catalog has an entry that makes no sense: \(path)")
        }
        let object = try row.decode(Data?.self, atIndex: 11).flatMap { ObjectID($0) }
        let error = try row.decode(String?.self, atIndex: 14).map { code in
            ConnectorError(
                .init(rawValue: code), try row.decode(String?.self, atIndex: 15) ?? "",
                hint: try row.decode(atIndex: 16))
        }
        let record = Record(
            pathname: pathname, kind: kind, target: try row.decode(atIndex: 4), size: try row.decode(atIndex: 5),
            permissions: permissions,
            modificationTime: Timestamp(seconds: try row.decode(atIndex: 6), nanoseconds: nanoseconds),
            mimeType: try row.decode(atIndex: 9), fingerprint: try row.decode(atIndex: 10),
            attributes: try attributes(in: row.decode(atIndex: 12)), caveats: try caveats(in: row.decode(atIndex: 13)),
            error: error, hasContent: object != nil)
        return SnapshotEntry(record: record, object: object, isCarried: try row.decode(atIndex: 2))
    }

    /// In the order of the names, so that the same attributes are the same text.
    private static func text(of attributes: [String: String]) -> String? {
        if attributes.isEmpty { return nil }
        var writer = JSONWriter()
        writer.beginObject()
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
            writer.key(key)
            writer.value(value)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func text(of caveats: [Caveat]) -> String? {
        caveats.isEmpty ? nil : JSON.array(caveats.map { .string($0.rawValue) }).text
    }

    private static func attributes(in text: String?) throws -> [String: String] {
        guard let text else { return [:] }
        var attributes: [String: String] = [:]
        for member in (try? JSON(parsing: text))?.objectValue?.members ?? [] {
            attributes[member.key] = member.value.stringValue
        }
        return attributes
    }

    private static func caveats(in text: String?) throws -> [Caveat] {
        guard let text else { return [] }
        let names = (try? JSON(parsing: text))?.arrayValue?.compactMap(\.stringValue) ?? []
        return names.map { Caveat(rawValue: $0) }
    }
}
