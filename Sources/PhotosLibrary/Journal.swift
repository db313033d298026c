import ConnectorKit
import GRDB
import PhotosAPI

/// What was uploaded to this account: content -> upload token -> media item. Written before the next step is taken, so
/// that a run that was killed goes on where it stopped and nothing is created twice.
public struct Journal: Sendable {
    let index: Index

    public init(_ index: Index) { self.index = index }

    /// What is known of a content.
    public enum Entry: Sendable, Hashable {
        case uploaded(UploadToken)
        case created(itemID: String)
    }

    public func entry(sha256: String) async throws -> Entry? {
        try await index.database.read { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT token, token_born, item_id FROM uploads WHERE sha256 = ?", arguments: [sha256])
            else { return nil }
            if let id: String = row["item_id"] { return .created(itemID: id) }
            guard let token: String = row["token"], let born: Int64 = row["token_born"] else { return nil }
            return .uploaded(UploadToken(secret: Secret(token), birth: Timestamp(seconds: born)))
        }
    }

    /// The session that led to the token is over with it.
    public func note(_ token: UploadToken, sha256: String) async throws {
        try await index.database.write { db in
            try db.execute(sql: "DELETE FROM upload_sessions WHERE sha256 = ?", arguments: [sha256])
            try db.execute(
                sql: "INSERT OR REPLACE INTO uploads(sha256, token, token_born) VALUES(?, ?, ?)",
                arguments: [sha256, token.secret.reveal(), token.birth.seconds])
        }
    }

    /// The token is spent with it, and forgotten.
    public func note(itemIDs: [String: String]) async throws {
        try await index.database.write { db in
            for (sha256, id) in itemIDs {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO uploads(sha256, item_id) VALUES(?, ?)", arguments: [sha256, id])
            }
        }
    }

    /// An item of the account was recognised as this content. What was noted meanwhile stays: it is surer.
    public func note(recognised itemID: String, sha256: String) async throws {
        try await index.database.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO uploads(sha256, item_id) VALUES(?, ?)", arguments: [sha256, itemID])
        }
    }

    /// What is not there any more: the person deleted it, or the token is too old.
    public func forget(sha256: String) async throws {
        try await index.database.write { db in
            try db.execute(sql: "DELETE FROM uploads WHERE sha256 = ?", arguments: [sha256])
        }
    }
}
