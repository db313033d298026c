import FakePhotos
import NIOHTTP1
import Testing

@Suite struct DownloadTests {
    private func library() throws -> (FakeLibrary, id: String, bytes: [UInt8]) {
        let library = try FakeLibrary(options: .empty)
        let id = try library.addItem(NewFakeItem("a \"b\".jpg"))
        return (library, id, try #require(library.content(ofItem: id)))
    }

    @Test func aParameterIsNeeded() async throws {
        let (library, id, bytes) = try library()
        let client = try TestClient(library)
        let whole = try await client.download(id)
        #expect(whole.status == 200 && whole.body == bytes)
        #expect(whole.headers.first(name: "Content-Type") == "image/jpeg")
        #expect(whole.headers.first(name: "Content-Disposition") == "attachment;filename=\"a _b_.jpg\"")
        #expect(try await client.download(id, "").status == 403)
        #expect(try await client.download(id, "=dv").status == 404)
        let scaled = try await client.download(id, "=w100-h100-c")
        #expect(scaled.status == 200 && scaled.body.starts(with: [0xFF, 0xD8]))
        let head = try await client.download(id, method: "HEAD")
        #expect(head.body.isEmpty && head.contentLength == Int64(bytes.count))
    }

    @Test func videosComeWithTheirOwnParameter() async throws {
        let library = try FakeLibrary(options: .empty)
        var new = NewFakeItem("v.mp4")
        new.kind = .mp4
        let id = try library.addItem(new)
        let client = try TestClient(library)
        #expect(try await client.download(id, "=dv").body == library.content(ofItem: id))
        #expect(try await client.download(id, "=d").headers.first(name: "Content-Type") == "image/jpeg")
        library.updateRules { $0.transcodesVideos = true }
        let bytes = try #require(library.content(ofItem: id))
        let transcoded = try await client.download(id, "=dv").body
        #expect(transcoded != bytes && transcoded.starts(with: bytes))
    }

    @Test(arguments: [
        ("bytes=0-99", 0, 100), ("bytes=100-", 100, -1), ("bytes=-7", -7, -1), ("bytes=5-99999999", 5, -1),
    ])
    func rangesAreServed(spec: String, first: Int, end: Int) async throws {
        let (library, id, bytes) = try library()
        let client = try TestClient(library)
        let answer = try await client.download(id, headers: ["Range": spec])
        let lower = first < 0 ? bytes.count + first : first
        let upper = end < 0 ? bytes.count : end
        #expect(answer.status == 206)
        #expect(answer.body == Array(bytes[lower..<upper]))
        #expect(answer.headers.first(name: "Content-Range") == "bytes \(lower)-\(upper - 1)/\(bytes.count)")
        let tag = try #require(answer.headers.first(name: "ETag"))
        let same = try await client.download(id, headers: ["Range": spec, "If-Range": tag])
        #expect(same.status == 206)
        let changed = try await client.download(id, headers: ["Range": spec, "If-Range": "\"other\""])
        #expect(changed.status == 200 && changed.body == bytes)
    }

    @Test func badRangesAreRefused() async throws {
        let (library, id, bytes) = try library()
        let answer = try await TestClient(library).download(id, headers: ["Range": "bytes=\(bytes.count)-"])
        #expect(answer.status == 416)
        #expect(answer.headers.first(name: "Content-Range") == "bytes */\(bytes.count)")
    }

    @Test func urlsEnd() async throws {
        let (library, id, _) = try library()
        let client = try TestClient(library)
        let url = try #require(try await client.get("/v1/mediaItems/\(id)").json()["baseUrl"]?.stringValue).path
        library.advanceClock(seconds: 3599)
        #expect(await library.respond(to: FakeRequest("GET", url + "=d")).status == 200)
        library.advanceClock(seconds: 1)
        let expired = await library.respond(to: FakeRequest("GET", url + "=d"))
        #expect(expired.status == 403)
        #expect(expired.headers.first(name: "Content-Type")?.hasPrefix("text/html") == true)
        let unknown = await library.respond(to: FakeRequest("GET", "/lh3/\(url.dropFirst(6))=d"))
        #expect(unknown.status == 404)
        #expect(unknown.headers.first(name: "Content-Type") == "image/png")
        #expect(try PNGChunks(unknown.body).types == ["IHDR", "IDAT", "IEND"])
    }

    @Test func theDaysDownloadsAreLimited() async throws {
        let (library, id, _) = try library()
        library.updateRules { $0.downloadsPerDay = 2 }
        let client = try TestClient(library)
        #expect(try await client.download(id).status == 200)
        #expect(try await client.download(id).status == 200)
        #expect(try await client.download(id).status == 429)
        library.advanceClock(seconds: 86400)
        #expect(try await TestClient(library).download(id).status == 200)
    }

    @Test func thePlaceCanBeRemoved() async throws {
        let (library, id, bytes) = try library()
        library.updateRules { $0.stripsLocation = true }
        let client = try TestClient(library)
        let stripped = try await client.download(id).body
        #expect(stripped.count == bytes.count && stripped != bytes)
        // All differences are in the metadata, before the first table.
        let table = try #require(JPEGSegments(bytes).segments.first { $0.marker == 0xDB })
        #expect(stripped[table.offset...] == bytes[table.offset...])
        #expect(library.content(ofItem: id) == bytes)
        // Uploads are treated in the same way.
        let upload = await client.upload(bytes + [0])
        let made = try await client.create([(upload, "u.jpg")]).json()
        let item = made["newMediaItemResults"]?.arrayValue?.first?["mediaItem"]
        let copy = try #require(item?["id"]?.stringValue)
        #expect(try await client.download(copy).body == stripped + [0])
    }
}
