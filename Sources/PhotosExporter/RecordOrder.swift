/// Lets records in by their order: each finds its place after all that came before it have found theirs.
///
/// They come by tasks that overtake each other. What a record learns from the ones before it, such as the catalog of
/// the snapshot or its place in an album, must not depend on that.
actor RecordOrder {
    private var next = 1
    private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]

    /// An export begins: its records are numbered from 1 again.
    func start() { next = 1 }

    /// Runs a body when the bodies of all records before it have ended.
    nonisolated func inTurn<Value: Sendable>(
        _ sequence: Int, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        await enter(sequence)
        do {
            let value = try await body()
            await leave(sequence)
            return value
        } catch {
            await leave(sequence)
            throw error
        }
    }

    private func enter(_ sequence: Int) async {
        if sequence > next { await withCheckedContinuation { waiters[sequence] = $0 } }
    }

    private func leave(_ sequence: Int) {
        guard sequence == next else { return }
        next += 1
        waiters.removeValue(forKey: next)?.resume()
    }
}
