import HTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test func connectionIsUsedAgain() async throws {
        try await LoopbackServer.run(["/": .text("x")]) { server in
            let client = try HTTPClient.forTests()
            for _ in 0..<20 { _ = try await client.get(server.url("/")) }
            #expect(server.seen.connectionsOpened == 1)
            #expect(server.seen.requests.count == 20)
        }
    }

    @Test func manyRequestsShareFewConnections() async throws {
        let content = pattern(200_000)
        try await LoopbackServer.run(["/": .bytes(content)]) { server in
            let client = try HTTPClient.forTests {
                $0.maxConnectionsPerHost = 3
                // Waiting for a free connection does not count as connecting.
                $0.connectTimeout = .milliseconds(250)
            }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<200 { group.addTask { try await client.get(server.url("/")).1 == content } }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(server.seen.requests.count == 200)
            #expect(server.seen.connectionsOpened <= 3)
        }
    }

    @Test func droppingTheClientClosesItsConnections() async throws {
        try await LoopbackServer.run(["/": .text("x")]) { server in
            _ = try await HTTPClient.forTests().get(server.url("/"))
            await server.wait { $0.connectionsClosed == 1 }
        }
    }

    @Test func bodyOutlivesTheClient() async throws {
        let content = pattern(4 << 20)
        try await LoopbackServer.run(["/": .bytes(content)]) { server in
            var client: HTTPClient? = try HTTPClient.forTests()
            let response = try #require(try await client?.send(HTTPRequest(url: server.url("/"))))
            client = nil
            #expect(try await response.body.collect(limit: 8 << 20) == content)
        }
    }

    @Test func shutdownEndsWhatRuns() async throws {
        try await LoopbackServer.run(["/silent": .silent, "/": .silentAfterFirstBytes]) { server in
            let client = try HTTPClient.forTests()
            let response = try await client.send(HTTPRequest(url: server.url("/")))
            let waiting = Task { try await client.get(server.url("/silent")) }
            await server.wait { $0.notes.contains("silent") }
            client.shutdown()
            client.shutdown()
            let inHead = await #expect(throws: HTTPError.self) { try await waiting.value }
            #expect(inHead?.code == .shutDown)
            let inBody = await #expect(throws: HTTPError.self) { while try await response.body.read() != nil {} }
            #expect(inBody?.code == .shutDown)
            let afterwards = await #expect(throws: HTTPError.self) { try await client.get(server.url("/")) }
            #expect(afterwards?.code == .shutDown)
            await server.wait { $0.connectionsClosed == 2 }
        }
    }
}
