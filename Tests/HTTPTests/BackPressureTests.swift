import HTTP
import Testing

/// A side that waits makes the other side wait.
///
/// "For a while" is the time in which the same client, on the same thread, completes many other transfers. Without
/// back-pressure, the transfer under test would have moved about as much as these.
@Suite(.timeLimit(.minutes(1)))
struct BackPressureTests {
    /// Above the window, libcurl's buffer and what the kernel's socket buffers take (5 MB were seen in all), and far
    /// below what would move without back-pressure (420 MB were seen).
    private static let bound = 24 << 20
    private static let other = [UInt8](repeating: 1, count: 1 << 20)

    private static func letTimePass(_ client: HTTPClient, _ server: LoopbackServer) async throws {
        for _ in 0..<64 { _ = try await client.get(server.url("/other")) }
    }

    @Test func serverWaitsForASlowReader() async throws {
        let other = Route { try await $0.respond(200, [], Self.other) }
        try await LoopbackServer.run(["/endless": .endless, "/other": other]) { server in
            let client = try HTTPClient.forTests()
            let response = try await client.send(HTTPRequest(url: server.url("/endless")))
            let first = try #require(try await response.body.read())
            try await Self.letTimePass(client, server)
            let written = server.seen.bodyBytesWritten - 64 * Self.other.count
            #expect(written < Self.bound, "the server wrote \(written) bytes to a reader that did not read")

            // And it goes on when the reader does.
            var total = first.count
            while total < 2 * Self.bound, let chunk = try await response.body.read() { total += chunk.count }
            #expect(total >= 2 * Self.bound)
        }
    }

    @Test func endOfAPausedTransferArrives() async throws {
        let content = pattern(3 << 20)
        try await LoopbackServer.run(["/": .bytes(content)]) { server in
            let client = try HTTPClient.forTests { $0.bodyWindow = 64 << 10 }
            let responses = try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
                for _ in 0..<8 { group.addTask { try await client.send(HTTPRequest(url: server.url("/"))) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // All are paused by now or will be; the last is read when the others are done.
            for response in responses { #expect(try await response.body.collect(limit: 4 << 20) == content) }
        }
    }

    @Test func sourceWaitsForASlowServer() async throws {
        let gate = Gate()
        let other = Route { try await $0.respond(200, [], Self.other) }
        try await LoopbackServer.run(["/count": .count(after: gate), "/other": other]) { server in
            let client = try HTTPClient.forTests()
            let block = [UInt8](repeating: 9, count: 256 << 10)
            let source = CountingSource(Array(repeating: block, count: 256))
            let length = Int64(256 * block.count)
            async let response = client.send(
                HTTPRequest(method: "POST", url: server.url("/count"), body: .stream(length: length, source)))
            await server.wait { $0.requests.contains { $0.path == "/count" } }
            try await Self.letTimePass(client, server)
            #expect(
                source.bytesTaken < Self.bound, "\(source.bytesTaken) bytes were pulled for a server that did not read")
            gate.open()
            #expect(try await response.text() == "\(length)")
        }
    }
}
