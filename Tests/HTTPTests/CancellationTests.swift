import HTTP
import SeededRandom
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CancellationTests {
    @Test func whileWaitingForTheHead() async throws {
        try await LoopbackServer.run(["/": .silent]) { server in
            let client = try HTTPClient.forTests()
            let task = Task { try await client.get(server.url("/")) }
            await server.wait { $0.notes.contains("silent") }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await server.wait { $0.connectionsClosed == 1 }
        }
    }

    @Test func whileWaitingForTheBody() async throws {
        try await LoopbackServer.run(["/": .silentAfterFirstBytes]) { server in
            let client = try HTTPClient.forTests()
            let response = try await client.send(HTTPRequest(url: server.url("/")))
            let hasRead = Gate()
            let task = Task {
                let first = try await response.body.read()
                hasRead.open()
                _ = try await response.body.read()
                return first
            }
            try await hasRead.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await server.wait { $0.connectionsClosed == 1 }
            await #expect(throws: CancellationError.self) { try await response.body.read() }
        }
    }

    @Test func beforeItStarts() async throws {
        try await LoopbackServer.run(["/": .text("x")]) { server in
            let client = try HTTPClient.forTests { $0.maxConnectionsPerHost = 1 }
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.get(server.url("/cancelled"))
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            _ = try await client.get(server.url("/"))
            #expect(server.seen.requests.map(\.path) == ["/"], "the cancelled request was never sent")
        }
    }

    @Test func droppingTheBodyEndsTheTransfer() async throws {
        try await LoopbackServer.run(["/": .endless]) { server in
            let client = try HTTPClient.forTests()
            _ = try await client.send(HTTPRequest(url: server.url("/"))).status
            await server.wait { $0.connectionsClosed == 1 }
        }
    }

    @Test func closingWhileAnotherTaskReads() async throws {
        try await LoopbackServer.run(["/": .silentAfterFirstBytes]) { server in
            let client = try HTTPClient.forTests()
            let body = try await client.send(HTTPRequest(url: server.url("/"))).body
            let reading = Task { while try await body.read() != nil {} }
            body.close()
            await #expect(throws: CancellationError.self) { try await reading.value }
            await server.wait { $0.connectionsClosed == 1 }
        }
    }

    @Test func duringAnUploadCancelsTheSource() async throws {
        try await LoopbackServer.run(["/": .count()]) { server in
            let client = try HTTPClient.forTests()
            let source = HangingSource()
            let task = Task {
                try await client.send(
                    HTTPRequest(method: "POST", url: server.url("/"), body: .stream(length: nil, source)))
            }
            try await source.hasStarted.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await source.wasCancelled.wait()
            await server.wait { $0.connectionsClosed == $0.connectionsOpened }
        }
    }

    /// Cancelled at any moment, a request either succeeds whole or throws CancellationError, and the client stays well.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func atAnyMoment(seed: UInt64) async throws {
        let content = pattern(300_000)
        try await LoopbackServer.run(["/": .bytes(content)]) { server in
            let client = try HTTPClient.forTests { $0.bodyWindow = 32 << 10 }
            var generator = SeededRandom(seed: seed)
            for round in 0..<60 {
                let yields = Int.random(in: 0...60, using: &generator)
                let task = Task { try await client.get(server.url("/")).1 }
                for _ in 0..<yields { await Task.yield() }
                task.cancel()
                do {
                    #expect(try await task.value == content, "seed \(seed), round \(round)")
                } catch {
                    #expect(error is CancellationError, "seed \(seed), round \(round): \(error)")
                }
            }
            #expect(try await client.get(server.url("/")).1 == content, "seed \(seed)")
        }
    }
}
