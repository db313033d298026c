import HTTP
import Synchronization

extension HTTPClient {
    /// A client whose limits are far away, but for what the test changes.
    static func forTests(_ change: (inout Configuration) -> Void = { _ in }) throws -> HTTPClient {
        var configuration = Configuration(userAgent: "http-tests")
        change(&configuration)
        return try HTTPClient(configuration: configuration)
    }

    /// Sends a GET and reads the whole answer.
    func get(_ url: String) async throws -> (HTTPResponse, [UInt8]) {
        let response = try await send(HTTPRequest(url: url))
        return (response, try await response.body.collect(limit: 64 << 20))
    }
}

extension HTTPResponse {
    func text() async throws -> String { String(decoding: try await body.collect(limit: 1 << 20), as: UTF8.self) }
}

/// Bytes that differ from place to place, so that a lost or doubled block shows.
func pattern(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        for index in 0..<count {
            buffer[index] = UInt8(truncatingIfNeeded: (index &* 31) ^ (index >> 8) ^ (index >> 16))
        }
        initialized = count
    }
}

/// Gives chunks from memory, and counts what was taken.
final class CountingSource: HTTPBodySource {
    struct Failure: Error, Equatable {}

    private struct State {
        var remaining: [[UInt8]]
        var taken = 0
    }

    private let state: Mutex<State>
    private let failsAtEnd: Bool

    init(_ chunks: [[UInt8]], failsAtEnd: Bool = false) {
        state = Mutex(State(remaining: chunks.reversed()))
        self.failsAtEnd = failsAtEnd
    }

    var bytesTaken: Int { state.withLock { $0.taken } }

    func next() async throws -> [UInt8]? {
        let chunk = state.withLock { state in
            let chunk = state.remaining.popLast()
            state.taken += chunk?.count ?? 0
            return chunk
        }
        if chunk == nil, failsAtEnd { throw Failure() }
        return chunk
    }
}

/// Gives one chunk and then waits; tells when its task was cancelled.
final class HangingSource: HTTPBodySource {
    let hasStarted = Gate()
    let wasCancelled = Gate()
    private let isFirst = Mutex(true)

    func next() async throws -> [UInt8]? {
        let first = isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
        if first { return [1, 2, 3] }
        hasStarted.open()
        do {
            try await Gate().wait()
        } catch {
            wasCancelled.open()
            throw error
        }
        return nil
    }
}
