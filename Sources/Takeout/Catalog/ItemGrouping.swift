import ConnectorKit
import Crypto
import Foundation
import GRDB

/// Puts the entries with the same content together: an item is in its year's folder and in that of every album, and in
/// the next full export again.
///
/// Length and CRC-32 are in a zip's directory and come with reading a tgz, so they cost nothing; of an unpacked file the
/// CRC-32 is made where another file has its length, and only there. Two contents of one library that differ and agree in
/// both are found once in ten million libraries of 80,000 items; where name, title or page agree as well, they are taken
/// as one. Where nothing else agrees, both are read and their SHA-256 decides.
struct ItemGrouping {
    let catalog: Catalog
    let parts: PartStore

    private var database: DatabaseQueue { catalog.database }
    private static let page = 1000

    func run() async throws {
        try await database.write { db in
            // Parts that are gone take their items with them; one that came back has the same id again.
            try db.execute(
                sql: """
                    UPDATE entries SET item = NULL WHERE item IS NOT NULL
                        AND item NOT IN (SELECT number FROM items)
                    """)
        }
        try await learnChecksums()
        var last: Int64 = 0
        while true {
            try Task.checkCancellation()
            let entries = try await newEntries(after: last)
            guard let end = entries.last else { break }
            last = end.number
            // What needs no reading, which is nearly all, goes in one transaction.
            let doubtful = try await database.write { db in
                try entries.filter { entry in try !place(db, entry, comparing: nil) }
            }
            for entry in doubtful { try await placeByContent(entry) }
        }
        try await database.write { db in
            try db.execute(
                sql: "DELETE FROM items WHERE NOT EXISTS (SELECT 1 FROM entries WHERE item = items.number)")
        }
    }

    private struct Entry: Sendable {
        var number: Int64
        var name: String
        var size: Int64
        var crc: Int64?
        var modified: Int64
        var title: String
        var url: String

        /// All that is known of the content without reading it: what makes the id of an item.
        var identity: String {
            if let crc { return "\(size) \(crc)" }
            return "\(size) \(name) \(modified)"
        }
    }

    private func newEntries(after last: Int64) async throws -> [Entry] {
        try await database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT e.number, e.name, e.size, e.crc, e.modified, coalesce(a.title, ''), coalesce(a.url, '')
                    FROM entries e JOIN folders f ON f.number = e.folder LEFT JOIN assets a ON a.entry = e.sidecar
                    WHERE e.number > ? AND e.kind = 0 AND e.item IS NULL AND f.is_photos
                    ORDER BY e.number LIMIT \(Self.page)
                    """, arguments: [last]
            ).map {
                Entry(
                    number: $0[0], name: $0[1], size: $0[2], crc: $0[3], modified: $0[4], title: $0[5], url: $0[6])
            }
        }
    }

    /// Finds or makes the item of an entry.
    /// - Parameter comparing: the SHA-256 of its content and of the candidates' by item; nil where it was not read.
    /// - Returns: false where only the content can tell.
    private func place(_ db: Database, _ entry: Entry, comparing: (own: String, others: [Int64: String])?) throws
        -> Bool
    {
        let candidates = try Int64.fetchAll(
            db.cachedStatement(sql: "SELECT number FROM items WHERE size = ? AND crc = ?"),
            arguments: [entry.size, entry.crc])
        for item in candidates {
            let isSame = try comparing.map { $0.others[item] == $0.own } ?? agrees(db, entry, with: item)
            if isSame {
                try join(db, entry, item)
                return true
            }
        }
        // An empty content tells nothing: those are one where their names are.
        if !candidates.isEmpty, comparing == nil, entry.size > 0 { return false }
        for twin in 0... {
            let text = entry.identity + (twin == 0 ? "" : " \(twin)")
            let id = "takeout:" + String(hexadecimal: Array(SHA256.hash(data: Array(text.utf8)).prefix(16)))
            let known = try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT number, EXISTS (SELECT 1 FROM entries WHERE item = items.number) FROM items WHERE id = ?
                        """), arguments: [id])
            if let known {
                if known[1] == true { continue }
                try join(db, entry, known[0])
                return true
            }
            try db.cachedStatement(sql: "INSERT INTO items(id, size, crc, sha256) VALUES(?, ?, ?, ?)")
                .execute(arguments: [id, entry.size, entry.crc, comparing?.own])
            try join(db, entry, db.lastInsertedRowID)
            return true
        }
        return true
    }

    private func join(_ db: Database, _ entry: Entry, _ item: Int64) throws {
        try db.cachedStatement(sql: "UPDATE entries SET item = ? WHERE number = ?")
            .execute(arguments: [item, entry.number])
    }

    /// Whether an entry and an item with the same length and checksum have a name, a title or a page in common.
    private func agrees(_ db: Database, _ entry: Entry, with item: Int64) throws -> Bool {
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT e.name, coalesce(a.title, ''), coalesce(a.url, '') FROM entries e
                    LEFT JOIN assets a ON a.entry = e.sidecar WHERE e.item = ?
                    """), arguments: [item])
        var isEmpty = true
        let plain = MediaName(entry.name).plain
        while let row = try rows.next() {
            isEmpty = false
            if MediaName(row[0]).plain == plain || (!entry.title.isEmpty && entry.title == row[1])
                || (!entry.url.isEmpty && entry.url == row[2])
            {
                return true
            }
        }
        // Its parts are gone, and it has come back with another.
        return isEmpty
    }

    // MARK: By reading

    private func placeByContent(_ entry: Entry) async throws {
        let others = try await database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT i.number, i.sha256, min(e.number) FROM items i JOIN entries e ON e.item = i.number
                    WHERE i.size = ? AND i.crc = ? GROUP BY i.number
                    """, arguments: [entry.size, entry.crc]
            ).map { (number: $0[0] as Int64, hash: $0[1] as String?, entry: $0[2] as Int64) }
        }
        // What cannot be read is like nothing else.
        let own = (try? await hash(ofEntry: entry.number)) ?? "unreadable \(entry.number)"
        var hashes: [Int64: String] = [:]
        for other in others {
            hashes[other.number] = if let known = other.hash { known } else { try? await hash(ofEntry: other.entry) }
        }
        try await database.write { [hashes] db in
            _ = try place(db, entry, comparing: (own, hashes))
            for (item, hash) in hashes {
                try db.execute(sql: "UPDATE items SET sha256 = ? WHERE number = ?", arguments: [hash, item])
            }
        }
    }

    private func hash(ofEntry number: Int64) async throws -> String {
        guard let place = try await catalog.place(ofEntry: number) else { throw PartStore.gone }
        let reader = try parts.open(place)
        var hash = SHA256()
        while let bytes = try await reader.read() { hash.update(data: bytes) }
        return String(hexadecimal: Array(hash.finalize()))
    }

    /// The CRC-32 of unpacked files that have the length of another.
    private func learnChecksums() async throws {
        while true {
            let numbers = try await database.read { db in
                try Int64.fetchAll(
                    db,
                    sql: """
                        SELECT e.number FROM entries e JOIN folders f ON f.number = e.folder
                        WHERE e.kind = 0 AND e.crc IS NULL AND e.fault IS NULL AND f.is_photos AND EXISTS (
                            SELECT 1 FROM entries o WHERE o.kind = 0 AND o.size = e.size AND o.number <> e.number)
                        LIMIT 100
                        """)
            }
            if numbers.isEmpty { return }
            for number in numbers {
                try Task.checkCancellation()
                let outcome: Result<UInt32, any Error>
                do { outcome = .success(try await checksum(ofEntry: number)) } catch { outcome = .failure(error) }
                try await database.write { db in
                    switch outcome {
                    case .success(let crc):
                        try db.execute(
                            sql: "UPDATE entries SET crc = ? WHERE number = ?", arguments: [Int64(crc), number])
                        try db.execute(
                            sql: """
                                UPDATE items SET crc = ? WHERE crc IS NULL
                                    AND number = (SELECT item FROM entries WHERE number = ?)
                                """, arguments: [Int64(crc), number])
                    case .failure(let error):
                        if error is CancellationError { throw error }
                        try db.execute(
                            sql: "UPDATE entries SET fault = ? WHERE number = ?",
                            arguments: ["cannot be read: \(ConnectorError(wrapping: error).message)", number])
                    }
                }
            }
        }
    }

    private func checksum(ofEntry number: Int64) async throws -> UInt32 {
        guard let place = try await catalog.place(ofEntry: number) else { throw PartStore.gone }
        let reader = try parts.open(place)
        var crc = CRC32()
        while let bytes = try await reader.read() { crc.add(bytes) }
        return crc.value
    }
}

extension PartStore {
    /// The catalog and the directory disagree.
    static let gone = ConnectorError(
        .unavailable, "an entry of an export is gone", isRetryable: true, hint: "run it again")
}
