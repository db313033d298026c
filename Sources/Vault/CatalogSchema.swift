import GRDB

/// The tables of `catalog.sqlite`. docs/vault.md explains them; changing one is a new version of the format.
enum CatalogSchema {
    static let version = 1

    static func create(in db: Database) throws {
        if try Int.fetchOne(db, sql: "PRAGMA user_version") == version {
            // Vaults were made without it.
            if try db.columns(in: "snapshots").contains(where: { $0.name == "fingerprint" }) { return }
            return try db.execute(sql: "ALTER TABLE snapshots ADD COLUMN fingerprint TEXT")
        }
        try db.execute(sql: statements)
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    private static let statements = """
        CREATE TABLE snapshots (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            time TEXT NOT NULL,
            finished TEXT,                 -- NULL: a backup that runs or was killed; not a snapshot yet
            source TEXT NOT NULL,
            origin TEXT NOT NULL,
            kind TEXT NOT NULL,
            root TEXT NOT NULL,
            parent TEXT,                   -- the id of the snapshot it was compared with
            files INTEGER NOT NULL DEFAULT 0,
            directories INTEGER NOT NULL DEFAULT 0,
            bytes INTEGER NOT NULL DEFAULT 0,
            errors INTEGER NOT NULL DEFAULT 0,
            state TEXT,                    -- what the source wants back at its next import
            fingerprint TEXT               -- stands for all that the source told, where all of it is here
        ) STRICT;

        CREATE TABLE directories (
            id INTEGER PRIMARY KEY,
            path TEXT NOT NULL UNIQUE      -- ends in a slash
        ) STRICT;

        CREATE TABLE objects (
            id INTEGER PRIMARY KEY,
            sha256 BLOB NOT NULL UNIQUE,
            size INTEGER NOT NULL,         -- bytes of content
            stored_size INTEGER NOT NULL,  -- bytes of its file
            compressed INTEGER NOT NULL    -- 1: the file is a zstd frame, and its name ends in .zst
        ) STRICT;

        -- What is known of a file, directory or link. Snapshots that found it unchanged share one row.
        CREATE TABLE items (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,            -- file, directory or symlink
            target TEXT,
            size INTEGER,
            mtime INTEGER NOT NULL,        -- seconds since 1970-01-01T00:00:00Z
            mtime_nanoseconds INTEGER NOT NULL,
            permissions INTEGER NOT NULL,
            mime_type TEXT,
            fingerprint TEXT,
            object INTEGER REFERENCES objects (id),
            attributes TEXT,               -- a JSON object of strings
            caveats TEXT,                  -- a JSON array of strings
            error_code TEXT,               -- why the source could not read it
            error_message TEXT,
            error_hint TEXT
        ) STRICT;

        CREATE TABLE entries (
            snapshot INTEGER NOT NULL REFERENCES snapshots (number),
            directory INTEGER NOT NULL REFERENCES directories (id),
            name TEXT NOT NULL,            -- empty for the root itself
            item INTEGER NOT NULL REFERENCES items (id),
            carried INTEGER NOT NULL,      -- 1: as the parent has it, since the source could not tell
            PRIMARY KEY (snapshot, directory, name)
        ) STRICT, WITHOUT ROWID;

        -- Everything in one place, for people.
        CREATE VIEW files AS
            SELECT s.id AS snapshot, d.path || e.name AS path, i.kind AS kind, coalesce(o.size, i.size) AS size,
                datetime(i.mtime, 'unixepoch') AS modified, lower(hex(o.sha256)) AS sha256,
                'objects/' || lower(substr(hex(o.sha256), 1, 2)) || '/' || lower(hex(o.sha256))
                    || CASE o.compressed WHEN 1 THEN '.zst' ELSE '' END AS object_file,
                i.target AS target, i.mime_type AS mime_type, i.attributes AS attributes, i.caveats AS caveats,
                i.error_message AS error, e.carried AS carried
            FROM entries e
            JOIN snapshots s ON s.number = e.snapshot
            JOIN directories d ON d.id = e.directory
            JOIN items i ON i.id = e.item
            LEFT JOIN objects o ON o.id = i.object
            WHERE s.finished IS NOT NULL;
        """
}
