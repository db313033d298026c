import ConnectorKit
import PluginJSONL

extension ConnectorLink {
    /// Records that may be under way without their result.
    private static let window = 1024

    /// Imports everything: the listing comes in on one task; the contents that are needed are read by a few others.
    /// - Parameters:
    ///   - state: what the last import of this source returned.
    ///   - fingerprint: of an import of which everything is here.
    ///   - parallel: contents that are read at a time.
    ///   - sort: takes in what needs no content, and passes the rest on.
    ///   - read: reads one content that was passed on.
    func transfer<Wanted: Sendable>(
        state: String?, fingerprint: String? = nil, parallel: Int,
        sort: @escaping @Sendable ([ImportedRecord], (Wanted) -> Void) async throws -> Void,
        read: @escaping @Sendable (Wanted) async throws -> Void
    ) async throws -> ImportSummary {
        // Bounded by the window: every record in here is one without its result.
        let (wanted, want) = AsyncStream.makeStream(of: Wanted.self)
        return try await withThrowingTaskGroup(of: ImportSummary?.self) { group in
            group.addTask { [self] in
                defer { want.finish() }
                return try await session.importRecords(
                    state: state, fingerprint: fingerprint, window: Self.window
                ) { batch in
                    try await sort(batch) { want.yield($0) }
                }
            }
            for _ in 0..<parallel {
                group.addTask {
                    for await next in wanted { try await read(next) }
                    return nil
                }
            }
            var summary: ImportSummary?
            while let result = try await group.next() { summary = result ?? summary }
            guard let summary else { throw CancellationError() }
            return summary
        }
    }
}

extension ImportedRecord {
    /// How often a content is asked for that broke on its way.
    private static let attempts = 3

    /// Reads the content by `body`, again where it broke on its way.
    /// - Returns: what the body returns, or why this one content cannot be had.
    /// - Throws: what ends the whole run.
    func attempt<Value>(_ body: () async throws -> Value) async throws -> Result<Value, ConnectorError> {
        var attempt = 0
        while true {
            attempt += 1
            do {
                return .success(try await body())
            } catch let error as ConnectorError {
                // Without a sign-in or quota every other item would fail as well: end, and go on another day.
                if [.auth, .quota, .rateLimited, .internalDefect].contains(error.code) { throw error }
                if error.isRetryable || error.code == .corrupt || error.code == .network, attempt < Self.attempts {
                    continue
                }
                return .failure(error)
            }
        }
    }
}
