import NIOCore
import NIOPosix
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1)))
struct TimeoutTests {
    private static let short = Duration.milliseconds(150)
    /// For what must not stall: a busy machine may need longer than `short` for a step.
    private static let notSoShort = Duration.milliseconds(1500)

    private func expectStall(_ client: HTTPClient, _ url: String) async {
        let error = await #expect(throws: HTTPError.self) { try await client.get(url) }
        #expect(error?.code == .stalled)
        #expect(error?.isTransient == true)
    }

    @Test(arguments: [Route.silent, .silentAfterFirstBytes])
    func serverThatFallsSilent(route: Route) async throws {
        try await LoopbackServer.run(["/": route]) { server in
            await expectStall(try HTTPClient.forTests { $0.stallTimeout = Self.short }, server.url("/"))
            await server.wait { $0.connectionsClosed == 1 }
        }
    }

    /// The time in which our own side is the one to wait for is measured by another request, which stalls.
    @Test func slowReaderIsNoStall() async throws {
        let content = pattern(4 << 20)
        try await LoopbackServer.run(["/": .bytes(content), "/silent": .silent]) { server in
            let client = try HTTPClient.forTests {
                $0.stallTimeout = Self.notSoShort
                $0.bodyWindow = 64 << 10
            }
            let response = try await client.send(HTTPRequest(url: server.url("/")))
            for _ in 0..<2 { await expectStall(client, server.url("/silent")) }
            #expect(try await response.body.collect(limit: 4 << 20) == content)
        }
    }

    @Test func slowSourceIsNoStall() async throws {
        try await LoopbackServer.run(["/": .echo, "/silent": .silent]) { server in
            let client = try HTTPClient.forTests { $0.stallTimeout = Self.notSoShort }
            let source = GatedSource()
            let response = try await client.send(
                HTTPRequest(method: "POST", url: server.url("/"), body: .stream(length: 6, source)))
            for _ in 0..<2 { await expectStall(client, server.url("/silent")) }
            source.gate.open()
            #expect(try await response.text() == "onetwo")
        }
    }

    @Test func waitingForAFreeConnectionIsNoStall() async throws {
        try await LoopbackServer.run(["/": .bytes(pattern(4 << 20)), "/silent": .silent, "/x": .text("x")]) { server in
            let client = try HTTPClient.forTests {
                $0.stallTimeout = Self.notSoShort
                $0.connectTimeout = Self.notSoShort
                $0.maxConnectionsPerHost = 1
                $0.bodyWindow = 64 << 10
            }
            // Nobody reads it, so it keeps the only connection to this name.
            let holder = try await client.send(HTTPRequest(url: server.url("/")))
            async let waiting = client.get(server.url("/x"))
            for _ in 0..<2 { await expectStall(client, "http://localhost:\(server.port)/silent") }
            holder.body.close()
            #expect(try await waiting.1 == Array("x".utf8))
        }
    }

    @Test func handshakeWithoutAnswerTimesOut() async throws {
        // Accepts, and says nothing.
        let mute = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(mute.localAddress?.port)
        let client = try HTTPClient.forTests { $0.connectTimeout = Self.short }
        let error = await #expect(throws: HTTPError.self) {
            try await client.get("https://127.0.0.1:\(port)/?k=secret")
        }
        #expect(error?.code == .timedOut)
        #expect(error?.isTransient == true)
        #expect(error?.description.contains("secret") == false)
        try await mute.close()
    }

    @Test func clockCountsOnlyWhatIsNotOurs() {
        var clock = StallClock()
        let start = SuspendingClock.now
        func look(_ seconds: Int, moved: Int64 = 0, isHeldByUs: Bool = false) -> Bool {
            clock.hasStalled(
                for: .seconds(10), moved: moved, isHeldByUs: isHeldByUs, now: start + .seconds(seconds))
        }
        #expect(!look(0) && !look(100), "no connection yet")
        clock.isRunning = true
        #expect(!look(109))
        #expect(!look(110, moved: 1))
        #expect(!look(119, moved: 1))
        #expect(!look(125, moved: 1, isHeldByUs: true))
        #expect(!look(134, moved: 1), "starts anew after our own pause")
        #expect(look(135, moved: 1))
    }
}

/// "one", and "two" when the gate opens.
private struct GatedSource: HTTPBodySource {
    let gate = Gate()
    private let rest = CountingSource([Array("one".utf8), Array("two".utf8)])

    func next() async throws -> [UInt8]? {
        if rest.bytesTaken > 0 { try await gate.wait() }
        return try await rest.next()
    }
}
