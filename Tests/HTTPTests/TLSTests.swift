import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1)), .enabled(if: Tools.openssl != nil, "openssl is not installed"))
struct TLSTests {
    @Test func unknownCertificateIsNotTrusted() async throws {
        try await withOpenSSLServer(TestCertificate()) { port in
            let error = await #expect(throws: HTTPError.self) {
                try await HTTPClient.forTests().get("https://localhost:\(port)/?k=secret")
            }
            #expect(error?.code == .tls)
            #expect(error?.isTransient == false)
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func certificateOfTheFileIsTrusted(host: String) async throws {
        let certificate = try await TestCertificate()
        try await withOpenSSLServer(certificate) { port in
            let client = try HTTPClient.forTests { $0.caFile = certificate.certificate }
            let (response, body) = try await client.get("https://\(host):\(port)/")
            #expect(response.status == 200)
            #expect(String(decoding: body, as: UTF8.self).contains("s_server"))
        }
    }

    @Test func nameMustMatch() async throws {
        let certificate = try await TestCertificate(names: "DNS:elsewhere.example")
        try await withOpenSSLServer(certificate) { port in
            let client = try HTTPClient.forTests { $0.caFile = certificate.certificate }
            let error = await #expect(throws: HTTPError.self) { try await client.get("https://localhost:\(port)/") }
            #expect(error?.code == .tls)
            #expect(error?.isTransient == false)
        }
    }

    @Test func fileIsAddedToTheSystemsCertificates() async throws {
        let (own, system) = (try await TestCertificate(), try await TestCertificate())
        let anchors = try TrustAnchors(caFile: own.certificate, systemBundle: system.certificate)
        let client = try HTTPClient(configuration: .init(userAgent: "http-tests"), anchors: anchors)
        for certificate in [own, system] {
            try await withOpenSSLServer(certificate) { port in
                let (response, _) = try await client.get("https://localhost:\(port)/")
                #expect(response.status == 200)
            }
        }
    }

    @Test func unusableFileIsRefusedAtOnce() async throws {
        let missing = #expect(throws: HTTPError.self) { try HTTPClient.forTests { $0.caFile = "/nowhere/ca.pem" } }
        #expect(missing?.code == .unusableCAFile)
        #expect(missing?.message.contains("/nowhere/ca.pem") == true)
        let key = try await TestCertificate()
        let wrong = #expect(throws: HTTPError.self) { try HTTPClient.forTests { $0.caFile = key.key } }
        #expect(wrong?.code == .unusableCAFile)
    }

    @Test func plainServerIsNoTLSServer() async throws {
        try await LoopbackServer.run(["/": .text("x")]) { server in
            let error = await #expect(throws: HTTPError.self) {
                try await HTTPClient.forTests().get("https://127.0.0.1:\(server.port)/")
            }
            #expect(error?.code == .tls)
        }
    }
}

@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: Tools.openssl != nil && Tools.nginx != nil, "openssl or nginx is not installed"))
struct HTTP2Tests {
    private static let content = pattern(5 << 20)

    /// A client, nginx, and the server behind it.
    private func withServers(
        http2: Bool = true, routes: [String: Route] = [:],
        _ body: @Sendable @escaping (HTTPClient, String, LoopbackServer) async throws -> Void
    ) async throws {
        let certificate = try await TestCertificate()
        try await LoopbackServer.run(routes) { server in
            try await withNginx(certificate, http2: http2, file: Self.content, backend: server.port) { port in
                let client = try HTTPClient.forTests {
                    $0.caFile = certificate.certificate
                    $0.bodyWindow = 128 << 10
                }
                try await body(client, "https://localhost:\(port)", server)
            }
        }
    }

    @Test func versionIsNegotiated() async throws {
        try await withServers { client, base, _ in
            let response = try await client.send(HTTPRequest(url: base + "/file"))
            #expect(response.httpVersion == 2)
            #expect(response.status == 200)
            #expect(response.header("Content-Length") == "\(Self.content.count)")
            #expect(try await response.body.collect(limit: 8 << 20) == Self.content)

            var bulk = HTTPRequest(url: base + "/file")
            bulk.prefersHTTP2 = false
            let older = try await client.send(bulk)
            #expect(older.httpVersion == 1)
            #expect(try await older.body.collect(limit: 8 << 20) == Self.content)
        }
    }

    @Test(arguments: [true, false])
    func pausedTransfersDoNotKeepOthersFromStarting(http2: Bool) async throws {
        try await withServers(http2: http2) { client, base, _ in
            // All heads before any body.
            let responses = try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
                for _ in 0..<6 { group.addTask { try await client.send(HTTPRequest(url: base + "/file")) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for response in responses {
                #expect(response.httpVersion == (http2 ? 2 : 1))
                #expect(try await response.body.collect(limit: 8 << 20) == Self.content)
            }
        }
    }

    @Test func bodiesAreUploaded() async throws {
        try await withServers(routes: ["/count": .count()]) { client, base, _ in
            let chunks = [Array(Self.content[..<1_000_000]), Array(Self.content[1_000_000...])]
            let bodies: [(HTTPRequestBody, version: Int)] = [
                (.bytes(Self.content), 2), (.stream(length: nil, CountingSource(chunks)), 1),
                (.stream(length: Int64(Self.content.count), CountingSource(chunks)), 1),
            ]
            for (body, version) in bodies {
                let response = try await client.send(HTTPRequest(method: "PUT", url: base + "/count", body: body))
                #expect(response.httpVersion == version)
                #expect(try await response.text() == "\(Self.content.count)")
            }
        }
    }

    @Test func truncatedBodyIsAnError() async throws {
        try await withServers(routes: ["/cut": .truncated(announced: 1000, sent: 10)]) { client, base, _ in
            let response = try await client.send(HTTPRequest(url: base + "/cut"))
            let error = await #expect(throws: HTTPError.self) { while try await response.body.read() != nil {} }
            #expect(error?.code == .connectionBroken)
        }
    }

    @Test func cancellingAStreamLeavesTheOthers() async throws {
        try await withServers(routes: ["/endless": .endless, "/x": .text("x")]) { client, base, server in
            let endless = try await client.send(HTTPRequest(url: base + "/endless"))
            _ = try await endless.body.read()
            let other = try await client.send(HTTPRequest(url: base + "/file"))
            endless.body.close()
            #expect(try await other.body.collect(limit: 8 << 20) == Self.content)
            await server.wait { $0.connectionsClosed >= 1 }
        }
    }
}
