import FakePhotos
import Foundation
import NIOHTTP1
import Testing

/// Uploads that break while they come in: only a socket shows that.
@Suite struct UploadFaultTests {
    private func withServer(_ body: (FakePhotosServer, TestClient) async throws -> Void) async throws {
        let server = try await FakePhotosServer.start(options: .empty)
        do {
            try await body(server, try TestClient(server.library))
            try await server.stop()
        } catch {
            try? await server.stop()
            throw error
        }
    }

    private static let bytes = Picture.tiny(1) + (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    private func upload(
        _ server: FakePhotosServer, _ client: TestClient, _ target: String = "/v1/uploads", _ more: String = ""
    ) async throws -> RawConnection.Received {
        let connection = try RawConnection(port: server.port)
        connection.send(
            "POST \(target) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(client.token)\r\n\(more)"
                + "Content-Length: \(Self.bytes.count)\r\nConnection: close\r\n\r\n")
        // Sending blocks while the service does not read.
        async let received = connection.receive()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                connection.send(Self.bytes)
                continuation.resume()
            }
        }
        return await received
    }

    private func start(_ client: TestClient) async throws -> String {
        let answer = await client.send(
            "POST", "/v1/uploads", headers: ["X-Goog-Upload-Command": "start", "X-Goog-Upload-Protocol": "resumable"])
        return try #require(answer.headers.first(name: "X-Goog-Upload-URL")).path
    }

    private func query(_ client: TestClient, _ url: String) async -> FakeResponse {
        await client.send("POST", url, headers: ["X-Goog-Upload-Command": "query"])
    }

    private static let chunk = "X-Goog-Upload-Command: upload, finalize\r\nX-Goog-Upload-Offset: 0\r\n"

    /// At the ends of blocks too, where a shift by one byte shows: only whole blocks are kept.
    @Test(
        arguments: [FakeFault.Kind.reset, .truncate],
        [(600_000, 524_288), (262_143, 0), (262_144, 262_144), (786_431, 524_288), (786_432, 786_432)])
    func anUploadBreaksAtAnOffset(kind: FakeFault.Kind, place: (offset: Int, kept: Int)) async throws {
        try await withServer { server, client in
            var fault = FakeFault(kind, on: .uploads)
            fault.bytes = place.offset
            server.library.inject(fault)
            let url = try await start(client)
            let broken = try await upload(server, client, url, Self.chunk)
            #expect(broken.bytes.isEmpty)
            #expect(kind != .reset || broken.isReset)
            // The upload goes on after what is kept.
            let status = await query(client, url)
            #expect(status.headers.first(name: "X-Goog-Upload-Status") == "active")
            #expect(status.headers.first(name: "X-Goog-Upload-Size-Received") == "\(place.kept)")
            let entry = try #require(server.library.log.first { $0.fault != nil })
            #expect(entry.fault == kind && entry.status == nil && entry.endpoint == .uploads)
            #expect(server.library.requestCount(.uploads) == 3)
            #expect(server.library.requestsInFlight == 0)
            let rest = await client.send(
                "POST", url, bytes: Array(Self.bytes[place.kept...]),
                headers: ["X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "\(place.kept)"])
            #expect(rest.status == 200)
            #expect(server.library.uploads.map(\.bytes) == [Int64(Self.bytes.count)])
        }
    }

    @Test func aRawUploadThatBreaksLeavesNothing() async throws {
        try await withServer { server, client in
            var fault = FakeFault(.reset, on: .uploads)
            fault.bytes = 600_000
            server.library.inject(fault)
            let broken = try await upload(server, client)
            #expect(broken.isReset)
            #expect(server.library.uploads.isEmpty)
            let whole = try await upload(server, client)
            #expect(whole.text.hasPrefix("HTTP/1.1 200 OK"))
            // A body that is shorter than the offset is not befallen.
            server.library.inject(fault)
            _ = await client.upload(Picture.tiny(2))
            #expect(server.library.faultCount(.reset) == 1)
            #expect(server.library.uploads.map(\.bytes) == [Int64(Self.bytes.count), 12])
        }
    }

    @Test func aSessionIsCutInTheMidstOfAChunk() async throws {
        try await withServer { server, client in
            var fault = FakeFault(.sessionCut)
            fault.bytes = 300_000
            server.library.inject(fault)
            let url = try await start(client)
            let broken = try await upload(server, client, url, Self.chunk)
            #expect(broken.isReset)
            #expect(await query(client, url).status == 404)
        }
    }

    @Test func aStalledUploadGoesOnWhenTheFaultsAreCleared() async throws {
        try await withServer { server, client in
            var fault = FakeFault(.stall, on: .uploads)
            fault.bytes = 100_000
            server.library.inject(fault)
            async let answer = upload(server, client)
            while server.library.faultCount(.stall) == 0 { await Task.yield() }
            #expect(server.library.uploads.isEmpty)
            server.library.clearFaults()
            let received = try await answer
            #expect(received.text.hasPrefix("HTTP/1.1 200 OK"))
            #expect(server.library.uploads.map(\.bytes) == [Int64(Self.bytes.count)])
        }
    }

    @Test func aThrottledUploadTakesItsTimeAndIsWhole() async throws {
        try await withServer { server, client in
            var fault = FakeFault(.throttle, on: .uploads)
            fault.bytes = 5_000_000
            server.library.inject(fault)
            let start = ContinuousClock.now
            let whole = try await upload(server, client)
            #expect(whole.text.hasPrefix("HTTP/1.1 200 OK"))
            #expect(ContinuousClock.now - start > .milliseconds(150))
            #expect(server.library.uploads.map(\.bytes) == [Int64(Self.bytes.count)])
        }
    }

    @Test func aThrottledDownloadTakesItsTimeAndIsWhole() async throws {
        try await withServer { server, client in
            let id = try server.library.addItem(NewFakeItem("a.jpg", content: Self.bytes))
            var fault = FakeFault(.throttle, on: .download)
            fault.bytes = 5_000_000
            server.library.inject(fault)
            let base = try #require(try await client.get("/v1/mediaItems/\(id)").json()["baseUrl"]?.stringValue).path
            let start = ContinuousClock.now
            let connection = try RawConnection(port: server.port)
            connection.send("GET \(base)=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(await connection.receive().body == Self.bytes)
            #expect(ContinuousClock.now - start > .milliseconds(150))
        }
    }

    @Test func aDownloadIsResetAtAnOffset() async throws {
        try await withServer { server, client in
            let id = try server.library.addItem(NewFakeItem("a.jpg", content: Self.bytes))
            var fault = FakeFault(.reset, on: .download)
            fault.bytes = 50_000
            server.library.inject(fault)
            let base = try #require(try await client.get("/v1/mediaItems/\(id)").json()["baseUrl"]?.stringValue).path
            let connection = try RawConnection(port: server.port)
            connection.send("GET \(base)=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let received = await connection.receive()
            // A reset may overtake what was sent before it.
            #expect(received.isReset && received.body.count <= 50_000)
            #expect(Self.bytes.starts(with: received.body))
            #expect(server.library.bytesDownloaded == 50_000)
        }
    }
}
