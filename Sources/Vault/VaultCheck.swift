import ConnectorKit
import Foundation
import GRDB

import struct ConnectorKit.Progress

extension Vault {
    /// Compares the catalog with itself and with the objects. Damage is a finding, never an error.
    ///
    /// Files in `objects/` that the catalog does not know are none: a run that was killed leaves them.
    /// - Parameters:
    ///   - snapshots: which ones; nil for everything the catalog knows.
    ///   - readData: also reads every content and compares its hash; without, a file of the right length is enough.
    ///   - progress: is told now and then how far it is.
    /// - Throws: `CancellationError`; ``VaultError`` where the catalog cannot be asked at all.
    public func check(
        _ snapshots: [Snapshot]? = nil, readData: Bool,
        progress: @Sendable (Progress) -> Void = { _ in }
    ) async throws -> CheckReport {
        var report = CheckReport()
        do {
            report.errors = try await catalogProblems(thorough: readData)
            report.snapshots = try snapshots?.count ?? self.snapshots().count
            let checked = try await checkObjects(
                of: snapshots?.map(\.number), readData: readData, progress: progress, report: &report)
            report.errors += try await problems(of: checked, in: snapshots?.map(\.number))
        } catch let error as VaultError where error.kind == .damaged {
            report.errors.append(.init(path: nil, object: nil, message: error.message))
        }
        return report
    }

    /// What SQLite finds wrong with its own file: https://sqlite.org/pragma.html#pragma_integrity_check
    private func catalogProblems(thorough: Bool) async throws -> [CheckReport.Problem] {
        try await catalog.read { db in
            let messages = try String.fetchAll(db, sql: thorough ? "PRAGMA integrity_check" : "PRAGMA quick_check")
            let dangling = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
                "the table \(row[0] ?? "") names a row of \(row[2] ?? "") that is not there"
            }
            return (messages.filter { $0 != "ok" } + dangling).map {
                CheckReport.Problem(path: nil, object: nil, message: "the catalog is damaged: \($0)")
            }
        }
    }

    /// An object as the catalog knows it.
    private struct Known: Sendable {
        var row: Int64
        var id: ObjectID
        var form: StoredForm
    }

    private struct Damage: Sendable {
        var object: Known
        var message: String
    }

    private func checkObjects(
        of snapshots: [Int64]?, readData: Bool, progress: @Sendable (Progress) -> Void,
        report: inout CheckReport
    ) async throws -> [Damage] {
        let rows = try await catalog.read { db in
            let sql =
                snapshots.map {
                    """
                    SELECT DISTINCT i.object FROM entries e JOIN items i ON i.id = e.item
                    WHERE e.snapshot IN (\($0.list)) AND i.object IS NOT NULL
                    """
                } ?? "SELECT id FROM objects"
            return try Int64.fetchAll(db, sql: sql)
        }
        var damaged: [Damage] = []
        var start = 0
        while start < rows.count {
            try Task.checkCancellation()
            let page = Array(rows[start..<min(start + 512, rows.count)])
            start += page.count
            let objects = try await objects(in: page)
            damaged += try await examine(objects, readData: readData)
            report.objects += objects.count
            report.bytes += objects.reduce(0) { $0 + $1.form.size }
            progress(.init(phase: "checking", items: report.objects, itemsTotal: rows.count, bytes: report.bytes))
        }
        return damaged
    }

    private func objects(in rows: [Int64]) async throws -> [Known] {
        try await catalog.read { db in
            let cursor = try Row.fetchCursor(
                db, sql: "SELECT id, sha256, size, stored_size, compressed FROM objects WHERE id IN (\(rows.list))")
            var objects: [Known] = []
            while let row = try cursor.next() {
                guard let id = ObjectID(try row.decode(Data.self, atIndex: 1)) else {
                    throw VaultError(.damaged, "the catalog has an object whose hash makes no sense")
                }
                objects.append(Known(row: try row.decode(atIndex: 0), id: id, form: try StoredForm(row, from: 2)))
            }
            return objects
        }
    }

    private func examine(_ objects: [Known], readData: Bool) async throws -> [Damage] {
        if !readData {
            return objects.compactMap { object in flaw(object).map { Damage(object: object, message: $0) } }
        }
        return try await withThrowingTaskGroup(of: Damage?.self) { group in
            var damaged: [Damage] = []
            var rest = objects[...]
            for object in rest.prefix(Self.readers) { group.addTask { try await self.readThrough(object) } }
            rest = rest.dropFirst(Self.readers)
            while let finding = try await group.next() {
                if let finding { damaged.append(finding) }
                if let object = rest.popFirst() { group.addTask { try await self.readThrough(object) } }
            }
            return damaged
        }
    }

    /// Contents that are read at a time.
    private static let readers = 4

    private func readThrough(_ object: Known) async throws -> Damage? {
        if let flaw = flaw(object) { return Damage(object: object, message: flaw) }
        do {
            let reader = try ObjectReader(object.id, object.form, layout: layout)
            while try await reader.read() != nil { try Task.checkCancellation() }
            return nil
        } catch let error as ConnectorError {
            return Damage(object: object, message: error.message)
        } catch let error as VaultError {
            return Damage(object: object, message: error.message)
        }
    }

    /// What a look at the file's name and length shows.
    private func flaw(_ object: Known) -> String? {
        let size = OpenFile.size(at: layout.file(of: object.id, compressed: object.form.isCompressed))
        guard let size else { return "the content \(object.id.short) is missing" }
        if size == object.form.storedSize { return nil }
        let expected = object.form.storedSize
        return "the content \(object.id.short) is damaged: its file has \(size) bytes in place of \(expected)"
    }

    /// One problem for each path that needs a damaged content.
    private func problems(of damaged: [Damage], in snapshots: [Int64]?) async throws -> [CheckReport.Problem] {
        if damaged.isEmpty { return [] }
        let byRow = Dictionary(damaged.map { ($0.object.row, $0) }, uniquingKeysWith: { first, _ in first })
        let rows = damaged.map { $0.object.row }
        let paths = try await catalog.read { db in
            let wanted = snapshots.map { "AND e.snapshot IN (\($0.list))" } ?? ""
            let cursor = try Row.fetchCursor(
                db,
                sql: """
                    SELECT DISTINCT i.object, d.path || e.name AS path
                    FROM entries e JOIN items i ON i.id = e.item JOIN directories d ON d.id = e.directory
                    WHERE i.object IN (SELECT value FROM json_each(?)) \(wanted) ORDER BY path
                    """, arguments: ["[\(rows.list)]"])
            return try Array(
                cursor.map {
                    (row: try $0.decode(Int64.self, atIndex: 0), path: try $0.decode(String.self, atIndex: 1))
                })
        }
        var problems = paths.compactMap { path in
            byRow[path.row].map {
                CheckReport.Problem(path: path.path, object: $0.object.id, message: $0.message)
            }
        }
        let needed = Set(paths.map(\.row))
        for damage in damaged where !needed.contains(damage.object.row) {
            problems.append(.init(path: nil, object: damage.object.id, message: damage.message))
        }
        return problems
    }
}
