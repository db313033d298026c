import HTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct UploadTests {
    private static let chunks = [pattern(1), pattern(100_000), [], pattern(700_000), pattern(3)]
    private static let whole = Array(chunks.joined())

    @Test func bytesAreSentWithTheirLength() async throws {
        try await LoopbackServer.run(["/": .echo]) { server in
            let request = HTTPRequest(
                method: "PATCH", url: server.url("/"), headers: [HTTPHeader("Content-Type", "text/plain")],
                body: .bytes(Self.whole))
            let response = try await HTTPClient.forTests().send(request)
            #expect(try await response.body.collect(limit: 1 << 20) == Self.whole)
            let seen = try #require(server.seen.requests.first)
            #expect(seen.method == "PATCH")
            #expect(seen.header("content-length") == "\(Self.whole.count)")
            #expect(seen.header("content-type") == "text/plain")
            #expect(seen.header("transfer-encoding") == nil)
            #expect(seen.header("expect") == nil)
        }
    }

    @Test(arguments: ["POST", "PUT"])
    func noBodyIsALengthOfZero(method: String) async throws {
        try await LoopbackServer.run(["/": .echo]) { server in
            let response = try await HTTPClient.forTests().send(HTTPRequest(method: method, url: server.url("/")))
            #expect(try await response.text() == "")
            let seen = try #require(server.seen.requests.first)
            #expect(seen.method == method)
            #expect(seen.header("content-length") == "0")
            #expect(seen.header("content-type") == nil, "libcurl adds none of its own")
        }
    }

    @Test(arguments: [nil, Int64(whole.count)])
    func streamIsSent(length: Int64?) async throws {
        try await LoopbackServer.run(["/": .echo]) { server in
            let source = CountingSource(Self.chunks)
            let response = try await HTTPClient.forTests().send(
                HTTPRequest(method: "POST", url: server.url("/"), body: .stream(length: length, source)))
            #expect(try await response.body.collect(limit: 1 << 20) == Self.whole)
            let seen = try #require(server.seen.requests.first)
            #expect(seen.header("content-length") == length.map { "\($0)" })
            #expect(seen.header("transfer-encoding") == (length == nil ? "chunked" : nil))
            #expect(seen.header("expect") == nil)
        }
    }

    @Test func emptyStreams() async throws {
        try await LoopbackServer.run(["/": .count()]) { server in
            let client = try HTTPClient.forTests()
            for length in [nil, Int64(0)] {
                let response = try await client.send(
                    HTTPRequest(method: "POST", url: server.url("/"), body: .stream(length: length, CountingSource([])))
                )
                #expect(try await response.text() == "0")
            }
        }
    }

    @Test func responseComesWhileTheBodyIsStillGoing() async throws {
        try await LoopbackServer.run(["/": .echo]) { server in
            let source = HangingSource()
            let response = try await HTTPClient.forTests().send(
                HTTPRequest(method: "POST", url: server.url("/"), body: .stream(length: nil, source)))
            #expect(try await response.body.read() == [1, 2, 3])
            response.body.close()
            try await source.wasCancelled.wait()
        }
    }

    @Test(arguments: [-100_000, -3, -1, 1] as [Int64])
    func lengthThatIsNotKeptFailsTheRequest(difference: Int64) async throws {
        try await LoopbackServer.run(["/": .count()]) { server in
            let client = try HTTPClient.forTests()
            let body = HTTPRequestBody.stream(length: Int64(Self.whole.count) + difference, CountingSource(Self.chunks))
            let error = await #expect(throws: HTTPError.self) {
                try await client.send(HTTPRequest(method: "POST", url: server.url("/"), body: body))
            }
            #expect(error?.code == .bodyLengthMismatch)
            #expect(error?.isTransient == false)
        }
    }

    @Test func errorOfTheSourceIsThrownAsItIs() async throws {
        try await LoopbackServer.run(["/": .count()]) { server in
            let client = try HTTPClient.forTests()
            let source = CountingSource(Self.chunks, failsAtEnd: true)
            await #expect(throws: CountingSource.Failure()) {
                try await client.send(
                    HTTPRequest(method: "POST", url: server.url("/"), body: .stream(length: nil, source)))
            }
            await server.wait { $0.connectionsClosed == 1 }
        }
    }

    /// With a length and without, and whether or not the server says that it will close.
    @Test(arguments: [nil, 1000] as [Int64?], [[], [("Connection", "close")]])
    func earlyRefusalEndsTheSource(length: Int64?, headers: [(String, String)]) async throws {
        let gate = Gate()
        let refuse = Route { exchange in
            _ = try await exchange.read()
            try await exchange.writeHead(413, headers + [("Content-Length", "9")])
            try await gate.wait()
            try await exchange.write(Array("too large".utf8))
            try await exchange.end()
        }
        try await LoopbackServer.run(["/": refuse, "/next": .text("next")]) { server in
            let client = try HTTPClient.forTests()
            let source = HangingSource()
            let response = try await client.send(
                HTTPRequest(method: "POST", url: server.url("/"), body: .stream(length: length, source)))
            #expect(response.status == 413)
            try await source.wasCancelled.wait()
            gate.open()
            #expect(try await response.text() == "too large", "the source's end is not the end of the answer")
            #expect(try await client.get(server.url("/next")).1 == Array("next".utf8))
            #expect(server.seen.connectionsOpened == 2, "a body that was not sent whole leaves no usable connection")
        }
    }

    @Test func bytesAreSentAgainOverANewConnection() async throws {
        // The server closes a kept connection when the second request comes: libcurl notices and sends it again.
        let isFirst = Gate()
        let route = Route { exchange in
            if exchange.server.seen.requests.count == 2 { return try await exchange.channel.close().get() }
            let bytes = try await exchange.readAll()
            try await exchange.respond(200, [], bytes)
            isFirst.open()
        }
        try await LoopbackServer.run(["/": route]) { server in
            let client = try HTTPClient.forTests()
            for _ in 0..<2 {
                let response = try await client.send(
                    HTTPRequest(method: "POST", url: server.url("/"), body: .bytes(Array("again".utf8))))
                #expect(try await response.text() == "again")
            }
            #expect(server.seen.connectionsOpened == 2)
            #expect(server.seen.requests.count == 3)
        }
    }
}
