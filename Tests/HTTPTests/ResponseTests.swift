import HTTP
import SeededRandom
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ResponseTests {
    @Test func headAndBodyArrive() async throws {
        let route = Route.text("hello", headers: [("X-One", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        try await LoopbackServer.run(["/hello": route]) { server in
            let client = try HTTPClient.forTests()
            let response = try await client.send(
                HTTPRequest(
                    url: server.url("/hello?q=1#fragment"),
                    headers: [HTTPHeader("X-Two", "2"), HTTPHeader("X-Empty", "")]))
            #expect(response.status == 200)
            #expect(response.httpVersion == 1)
            #expect(response.header("x-ONE") == "1")
            #expect(response.headers.filter { $0.isNamed("set-cookie") }.map(\.value) == ["a=1", "b=2"])
            #expect(response.url == server.url("/hello?q=1"))
            #expect(try await response.text() == "hello")
            #expect(try await response.body.read() == nil, "the end stays the end")
            let request = try #require(server.seen.requests.first)
            #expect(request.method == "GET")
            #expect(request.path == "/hello?q=1")
            #expect(request.header("x-two") == "2")
            #expect(request.header("x-empty") == "")
            #expect(request.header("user-agent") == "http-tests")
            #expect(request.header("accept-encoding") == nil)
        }
    }

    @Test func errorStatusIsAResponse() async throws {
        try await LoopbackServer.run([:]) { server in
            let (response, body) = try await HTTPClient.forTests().get(server.url("/nowhere"))
            #expect(response.status == 404)
            #expect(body.isEmpty)
        }
    }

    @Test func headAndNoContentHaveNoBody() async throws {
        try await LoopbackServer.run(["/big": .bytes(pattern(100_000)), "/none": .status(204)]) { server in
            let client = try HTTPClient.forTests()
            let head = try await client.send(HTTPRequest(method: "HEAD", url: server.url("/big")))
            #expect(head.header("content-length") == "100000")
            #expect(try await head.body.read() == nil)
            let none = try await client.send(HTTPRequest(method: "DELETE", url: server.url("/none")))
            #expect(none.status == 204)
            #expect(try await none.body.read() == nil)
            #expect(server.seen.requests.map(\.method) == ["HEAD", "DELETE"])
            #expect(server.seen.connectionsOpened == 1)
        }
    }

    @Test func interimResponsesAndTrailersAreNotTheHead() async throws {
        let route = Route { exchange in
            try await exchange.writeHead(103, [("Link", "early")])
            try await exchange.writeHead(200, [("Trailer", "X-Sum")])
            try await exchange.write(Array("body".utf8))
            try await exchange.end(trailers: [("X-Sum", "1")])
        }
        try await LoopbackServer.run(["/": route]) { server in
            let response = try await HTTPClient.forTests().send(HTTPRequest(url: server.url("/")))
            #expect(response.status == 200)
            #expect(response.header("link") == nil)
            #expect(response.header("x-sum") == nil)
            #expect(try await response.text() == "body")
        }
    }

    @Test func bodyArrivesPieceByPiece() async throws {
        let gate = Gate()
        try await LoopbackServer.run(["/": .gated(gate)]) { server in
            let response = try await HTTPClient.forTests().send(HTTPRequest(url: server.url("/")))
            #expect(try await response.body.read() == Array("before ".utf8))
            gate.open()
            #expect(try await response.text() == "after")
        }
    }

    @Test func chunksAreLarge() async throws {
        let content = pattern(8 << 20)
        try await LoopbackServer.run(["/": .bytes(content)]) { server in
            let response = try await HTTPClient.forTests { $0.bodyWindow = 256 << 10 }
                .send(HTTPRequest(url: server.url("/")))
            var received: [UInt8] = []
            var largest = 0
            while let chunk = try await response.body.read() {
                received += chunk
                largest = max(largest, chunk.count)
            }
            #expect(received == content)
            #expect(largest > 16 << 10, "libcurl's pieces of 16 KiB are put together")
            #expect(largest <= 272 << 10, "the window and one piece")
        }
    }

    @Test(arguments: [Route.truncated(announced: 1000, sent: 10), .truncatedChunks])
    func truncatedBodyIsAnErrorAndNotAnEnd(route: Route) async throws {
        try await LoopbackServer.run(["/": route]) { server in
            let response = try await HTTPClient.forTests().send(HTTPRequest(url: server.url("/")))
            let error = await #expect(throws: HTTPError.self) {
                while try await response.body.read() != nil {}
            }
            #expect(error?.code == .connectionBroken)
            #expect(error?.isTransient == true)
        }
    }

    @Test func resetConnectionIsAnError() async throws {
        try await LoopbackServer.run(["/": .reset]) { server in
            let error = await #expect(throws: HTTPError.self) {
                try await HTTPClient.forTests().get(server.url("/?k=secret"))
            }
            #expect(error?.code == .connectionBroken)
            #expect(error?.description.contains("secret") == false)
            #expect(error?.message.contains("127.0.0.1") == true)
        }
    }

    @Test func nobodyListening() async throws {
        let port = try await LoopbackServer.run([:]) { $0.port }
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient.forTests().get("http://localhost:\(port)/?k=secret")
        }
        #expect(error?.code == .couldNotConnect)
        #expect(error?.isTransient == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func endlessHeadIsRefused() async throws {
        let route = Route { exchange in
            let value = String(repeating: "x", count: 1000)
            try await exchange.writeHead(200, (0..<400).map { ("X-\($0)", value) })
            try await exchange.end()
        }
        try await LoopbackServer.run(["/": route]) { server in
            let error = await #expect(throws: HTTPError.self) { try await HTTPClient.forTests().get(server.url("/")) }
            #expect(error?.code == .headTooLong)
        }
    }

    @Test func collectStopsAtItsLimit() async throws {
        try await LoopbackServer.run(["/": .endless, "/five": .text("12345")]) { server in
            let client = try HTTPClient.forTests()
            let response = try await client.send(HTTPRequest(url: server.url("/")))
            let error = await #expect(throws: HTTPError.self) { try await response.body.collect(limit: 1 << 20) }
            #expect(error?.code == .bodyTooLong)
            await server.wait { $0.connectionsClosed == 1 }
            let five = try await client.send(HTTPRequest(url: server.url("/five")))
            #expect(try await five.body.collect(limit: 5).count == 5)
        }
    }

    @Test func compressionIsUnpackedOnlyWhenAskedFor() async throws {
        // "squeezed", by gzip.
        let packed: [UInt8] = [
            0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0x2b, 0x2e, 0x2c, 0x4d, 0x4d, 0xad, 0x4a, 0x4d, 0x01, 0, 0xde, 0x26,
            0x14, 0, 8, 0, 0, 0,
        ]
        let route = Route { try await $0.respond(200, [("Content-Encoding", "gzip")], packed) }
        try await LoopbackServer.run(["/": route]) { server in
            let client = try HTTPClient.forTests()
            var request = HTTPRequest(url: server.url("/"))
            #expect(try await client.send(request).body.collect(limit: 100) == packed)
            request.acceptsCompression = true
            #expect(try await client.send(request).text() == "squeezed")
            #expect(server.seen.requests.map { $0.header("accept-encoding") } == [nil, "gzip"])
        }
    }

    /// Whatever the sizes of body, blocks and window: the same bytes come out, or the connection's end is noticed.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func anyShapeOfBody(seed: UInt64) async throws {
        var generator = SeededRandom(seed: seed)
        let content = pattern(Int.random(in: 0...3_000_000, using: &generator))
        let blocks = (0..<64).map { _ in Int.random(in: 1...100_000, using: &generator) }
        let window = Int.random(in: 1...300_000, using: &generator)
        let sent = Bool.random(using: &generator) ? content.count : Int.random(in: 0...content.count, using: &generator)
        let isChunked = Bool.random(using: &generator)
        let route = Route { exchange in
            try await exchange.writeHead(200, isChunked ? [] : [("Content-Length", "\(content.count)")])
            var offset = 0
            var turn = 0
            while offset < sent {
                let end = min(offset + blocks[turn % blocks.count], sent)
                try await exchange.write(Array(content[offset..<end]))
                (offset, turn) = (end, turn + 1)
            }
            if sent < content.count { try await exchange.channel.close().get() } else { try await exchange.end() }
        }
        try await LoopbackServer.run(["/": route]) { server in
            let client = try HTTPClient.forTests { $0.bodyWindow = window }
            let response = try await client.send(HTTPRequest(url: server.url("/")))
            var received: [UInt8] = []
            var failure: HTTPError?
            do {
                while let chunk = try await response.body.read() {
                    #expect(chunk.count <= window + 16 << 10, "seed \(seed)")
                    received += chunk
                }
            } catch let error as HTTPError {
                failure = error
            }
            #expect(received == content.prefix(sent).prefix(received.count).map { $0 }, "seed \(seed)")
            #expect(failure?.code == (sent < content.count ? .connectionBroken : nil), "seed \(seed)")
            #expect(failure != nil || received.count == content.count, "seed \(seed)")
        }
    }
}
