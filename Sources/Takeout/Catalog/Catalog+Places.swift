import ConnectorKit
import Foundation
import GRDB

extension Catalog {
    /// The last place at or before an offset from which a tgz can be read; nil for its start.
    func restartPoint(ofPart part: Int64, before offset: Int64) throws -> RestartPoint? {
        try database.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT output, input, bits, window FROM restart_points WHERE part = ? AND output <= ?
                    ORDER BY output DESC LIMIT 1
                    """, arguments: [part, offset]
            ).map { RestartPoint(output: $0[0], input: $0[1], bits: $0[2], window: [UInt8]($0[3] as Data)) }
        }
    }

    /// Where the bytes of an entry are.
    func place(ofEntry number: Int64) async throws -> PartStore.Place? {
        try await database.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT p.number, p.name, p.kind, f.root, f.name, e.name, e.offset, e.packed, e.method, e.size, e.crc,
                        e.fault
                    FROM entries e JOIN parts p ON p.number = e.part JOIN folders f ON f.number = e.folder
                    WHERE e.number = ?
                    """, arguments: [number]
            ).flatMap { row in
                guard let kind = PartFile.Kind(rawValue: row[2]), let method = ArchiveEntry.Method(rawValue: row[8])
                else { return nil }
                let path = [row[3] as String, row[4], row[5]].filter { !$0.isEmpty }.joined(separator: "/")
                // The CRC-32 of an unpacked file is of the time when it was made.
                let crc = kind == .folder ? nil : (row[10] as Int64?).map { UInt32(truncatingIfNeeded: $0) }
                return PartStore.Place(
                    part: row[0], partName: row[1], kind: kind,
                    entry: ArchiveEntry(
                        path: path, offset: row[6], packedSize: row[7], method: method, size: row[9], crc: crc,
                        fault: row[11]))
            }
        }
    }
}
