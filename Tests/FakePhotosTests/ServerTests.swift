import ConnectorKit
import FakePhotos
import StrictJSON
import Testing

@Suite struct ServerTests {
    /// Runs a body with a service on a port, which is stopped whatever happens.
    private func withServer(
        _ options: FakeOptions = FakeOptions(), _ body: (FakePhotosServer) async throws -> Void
    ) async throws {
        let server = try await FakePhotosServer.start(options: options)
        do { try await body(server) } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }

    private func get(_ server: FakePhotosServer, _ target: String, _ headers: String = "") async throws
        -> RawConnection.Received
    {
        let connection = try RawConnection(port: server.port)
        connection.send("GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(headers)\r\n")
        return await connection.receive()
    }

    private func url(_ server: FakePhotosServer, _ id: String) async throws -> String {
        let item = try await TestClient(server.library).get("/v1/mediaItems/\(id)").json()
        let base = try #require(item["baseUrl"]?.stringValue)
        #expect(base.hasPrefix(server.baseURL + "/"))
        return base.path + "=d"
    }

    @Test func servesItemsWholeAndInParts() async throws {
        var options = FakeOptions()
        options.plan.items = 5
        options.plan.itemSize = 1_500_000
        try await withServer(options) { server in
            let id = try server.library.items(hashing: false)[0].id
            let bytes = try #require(server.library.content(ofItem: id))
            let target = try await url(server, id)
            let whole = try await get(server, target)
            #expect(whole.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(whole.body == bytes)
            let part = try await get(server, target, "Range: bytes=500000-1199999\r\n")
            #expect(part.text.hasPrefix("HTTP/1.1 206 Partial Content\r\n"))
            #expect(part.body == Array(bytes[500_000..<1_200_000]))
            #expect(server.library.bytesDownloaded == 2_200_000)
        }
    }

    @Test func keepsConnectionsAlive() async throws {
        try await withServer(.empty) { server in
            let connection = try RawConnection(port: server.port)
            connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let answers = await connection.receive().text
            #expect(answers.components(separatedBy: "HTTP/1.1 404 Not Found").count == 3)
        }
    }

    @Test func takesLargeUploads() async throws {
        try await withServer(.empty) { server in
            let library = server.library
            let client = try TestClient(library)
            let bytes = Picture.tiny(1) + (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let connection = try RawConnection(port: server.port)
            connection.send(
                "POST /v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(client.token)\r\n"
                    + "Expect: 100-continue\r\nContent-Length: \(bytes.count)\r\nConnection: close\r\n\r\n")
            let interim = await connection.receive(count: 25)
            #expect(interim.text == "HTTP/1.1 100 Continue\r\n\r\n")
            connection.send(bytes)
            let token = String(decoding: await connection.receive().body, as: UTF8.self)
            let made = try await client.create([(token, "big.jpg")]).json()
            let item = made["newMediaItemResults"]?.arrayValue?.first?["mediaItem"]
            let id = try #require(item?["id"]?.stringValue)
            #expect(library.content(ofItem: id) == bytes)
        }
    }

    @Test func aBrokenUploadKeepsWholeBlocks() async throws {
        try await withServer(.empty) { server in
            let client = try TestClient(server.library)
            let start = await client.send(
                "POST", "/v1/uploads",
                headers: ["X-Goog-Upload-Command": "start", "X-Goog-Upload-Protocol": "resumable"])
            let target = try #require(start.headers.first(name: "X-Goog-Upload-URL")).path
            func upload(_ count: Int) throws {
                let connection = try RawConnection(port: server.port)
                connection.send(
                    "POST \(target) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(client.token)\r\n"
                        + "X-Goog-Upload-Command: upload, finalize\r\nX-Goog-Upload-Offset: 0\r\n"
                        + "Content-Length: 1000000\r\n\r\n")
                connection.send([UInt8](repeating: 7, count: count))
            }
            try upload(600_000)
            var received = ""
            while received != "524288" {
                let status = await client.send("POST", target, headers: ["X-Goog-Upload-Command": "query"])
                received = status.headers.first(name: "X-Goog-Upload-Size-Received") ?? ""
                await Task.yield()
            }
        }
    }

    @Test func resetsCutsAndStalls() async throws {
        try await withServer { server in
            let library = server.library
            let id = try #require(try library.items(hashing: false).first { $0.mimeType == "image/jpeg" }).id
            let bytes = try #require(library.content(ofItem: id))
            let target = try await url(server, id)

            library.inject(FakeFault(.reset, on: .download))
            let reset = try await get(server, target)
            #expect(reset.isReset && reset.bytes.isEmpty)

            var cut = FakeFault(.truncate, on: .download)
            cut.bytes = 1000
            library.inject(cut)
            let short = try await get(server, target)
            #expect(short.text.lowercased().contains("content-length: \(bytes.count)\r\n"))
            #expect(short.body == Array(bytes[..<1000]))

            var slow = FakeFault(.slow, on: .download)
            slow.bytes = 10_000
            slow.seconds = 0.001
            library.inject(slow)
            #expect(try await get(server, target).body == bytes)

            var stall = FakeFault(.stall, on: .download)
            stall.bytes = 500
            library.inject(stall)
            async let stalled = get(server, target)
            while library.requestsInFlight == 0 { await Task.yield() }
            library.clearFaults()
            #expect(try await stalled.body == bytes)
        }
    }

    @Test func twoServersDoNotShareAnything() async throws {
        try await withServer(.empty) { first in
            try await withServer { second in
                #expect(first.port != second.port)
                let counts = try [first, second].map { try $0.library.items(hashing: false).count }
                #expect(counts == [0, 300])
            }
        }
    }

    @Test func aTakenPortIsRefused() async throws {
        try await withServer(.empty) { server in
            let port = server.port
            await #expect(throws: ConnectorError.self) {
                _ = try await FakePhotosServer.start(options: .empty, port: port)
            }
        }
    }

    @Test func theConfigurationIsRclones() async throws {
        try await withServer(.empty) { server in
            let lines = try server.rcloneConfig().split(separator: "\n").map(String.init)
            #expect(lines.filter { $0.hasPrefix("[") } == ["[demo]", "[demo2]"])
            #expect(lines.contains("type = google photos"))
            #expect(lines.contains("token_url = \(server.baseURL)/token"))
            let line = try #require(lines.first { $0.hasPrefix("token = ") })
            let token = try JSON(parsing: String(line.dropFirst("token = ".count)))
            #expect(try token["refresh_token"]?.stringValue == server.library.credentials(account: "demo").refreshToken)
            let expiry = try #require(Timestamp(token["expiry"]?.stringValue ?? ""))
            #expect(expiry.seconds < server.library.now)
        }
    }
}
