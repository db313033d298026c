import ConnectorKit
import GRDB
import PhotosAPI

/// Uploads of large contents that are under way. A run that was killed in the midst of one goes on with it: the content
/// is read from its start, and what Google has of it is not sent again.
extension Journal {
    static let sessionSchema = """
        -- One row for a content whose upload has begun. It goes when the token is there, and a week after its birth.
        CREATE TABLE upload_sessions(
            sha256 TEXT PRIMARY KEY, url TEXT NOT NULL, granularity INTEGER NOT NULL, size INTEGER NOT NULL,
            born INTEGER NOT NULL) WITHOUT ROWID;
        """

    /// The session of a content, of any age.
    public func session(sha256: String) async throws -> UploadSession? {
        try await index.database.read { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT url, granularity, size, born FROM upload_sessions WHERE sha256 = ?",
                arguments: [sha256])
            return row.map { row in
                UploadSession(
                    url: Secret(row["url"]), granularity: row["granularity"], size: row["size"],
                    birth: Timestamp(seconds: row["born"]))
            }
        }
    }

    /// Keeps the session of a content; nil forgets it.
    public func note(_ session: UploadSession?, sha256: String) async throws {
        try await index.database.write { db in
            guard let session else {
                try db.execute(sql: "DELETE FROM upload_sessions WHERE sha256 = ?", arguments: [sha256])
                return
            }
            try db.execute(
                sql: "DELETE FROM upload_sessions WHERE born <= ?",
                arguments: [session.birth.seconds - UploadSession.longestAge])
            try db.execute(
                sql:
                    "INSERT OR REPLACE INTO upload_sessions(sha256, url, granularity, size, born) VALUES(?, ?, ?, ?, ?)",
                arguments: [
                    sha256, session.url.reveal(), session.granularity, session.size, session.birth.seconds,
                ])
        }
    }
}
