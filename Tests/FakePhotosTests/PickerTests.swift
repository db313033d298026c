import FakePhotos
import StrictJSON
import Testing

@Suite struct PickerTests {
    private func setUp(_ count: Int = 3) throws -> (FakeLibrary, TestClient, [String]) {
        let library = try FakeLibrary(options: .empty)
        let ids = try library.addGeneratedItems(count)
        return (library, try TestClient(library), ids)
    }

    private func begin(_ client: TestClient, _ body: JSON = [:]) async throws -> JSON {
        try await client.post("/picker/v1/sessions", body).json()
    }

    @Test func aSessionHasItsPollingUntilItIsDone() async throws {
        let (library, client, ids) = try setUp()
        let session = try await begin(client, ["pickingConfig": ["maxItemCount": "2"]])
        let id = try #require(session["id"]?.stringValue)
        #expect(session["pollingConfig"]?["pollInterval"] == "5s")
        #expect(session["pollingConfig"]?["timeoutIn"] == "1800s")
        #expect(session["pickingConfig"]?["maxItemCount"] == "2")
        #expect(session["mediaItemsSet"] == nil)
        #expect(session["expireTime"]?.stringValue?.hasSuffix("Z") == true)
        let early = try await client.get("/picker/v1/mediaItems?sessionId=\(id)").json()
        #expect(early.errorStatus == "FAILED_PRECONDITION")

        #expect(throws: (any Error).self) { try library.pick(count: 3, session: id) }
        try library.pick([ids[1]], session: id, isDone: false)
        #expect(try await client.get("/picker/v1/sessions/\(id)").json()["mediaItemsSet"] == nil)
        try library.pick([ids[0], ids[1]], session: id)
        let done = try await client.get("/picker/v1/sessions/\(id)").json()
        #expect(done["mediaItemsSet"] == true && done["pollingConfig"] == nil)
        #expect(try await client.get("/picker/v1/mediaItems?sessionId=\(id)").json().ids == [ids[1], ids[0]])
        #expect(library.pickerSessions.first?.items == [ids[1], ids[0]])
        #expect(await client.send("DELETE", "/picker/v1/sessions/\(id)").status == 200)
        #expect(await client.get("/picker/v1/sessions/\(id)").status == 404)
        #expect(await client.get("/picker/v1/mediaItems?sessionId=\(id)").status == 404)
    }

    @Test func pagesHaveFiftyAndAHundredAtMost() async throws {
        let (library, client, ids) = try setUp(130)
        let id = try #require(try await begin(client)["id"]?.stringValue)
        try library.pick(ids, session: id)
        let path = "/picker/v1/mediaItems?sessionId=\(id)"
        #expect(try await client.get(path).json().ids == Array(ids[..<50]))
        let first = try await client.get(path + "&pageSize=1000").json()
        #expect(first.ids == Array(ids[..<100]))
        let token = try #require(first["nextPageToken"]?.stringValue)
        let second = try await client.get(path + "&pageSize=100&pageToken=\(token)").json()
        #expect(second.ids == Array(ids[100...]) && second["nextPageToken"] == nil)
        #expect(await client.get(path + "&pageSize=-1").status == 400)
        let other = try #require(try await begin(client)["id"]?.stringValue)
        try library.pick(ids, session: other)
        #expect(await client.get("/picker/v1/mediaItems?sessionId=\(other)&pageToken=\(token)").status == 400)
    }

    @Test func sizesAreNumbersAndBytesNeedTheSignIn() async throws {
        let (library, client, ids) = try setUp()
        let id = try #require(try await begin(client)["id"]?.stringValue)
        try library.pick(count: 1, session: id)
        let item = try await client.get("/picker/v1/mediaItems?sessionId=\(id)").json()["mediaItems"]?.arrayValue?.first
        let file = try #require(item?["mediaFile"])
        #expect(file["mediaFileMetadata"]?["width"]?.integerValue != nil)
        #expect(item?["createTime"]?.stringValue?.hasSuffix("Z") == true)
        let url = try #require(file["baseUrl"]?.stringValue).path + "=d"
        let expected = library.content(ofItem: try #require(item?["id"]?.stringValue))
        #expect(ids.contains(item?["id"]?.stringValue ?? ""))
        #expect(await client.get(url).body == expected)
        #expect(await library.respond(to: FakeRequest("GET", url)).status == 403)
        #expect(await (try TestClient(library, scopes: [.read])).get(url).status == 403)
        #expect(await (try TestClient(library, account: "demo2")).get(url).status == 403)
        #expect(library.authorizedDownloads == 0)
    }

    @Test func itsScopeItsAccountAndItsRulesCount() async throws {
        let (library, client, _) = try setUp()
        let reading = try TestClient(library, scopes: [.read, .append, .edit])
        #expect(await reading.post("/picker/v1/sessions", [:]).status == 403)
        #expect(await client.post("/picker/v1/sessions", ["pickingConfig": ["maxItemCount": "2001"]]).status == 400)
        let id = try #require(try await begin(client)["id"]?.stringValue)
        #expect(await (try TestClient(library, account: "demo2")).get("/picker/v1/sessions/\(id)").status == 404)
        library.updateRules { $0.pickerSessionLimit = 1 }
        #expect(try await begin(client).errorStatus == "RESOURCE_EXHAUSTED")
        #expect(try await begin(TestClient(library, account: "demo2"))["id"] != nil)
        library.advanceClock(seconds: 7 * 86400)
        let later = try TestClient(library)
        #expect(await later.get("/picker/v1/sessions/\(id)").status == 404)
        #expect(try await begin(later)["id"] != nil)
        library.updateRules { $0.hasNoPhotosAccount = true }
        #expect(try await begin(later).errorStatus == "FAILED_PRECONDITION")
    }

    @Test func theDailyQuotaIsNotThePickers() async throws {
        let (library, client, _) = try setUp()
        library.updateRules {
            $0.requestsPerDay = 0
            $0.downloadsPerDay = 0
        }
        let id = try #require(try await begin(client)["id"]?.stringValue)
        try library.pick(count: 1, session: id)
        let item = try await client.get("/picker/v1/mediaItems?sessionId=\(id)").json()["mediaItems"]?.arrayValue?.first
        let url = try #require(item?["mediaFile"]?["baseUrl"]?.stringValue).path
        #expect(await client.get(url + "=d").status == 200)
    }

    @Test func theControlPicks() async throws {
        let (library, client, ids) = try setUp()
        let id = try #require(try await begin(client)["id"]?.stringValue)
        func control(_ body: JSON) async -> Int { await client.post("/_fake/picker", body).status }
        #expect(await control(["session": .string(id), "pick": [.string(ids[2])], "done": false]) == 200)
        #expect(await control(["session": .string(id), "count": 1]) == 200)
        #expect(await control(["session": .string(id), "count": 1]) == 400)
        #expect(await control(["session": "nowhere", "count": 1]) == 404)
        #expect(library.pickerSessions.first?.items.count == 2)
        let listed = try await client.get("/_fake/picker").json().arrayValue?.first
        #expect(listed?["id"]?.stringValue == id && listed?["done"] == true)
        // Without a session it is about the next one, as soon as that is looked at.
        #expect(await control(["count": 1]) == 200)
        let next = try #require(try await begin(client)["id"]?.stringValue)
        _ = await client.get("/picker/v1/sessions/\(next)")
        #expect(library.pickerSessions.first { $0.id == next }?.items.count == 1)
    }
}

@Suite struct VideoHostTests {
    @Test func videosAreRedirectedToAnotherHostBySwitch() async throws {
        let library = try FakeLibrary(options: .empty)
        var new = NewFakeItem("v.mp4")
        new.kind = .mp4
        let id = try library.addItem(new)
        let client = try TestClient(library)
        #expect(try await client.download(id, "=dv").status == 200)
        library.updateRules { $0.redirectsVideos = true }
        let answer = try await client.download(id, "=dv")
        #expect(answer.status == 302)
        let location = try #require(answer.headers.first(name: "Location"))
        #expect(location.hasPrefix("http://localhost"))
        let bytes = await library.respond(to: FakeRequest("GET", location.path))
        #expect(bytes.body == library.content(ofItem: id))
        #expect(library.authorizedDownloads == 0)
        _ = await client.get(location.path)
        #expect(library.authorizedDownloads == 1)
        #expect(library.requestCount(.videoDownload) == 2)
    }

    @Test func originalsAreThereByTheirID() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { $0.stripsLocation = true }
        let id = try library.addItem(NewFakeItem("a.jpg"))
        let answer = await library.respond(to: FakeRequest("GET", "/id/\(id)"))
        #expect(answer.status == 200 && answer.body == library.content(ofItem: id))
        #expect(await library.respond(to: FakeRequest("GET", "/id/nowhere")).status == 404)
        try library.updateItem(id, isTrashed: true)
        #expect(await library.respond(to: FakeRequest("GET", "/id/\(id)")).status == 404)
        #expect(library.requestCount(.proxy) == 3)
    }
}
