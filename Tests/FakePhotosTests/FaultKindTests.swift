import FakePhotos
import StrictJSON
import Testing

@Suite struct FaultKindTests {
    private func jpeg(_ library: FakeLibrary) throws -> (id: String, bytes: [UInt8]) {
        let item = try #require(try library.items(hashing: false).first { $0.mimeType == "image/jpeg" })
        return (item.id, try #require(library.content(ofItem: item.id)))
    }

    @Test func theDaysQuotaSpeaksAsGoogleDoes() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        library.inject(FakeFault(.dailyQuota, on: .albumsList))
        let answer = await client.get("/v1/albums")
        let error = try #require(try answer.json()["error"])
        #expect(answer.status == 429)
        #expect(error["message"]?.stringValue?.contains("limit 'All requests per day' of service") == true)
        #expect(error["errors"]?.arrayValue?.first?["reason"] == "rateLimitExceeded")
        #expect(error["details"]?.arrayValue?.first?["metadata"]?["quota_limit"] == "ApiCallsPerProjectPerDay")
        #expect(answer.headers.first(name: "Retry-After") == nil)
        // The download host has no envelope.
        library.inject(FakeFault(.dailyQuota, on: .download))
        let download = try await client.download(try jpeg(library).id)
        #expect(download.status == 429)
        #expect(download.headers.first(name: "Content-Type")?.hasPrefix("text/plain") == true)
    }

    @Test func writesAtATimeAreRefusedInGooglesWords() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        var fault = FakeFault(.concurrentWrite, on: .itemsBatchCreate)
        fault.retryAfter = 40
        library.inject(fault)
        let answer = await client.create([(await client.upload(Picture.tiny(1)), "a.jpg")])
        #expect(answer.status == 429)
        #expect(
            try answer.json().errorMessage
                == "Quota exceeded for quota 'concurrent write request' of service 'photoslibrary.googleapis.com'.")
        #expect(answer.headers.first(name: "Retry-After") == "40")
        #expect(try library.items().isEmpty)
    }

    @Test(arguments: [(nil, 0), ("bytes=100-", 0), (nil, 1000), (nil, 1 << 30)] as [(String?, Int)])
    func aCorruptBodyHasItsLength(range: String?, offset: Int) async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let (id, bytes) = try jpeg(library)
        var fault = FakeFault(.corrupt, on: .download)
        fault.bytes = offset
        library.inject(fault)
        let answer = try await client.download(id, headers: range.map { ["Range": $0] } ?? [:])
        let right = range == nil ? bytes : Array(bytes[100...])
        #expect(answer.contentLength == Int64(right.count) && answer.body.count == right.count)
        let first = min(offset, right.count - 1)
        let expected = right.enumerated().map { $0 >= first && $0 < first + 16 ? ~$1 : $1 }
        #expect(answer.body == expected)
        #expect(library.content(ofItem: id) == bytes)
        #expect(try await client.download(id).body == bytes)
    }

    @Test func jsonEndsTooSoon() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let whole = await client.get("/v1/albums").contentLength
        library.inject(FakeFault(.invalidJSON))
        let answer = await client.get("/v1/albums")
        #expect(answer.status == 200 && answer.contentLength == whole / 2)
        #expect(throws: (any Error).self) { try answer.json() }
        // What is no JSON is left alone, and the fault with it.
        library.inject(FakeFault(.invalidJSON))
        #expect(await client.upload(Picture.tiny(1)).hasPrefix("CAIS"))
        let later = await client.get("/v1/albums")
        #expect(throws: (any Error).self) { try later.json() }
    }

    @Test func errorsComeAsPictures() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let (id, bytes) = try jpeg(library)
        library.inject(FakeFault(.image, on: .download))
        let answer = try await client.download(id)
        #expect(answer.status == 404)
        #expect(answer.headers.first(name: "Content-Type") == "image/png")
        #expect(try PNGChunks(answer.body).types == ["IHDR", "IDAT", "IEND"])
        #expect(try await client.download(id).body == bytes)
    }

    @Test func emptyPagesHaveTokensOfTheirOwn() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        var fault = FakeFault(.emptyPage)
        fault.count = 3
        library.inject(fault)
        var tokens: [String] = []
        var answer = try await client.get("/v1/mediaItems").json()
        while answer.ids.isEmpty, let token = answer["nextPageToken"]?.stringValue {
            tokens.append(token)
            answer = try await client.get("/v1/mediaItems?pageToken=\(token)").json()
        }
        #expect(Set(tokens).count == 3)
        #expect(try await client.get("/v1/mediaItems").json().ids == answer.ids)
    }

    @Test func anItemIsMissingBetweenPages() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let good = try await client.pages(["pageSize": 50])
        library.inject(FakeFault(.skipItem, on: .itemsSearch))
        let short = try await client.pages(["pageSize": 50])
        #expect(short[0] == good[0].dropLast())
        #expect(short.dropFirst() == good.dropFirst())
        let album = try library.albums()[0]
        library.inject(FakeFault(.skipItem, on: .itemsSearch))
        let items = try await client.pages(["albumId": .string(album.id), "pageSize": 10])
        #expect(items.flatMap { $0 } == album.items.enumerated().filter { $0.offset != 9 }.map(\.element))
        library.inject(FakeFault(.skipItem, on: .albumsList))
        #expect(try await client.get("/v1/albums").json()["albums"]?.arrayValue?.count == 11)
    }

    @Test func theAnswerIsAnErrorAfterAllWasDone() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let tokens = [await client.upload(Picture.tiny(1)), await client.upload(Picture.tiny(2))]
        var fault = FakeFault(.status, on: .itemsBatchCreate)
        (fault.status, fault.isDone, fault.message) = (503, true, "The service is currently unavailable.")
        library.inject(fault)
        let answer = await client.create([(tokens[0], "a.jpg")])
        #expect(answer.status == 503)
        #expect(try answer.json().errorMessage == "The service is currently unavailable.")
        #expect(try library.items().map(\.filename) == ["a.jpg"])
        // The write is over with the answer.
        #expect(await client.create([(tokens[1], "b.jpg")]).status == 200)
    }

    @Test func everySecondItemOfABatchFails() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        var fault = FakeFault(.itemError)
        (fault.every, fault.count, fault.message) = (2, nil, "BAD_IMAGE: no.")
        library.inject(fault)
        var items: [(String, String)] = []
        for index in 0..<6 { items.append((await client.upload(Picture.tiny(index)), "\(index).jpg")) }
        let results = try await client.create(items).json()["newMediaItemResults"]?.arrayValue ?? []
        #expect(results.map { $0["status"]?["code"] } == [nil, 3, nil, 3, nil, 3])
        #expect(results[1]["status"]?["message"] == "BAD_IMAGE: no.")
        #expect(library.faultCount(.itemError) == 3)
    }

    @Test(arguments: [404, 410])
    func aSessionEndsInTheMidst(status: Int) async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let start = await client.send(
            "POST", "/v1/uploads", headers: ["X-Goog-Upload-Command": "start", "X-Goog-Upload-Protocol": "resumable"])
        let url = try #require(start.headers.first(name: "X-Goog-Upload-URL")).path
        var fault = FakeFault(.sessionCut)
        (fault.status, fault.after) = (status, 1)
        library.inject(fault)
        let block = [UInt8](repeating: 1, count: 262_144)
        func upload(_ offset: Int) async -> Int {
            await client.send(
                "POST", url, bytes: block,
                headers: ["X-Goog-Upload-Command": "upload", "X-Goog-Upload-Offset": "\(offset)"]
            ).status
        }
        // A raw upload is not in a session, and is not counted.
        _ = await client.upload(Picture.tiny(1))
        #expect(await upload(0) == 200)
        #expect(await upload(262_144) == status)
        let query = await client.send("POST", url, headers: ["X-Goog-Upload-Command": "query"])
        #expect(query.status == (status == 404 ? 404 : 200))
        #expect(query.headers.first(name: "X-Goog-Upload-Status") == (status == 404 ? nil : "cancelled"))
    }
}
