import FakePhotos
import StrictJSON
import Testing

@Suite struct FaultTests {
    @Test func statusesComeWhenAsked() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        var fault = FakeFault(.status, on: .albumsList)
        fault.status = 429
        fault.count = 2
        fault.after = 1
        fault.retryAfter = 7
        library.inject(fault)
        #expect(await client.get("/v1/mediaItems").status == 200)
        #expect(await client.get("/v1/albums").status == 200)
        for _ in 0..<2 {
            let answer = await client.get("/v1/albums")
            #expect(answer.status == 429)
            #expect(answer.headers.first(name: "Retry-After") == "7")
            #expect(try answer.json().errorStatus == "RESOURCE_EXHAUSTED")
        }
        #expect(await client.get("/v1/albums").status == 200)
    }

    @Test func faultsMatchTitlesAndNames() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let albums = try library.albums()
        var fault = FakeFault(.status, on: .itemsSearch)
        fault.match = "Norway"
        library.inject(fault)
        #expect(await client.post("/v1/mediaItems:search", ["albumId": .string(albums[0].id)]).status == 200)
        #expect(await client.post("/v1/mediaItems:search", ["albumId": .string(albums[1].id)]).status == 500)
        var expired = FakeFault(.expire, on: .download)
        let items = try library.items(hashing: false).filter { $0.mimeType == "image/jpeg" && !$0.filename.isEmpty }
        expired.match = items[4].filename
        library.inject(expired)
        #expect(try await client.download(items[3].id).status == 200)
        #expect(try await client.download(items[4].id).status == 403)
        #expect(try await client.download(items[4].id).status == 200)
    }

    @Test func pagesGoWrong() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let good = try await client.pages(["pageSize": 50])
        library.inject(FakeFault(.emptyPage, on: .itemsSearch))
        let withEmpty = try await client.pages(["pageSize": 50])
        #expect(withEmpty == [[]] + good)

        var again = FakeFault(.repeatItem, on: .itemsSearch)
        again.after = 1
        library.inject(again)
        let repeated = try await client.pages(["pageSize": 50])
        #expect(repeated[1].first == repeated[0].last)
        #expect(Set(repeated.flatMap { $0 }) == Set(good.flatMap { $0 }))

        var endless = FakeFault(.repeatToken, on: .itemsSearch)
        endless.count = 10
        library.inject(endless)
        let same = try await client.pages(["pageSize": 50], most: 5)
        #expect(same == Array(repeating: good[0], count: 5))
        library.clearFaults()

        library.inject(FakeFault(.emptyPage, on: .albumsList))
        let albums = try await client.get("/v1/albums").json()
        #expect(albums["albums"] == nil && albums["nextPageToken"] != nil)
        let token = albums["nextPageToken"]?.stringValue ?? ""
        #expect(try await client.get("/v1/albums?pageToken=\(token)").json()["albums"]?.arrayValue?.count == 12)
    }

    @Test func aLostAnswerHidesWhatWasDone() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let token = await client.upload(Picture.tiny(1))
        library.inject(FakeFault(.dropAnswer, on: .itemsBatchCreate))
        #expect(await client.create([(token, "a.jpg")]).delivery.isReset)
        #expect(try library.items().map(\.filename) == ["a.jpg"])
        library.inject(FakeFault(.reset, on: .itemsBatchCreate))
        #expect(await client.create([(await client.upload(Picture.tiny(2)), "b.jpg")]).delivery.isReset)
        #expect(try library.items().count == 1)
    }

    @Test func anAccessTokenCanEndEarly() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        library.inject(FakeFault(.expire))
        #expect(await client.get("/v1/albums").status == 401)
        #expect(await client.get("/v1/albums").status == 401)
        #expect(try await TestClient(library).get("/v1/albums").status == 200)
        library.inject(FakeFault(.expire, on: .token))
        #expect(await library.respond(to: FakeRequest("POST", "/token")).status == 400)
    }

    @Test func pagesForPeopleComeInstead() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        library.inject(FakeFault(.html))
        let page = await client.get("/v1/albums")
        #expect(page.status == 200)
        #expect(page.headers.first(name: "Content-Type")?.hasPrefix("text/html") == true)
        var gateway = FakeFault(.html)
        gateway.status = 502
        library.inject(gateway)
        #expect(await client.get("/v1/albums").status == 502)
    }
}
