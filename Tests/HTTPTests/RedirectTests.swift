import HTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedirectTests {
    private static func request(_ url: String, method: String = "GET") -> HTTPRequest {
        var request = HTTPRequest(
            method: method, url: url,
            headers: [
                HTTPHeader("Authorization", "Bearer secret"), HTTPHeader("x-api-key", "secret"),
                HTTPHeader("Range", "bytes=0-"),
            ])
        request.followsRedirects = true
        return request
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func sameOriginKeepsEverything(status: Int) async throws {
        try await LoopbackServer.run(["/a/b": .redirect(status, to: "../end?x=1#y"), "/end": .text("there")]) {
            server in
            let response = try await HTTPClient.forTests().send(Self.request(server.url("/a/b")))
            #expect(try await response.text() == "there")
            #expect(response.url == server.url("/end?x=1"))
            #expect(server.seen.requests.map { $0.header("authorization") } == ["Bearer secret", "Bearer secret"])
            #expect(server.seen.connectionsOpened == 1, "the redirect's own body was read, so the connection was kept")
        }
    }

    @Test func anotherPortGetsNoCredentials() async throws {
        try await LoopbackServer.run(["/": .text("there")]) { other in
            try await LoopbackServer.run(["/": .redirect(to: other.url("/"))]) { server in
                let response = try await HTTPClient.forTests().send(Self.request(server.url("/")))
                #expect(try await response.text() == "there")
                let seen = try #require(other.seen.requests.first)
                #expect(seen.header("authorization") == nil)
                #expect(seen.header("x-api-key") == nil)
                #expect(seen.header("range") == "bytes=0-")
            }
        }
    }

    @Test func anotherNameOfTheSameMachineGetsNoCredentials() async throws {
        let route = Route { exchange in
            let host = "http://localhost:\(exchange.server.port)/end"
            try await exchange.respond(302, [("Location", host)])
        }
        // And back again: what was dropped stays dropped.
        let back = Route { try await $0.respond(302, [("Location", $0.server.url("/last"))]) }
        try await LoopbackServer.run(["/": route, "/end": back, "/last": .text("x")]) { server in
            _ = try await HTTPClient.forTests().send(Self.request(server.url("/")))
            #expect(server.seen.requests.map(\.path) == ["/", "/end", "/last"])
            #expect(server.seen.requests.map { $0.header("authorization") } == ["Bearer secret", nil, nil])
        }
    }

    @Test(arguments: [
        "http://192.0.2.1/?k=secret", "http://example.com/", "ftp://127.0.0.1/", "file:///etc/passwd",
        "https://user:pw@127.0.0.1/", "http://127.0.0.1.example.com/",
    ])
    func forbiddenTargetsAreRefused(target: String) async throws {
        try await LoopbackServer.run(["/": .redirect(to: target)]) { server in
            let client = try HTTPClient.forTests()
            let error = await #expect(throws: HTTPError.self) { try await client.send(Self.request(server.url("/"))) }
            #expect(error?.code == .forbiddenURL)
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test func loopEnds() async throws {
        try await LoopbackServer.run(["/": .redirect(to: "/")]) { server in
            let client = try HTTPClient.forTests { $0.maxRedirects = 3 }
            let error = await #expect(throws: HTTPError.self) { try await client.send(Self.request(server.url("/"))) }
            #expect(error?.code == .tooManyRedirects)
            #expect(error?.isTransient == false)
            #expect(server.seen.requests.count == 4, "the first and three redirects")
        }
    }

    @Test func headStaysHead() async throws {
        try await LoopbackServer.run(["/": .redirect(to: "/end"), "/end": .text("there")]) { server in
            let response = try await HTTPClient.forTests().send(Self.request(server.url("/"), method: "HEAD"))
            #expect(response.header("content-length") == "5")
            #expect(server.seen.requests.map(\.method) == ["HEAD", "HEAD"])
        }
    }

    @Test func othersAreNotFollowed() async throws {
        try await LoopbackServer.run(["/": .redirect(to: "/end"), "/plain": .status(304)]) { server in
            let client = try HTTPClient.forTests()
            #expect(try await client.send(Self.request(server.url("/"), method: "POST")).status == 302)
            #expect(try await client.send(HTTPRequest(url: server.url("/"))).status == 302, "not asked to follow")
            #expect(try await client.send(Self.request(server.url("/plain"))).status == 304)
            #expect(!server.seen.requests.contains { $0.path == "/end" })
        }
    }

    @Test func longBodyOfARedirectIsNotRead() async throws {
        let route = Route { exchange in
            try await exchange.writeHead(302, [("Location", "/end")])
            let block = [UInt8](repeating: 42, count: 64 << 10)
            while true { try await exchange.write(block) }
        }
        try await LoopbackServer.run(["/": route, "/end": .text("there")]) { server in
            let response = try await HTTPClient.forTests().send(Self.request(server.url("/")))
            #expect(try await response.text() == "there")
        }
    }
}
