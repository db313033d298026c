import FakePhotos
import StrictJSON
import Testing

@Suite struct ControlTests {
    private func control(_ library: FakeLibrary, _ method: String, _ path: String, _ body: JSON? = nil) async throws
        -> JSON
    {
        let answer = await library.respond(to: FakeRequest(method, "/_fake/\(path)", body: body?.bytes ?? []))
        #expect(answer.status == 200, "\(method) \(path)")
        return try answer.json()
    }

    @Test func theTruthIsTold() async throws {
        let library = try FakeLibrary()
        let items = try await control(library, "GET", "items?account=demo").arrayValue ?? []
        let truth = try library.items()
        #expect(items.map { $0["sha256"]?.stringValue } == truth.map(\.sha256))
        #expect(items.map { $0["filename"]?.stringValue } == truth.map(\.filename))
        let albums = try await control(library, "GET", "albums?account=demo").arrayValue ?? []
        let hashes = Dictionary(uniqueKeysWithValues: truth.map { ($0.id, $0.sha256) })
        #expect(albums[0]["title"] == "Lisbon")
        #expect(
            albums[0]["items"]?.arrayValue?.map { $0["sha256"]?.stringValue }
                == (try library.albums()[0].items.map { hashes[$0] }))
        #expect(try await control(library, "GET", "items?account=demo2") == [])
        #expect(await library.respond(to: FakeRequest("GET", "/_fake/items?account=x")).status == 404)
    }

    @Test func urlsLeadToTheBytes() async throws {
        let library = try FakeLibrary()
        let answer = await library.respond(to: FakeRequest("GET", "/_fake/urls?account=demo"))
        let lines = String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 300)
        let ids = try library.items(hashing: false).map(\.id)
        for index in [0, 13, 299] {
            let url = String(lines[index].split(separator: " ")[0]).path
            #expect(await library.respond(to: FakeRequest("GET", url)).body == library.content(ofItem: ids[index]))
        }
    }

    @Test func requestsAreCounted() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let item = try #require(try library.items(hashing: false).first { $0.mimeType == "image/jpeg" })
        for _ in 0..<3 { _ = try await client.download(item.id) }
        _ = await client.get("/v1/albums")
        let stats = try await control(library, "GET", "stats")
        #expect(stats["requests"]?["download"] == 3 && stats["requests"]?["albums.list"] == 1)
        #expect(stats["bytesDownloaded"] == .integer(item.size * 3))
        #expect(stats["mostDownloaded"]?["id"]?.stringValue == item.id)
        #expect(stats["mostDownloaded"]?["downloads"] == 3)
        _ = try await control(library, "POST", "stats/reset", [:])
        #expect(try await control(library, "GET", "stats")["requests"] == [:])
    }

    @Test func theLibraryChanges() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let added = try await control(library, "POST", "items", ["add": 3])["ids"]?.arrayValue ?? []
        #expect(added.count == 3)
        let newest = try await client.get("/v1/mediaItems?pageSize=3").json().ids
        #expect(newest == added.reversed().compactMap(\.stringValue))
        let id = added[0]
        _ = try await control(library, "POST", "items", ["id": id, "filename": "new.jpg", "archived": true])
        let item = try await client.get("/v1/mediaItems/\(id.stringValue ?? "")").json()
        #expect(item["filename"] == "new.jpg")
        #expect(try await client.get("/v1/mediaItems?pageSize=3").json().ids.contains(id.stringValue ?? "") == false)
        _ = try await control(library, "POST", "items", ["id": id, "trashed": true])
        #expect(await client.get("/v1/mediaItems/\(id.stringValue ?? "")").status == 404)
        let account = try await control(library, "POST", "accounts", ["name": "third"])
        #expect(account["refresh_token"]?.stringValue?.isEmpty == false)
        #expect(library.accountNames == ["demo", "demo2", "third"])
    }

    @Test func faultsRulesAndClockAreSet() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        _ = try await control(
            library, "POST", "faults", ["endpoint": "albums.list", "kind": "status", "status": 503, "count": 9])
        #expect(await client.get("/v1/albums").status == 503)
        _ = try await control(library, "DELETE", "faults")
        #expect(await client.get("/v1/albums").status == 200)
        let bad = FakeRequest("POST", "/_fake/faults", body: Array(#"{"kind":"nonsense"}"#.utf8))
        #expect(await library.respond(to: bad).status == 400)
        _ = try await control(library, "POST", "rules", ["requestsPerDay": 0])
        #expect(await client.get("/v1/albums").status == 429)
        _ = try await control(library, "POST", "rules", ["requestsPerDay": nil])
        #expect(await client.get("/v1/albums").status == 200)
        let now = library.now
        _ = try await control(library, "POST", "clock", ["advance": 7200])
        #expect((now + 7200...now + 7205).contains(library.now))
        #expect(await client.get("/v1/albums").status == 401)
    }
}
