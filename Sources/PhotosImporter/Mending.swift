import ConnectorKit

/// Runs an import, and begins it again where something that was learnt earlier turned out to be damaged, and was replaced
/// by a new one.
enum Mending {
    /// - Parameters:
    ///   - replace: sets aside what is damaged, where an error came of that; tells whether it did.
    ///   - what: is damaged, for a message.
    /// - Throws: what the body throws; where records have gone out already, that the next run will do.
    static func run<Value: Sendable>(
        to sink: any RecordSink, _ what: String, replace: (any Error) async throws -> Bool,
        _ body: (any RecordSink) async throws -> Value
    ) async throws -> Value {
        let watched = WatchedSink(sink)
        do {
            return try await body(watched)
        } catch {
            guard try await replace(error) else { throw error }
            if watched.isUsed {
                throw ConnectorError(
                    .unavailable, "\(what) was damaged", isRetryable: true, hint: "run it again: it is learnt anew")
            }
            return try await body(sink)
        }
    }
}
