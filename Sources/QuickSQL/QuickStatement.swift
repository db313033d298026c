import GRDB
import GRDBSQLite

/// A statement that runs once for each of a great many rows.
///
/// GRDB makes a value of every argument and a row of every result, which costs several times what SQLite itself does with
/// them. This binds and reads columns as they are, by the C interface; connection, transaction and the cache of
/// statements stay GRDB's.
///
/// It belongs to the closure that has the connection. Between two uses of the same text, one of them ends.
public struct QuickStatement: ~Copyable {
    /// Keeps what `handle` leads to.
    private let statement: Statement
    private let handle: OpaquePointer
    private let connection: OpaquePointer?

    /// - Throws: `DatabaseError` where the text is no statement of this database.
    public init(_ db: Database, _ sql: String) throws {
        let statement = try db.cachedStatement(sql: sql)
        self.statement = statement
        handle = statement.sqliteStatement
        connection = db.sqliteConnection
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    deinit { sqlite3_reset(handle) }

    // MARK: - Arguments, from 1

    public func bind(_ index: Int, _ integer: Int64) { sqlite3_bind_int64(handle, Int32(index), integer) }

    public func bind(_ index: Int, _ integer: Int64?) {
        if let integer { bind(index, integer) } else { sqlite3_bind_null(handle, Int32(index)) }
    }

    public func bind(_ index: Int, _ text: String) {
        var text = text
        _ = text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { characters in
                // No text may have no address, which would be NULL to SQLite.
                if let start = characters.baseAddress {
                    sqlite3_bind_text(handle, Int32(index), start, Int32(characters.count), Self.copies)
                } else {
                    sqlite3_bind_text(handle, Int32(index), "", 0, Self.copies)
                }
            }
        }
    }

    public func bind(_ index: Int, _ text: String?) {
        if let text { bind(index, text) } else { sqlite3_bind_null(handle, Int32(index)) }
    }

    /// SQLITE_TRANSIENT, a cast that Swift does not import: SQLite copies what it is given.
    private static var copies: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    // MARK: - Rows

    /// Goes on to the next row; at the end, the statement is ready for its next arguments.
    /// - Returns: false at the end.
    public func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        case let code:
            let message = connection.map { String(cString: sqlite3_errmsg($0)) }
            sqlite3_reset(handle)
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
        }
    }

    /// Runs a statement that has no rows.
    public func run() throws { while try step() {} }

    /// Leaves the rest of the rows: ready for the next arguments.
    public func reset() { sqlite3_reset(handle) }

    // MARK: - Columns, from 0, of the row that is at hand

    public func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

    /// - Throws: `DatabaseError` with SQLITE_CORRUPT where the value is of another kind, as do all of these: SQLite would
    ///   make something of it.
    public func integer(_ column: Int) throws -> Int64 {
        try require(SQLITE_INTEGER, column)
        return sqlite3_column_int64(handle, Int32(column))
    }

    public func text(_ column: Int) throws -> String {
        try require(SQLITE_TEXT, column)
        guard let start = sqlite3_column_text(handle, Int32(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The bytes of a blob, for as long as the closure runs.
    public func withBytes<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Value) throws -> Value {
        try require(SQLITE_BLOB, column)
        let start = sqlite3_column_blob(handle, Int32(column))
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column)))))
    }

    private func require(_ kind: Int32, _ column: Int) throws {
        if sqlite3_column_type(handle, Int32(column)) == kind { return }
        throw DatabaseError(
            resultCode: .SQLITE_CORRUPT, message: "a value of another kind than was written",
            sql: String(cString: sqlite3_sql(handle)))
    }
}
