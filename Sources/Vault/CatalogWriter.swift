import Foundation
import GRDB

/// The one connection that changes the catalog. All of it happens in the connection's own thread, one after the other.
final class CatalogWriter: Sendable {
    private let database: DatabaseQueue
    let path: String

    init(_ layout: VaultLayout) throws {
        path = layout.catalog
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        // The schema names its references for `PRAGMA foreign_key_check`; to have each delete look for them would need
        // indices that nothing else uses.
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000")
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            try database.inDatabase { db in
                try db.inTransaction(.immediate) {
                    try CatalogSchema.create(in: db)
                    return .commit
                }
            }
        } catch {
            throw VaultError.from(error, catalog: path)
        }
        chmod(path, 0o600)
    }

    /// Runs a transaction and returns when the disk has it. It is not cut off by a cancellation of the caller's task:
    /// what it was to write is in its hands alone.
    /// - Parameter prepare: what must have happened before the transaction begins, such as the wait for the disk.
    func write<Value: Sendable>(
        after prepare: @escaping @Sendable () throws -> Void = {},
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            database.asyncWriteWithoutTransaction { [path] db in
                let result = Result {
                    try prepare()
                    var value: Value?
                    try db.inTransaction(.immediate) {
                        value = try body(db)
                        return .commit
                    }
                    guard let value else { throw VaultError(.damaged, "\(path) lost a transaction") }
                    return value
                }
                continuation.resume(with: result.mapError { VaultError.from($0, catalog: path) })
            }
        }
    }

    /// Moves all into the one file `catalog.sqlite` and lets it go.
    func close() {
        // A reader may hold the log; whoever closes last moves it then.
        _ = try? database.inDatabase { db in try db.checkpoint(.truncate) }
        try? database.close()
    }
}
