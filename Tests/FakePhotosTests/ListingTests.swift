import ConnectorKit
import FakePhotos
import StrictJSON
import Testing

@Suite struct ListingTests {
    @Test func listsPageByPageNewestFirst() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        var token: String?
        var times: [String] = []
        var ids: Set<String> = []
        repeat {
            let suffix = token.map { "&pageToken=\($0)" } ?? ""
            let page = try await client.get("/v1/mediaItems?pageSize=100\(suffix)").json()
            ids.formUnion(page.ids)
            times +=
                page["mediaItems"]?.arrayValue?.compactMap { $0["mediaMetadata"]?["creationTime"]?.stringValue } ?? []
            token = page["nextPageToken"]?.stringValue
        } while token != nil
        let truth = try library.items(hashing: false)
        #expect(ids == Set(truth.filter { !$0.isArchived }.map(\.id)))
        #expect(times.count == ids.count)
        #expect(times == times.sorted(by: >))
        #expect(truth.contains { $0.isArchived })
    }

    @Test func pageSizesAreLimited() async throws {
        let client = try TestClient(try FakeLibrary())
        #expect(try await client.get("/v1/mediaItems").json().ids.count == 25)
        #expect(try await client.get("/v1/mediaItems?pageSize=1000").json().ids.count == 100)
        #expect(try await client.post("/v1/mediaItems:search", [:]).json().ids.count == 25)
        #expect(try await client.post("/v1/mediaItems:search", ["pageSize": 100]).json().ids.count == 100)
        let negative = await client.post("/v1/mediaItems:search", ["pageSize": -1])
        #expect(negative.status == 400)
        #expect(try negative.json().errorStatus == "INVALID_ARGUMENT")
        #expect(await client.get("/v1/mediaItems?pageSize=-1").status == 400)
        #expect(await client.get("/v1/albums?pageSize=-1").status == 400)
    }

    @Test func pageTokensAreBoundToTheirQuery() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let favorites: JSON = ["featureFilter": ["includedFeatures": ["FAVORITES"]]]
        let first = try await client.post("/v1/mediaItems:search", ["filters": favorites, "pageSize": 3]).json()
        let token = try #require(first["nextPageToken"])
        let second = await client.post(
            "/v1/mediaItems:search", ["pageToken": token, "pageSize": 3, "filters": favorites])
        #expect(second.status == 200)
        #expect(Set(try second.json().ids).isDisjoint(with: first.ids))
        #expect(await client.post("/v1/mediaItems:search", ["pageToken": token]).status == 400)
        #expect(await client.get("/v1/mediaItems?pageToken=\(token.stringValue ?? "")").status == 400)
        #expect(await client.get("/v1/mediaItems?pageToken=made-up").status == 400)
        let other = try TestClient(library, account: "demo2")
        #expect(
            await other.post("/v1/mediaItems:search", ["pageToken": token, "filters": favorites]).status == 400)
        library.advanceClock(seconds: library.rules.pageTokenLifetime)
        let renewed = try TestClient(library)
        #expect(
            await renewed.post("/v1/mediaItems:search", ["pageToken": token, "filters": favorites]).status == 400)
    }

    @Test func newItemsDoNotShiftPages() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let first = try await client.post("/v1/mediaItems:search", ["pageSize": 10]).json()
        try library.addGeneratedItems(5)
        let token = try #require(first["nextPageToken"])
        let second = try await client.post("/v1/mediaItems:search", ["pageSize": 10, "pageToken": token]).json()
        #expect(Set(first.ids).isDisjoint(with: second.ids))
    }

    @Test func albumsKeepTheirOrderAndShowArchivedItems() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let lisbon = try #require(try library.albums().first { $0.title == "Lisbon" })
        #expect(lisbon.items.count == 24)
        try library.updateItem(lisbon.items[5], isArchived: true)
        let pages = try await client.pages(["albumId": .string(lisbon.id), "pageSize": 7])
        #expect(pages.map(\.count) == [7, 7, 7, 3])
        #expect(pages.flatMap { $0 } == lisbon.items)
        let times = Dictionary(uniqueKeysWithValues: try library.items(hashing: false).map { ($0.id, $0.creationTime) })
        let inOrder = lisbon.items.compactMap { times[$0] }
        #expect(inOrder != inOrder.sorted() && inOrder != inOrder.sorted(by: >))

        let both = await client.post("/v1/mediaItems:search", ["albumId": .string(lisbon.id), "filters": [:]])
        #expect(both.status == 400)
        #expect(await client.post("/v1/mediaItems:search", ["albumId": "nothing"]).status == 404)
    }

    @Test func theDemoLibraryHasItsOddities() async throws {
        let library = try FakeLibrary()
        let titles = try library.albums().map(\.title)
        #expect(titles.count == 12 && Set(titles).count == 11)
        #expect(titles.contains("Trip/2024 Norway") && titles.contains("..") && titles.contains(""))
        let items = try library.items()
        #expect(items.count == 300)
        #expect(Set(items.map(\.sha256)).count == 300 && Set(items.map(\.id)).count == 300)
        #expect(items.allSatisfy { $0.id.count >= 55 })
        #expect(items.contains { $0.filename.isEmpty } && items.contains { $0.filename.contains("/") })
        #expect((10...20).contains(items.filter { $0.mimeType.hasPrefix("video/") }.count))
        #expect(Set(items.map(\.mimeType)).isSuperset(of: ["image/png", "image/gif", "image/webp", "image/heif"]))
        #expect(items.filter(\.isFavorite).count == 15)
        #expect(Set(items.map { $0.creationTime.date.year }) == Set(2019...2026))
        #expect(items.contains { !$0.description.isEmpty })
        let months = Dictionary(grouping: items) { "\($0.creationTime.description.prefix(7)) \($0.filename)" }
        #expect(months.values.contains { $0.count > 1 })
    }

    @Test func theSameSeedMakesTheSameLibrary() throws {
        var options = FakeOptions()
        let first = try FakeLibrary(options: options).items()
        #expect(try FakeLibrary(options: options).items() == first)
        options.plan.seed = 2
        let other = try FakeLibrary(options: options).items()
        #expect(Set(other.map(\.sha256)).isDisjoint(with: first.map(\.sha256)))
    }

    @Test func anItemHasGooglesShape() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        var new = NewFakeItem("IMG_1.jpg")
        new.creationTime = Timestamp("2024-05-06T07:08:09Z")
        let id = try library.addItem(new)
        let item = try await client.get("/v1/mediaItems/\(id)").json()
        #expect(item["mediaMetadata"]?["creationTime"] == "2024-05-06T07:08:09Z")
        #expect(item["mediaMetadata"]?["width"] == "640")
        #expect(item["mediaMetadata"]?["photo"]?["cameraMake"] == "Google")
        #expect(item["description"] == nil)
        #expect(item["filename"] == "IMG_1.jpg" && item["mimeType"] == "image/jpeg")
        let nameless = try library.addItem(NewFakeItem(""))
        #expect(try await client.get("/v1/mediaItems/\(nameless)").json()["filename"] == nil)
        #expect(try await client.get("/v1/albums").json() == [:])
        #expect(try await TestClient(library, account: "demo2").get("/v1/mediaItems").json() == [:])
    }

    @Test func batchGetAnswersInOrder() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let ids = try library.items(hashing: false).map(\.id)
        let chosen = [ids[7], "made-up", ids[3]]
        let query = chosen.map { "mediaItemIds=\($0)" }.joined(separator: "&")
        let answer = await client.get("/v1/mediaItems:batchGet?\(query)")
        #expect(answer.status == 200)
        let results = try answer.json()["mediaItemResults"]?.arrayValue ?? []
        #expect(results.map { $0["mediaItem"]?["id"]?.stringValue } == [ids[7], nil, ids[3]])
        #expect(results[1]["status"]?["code"] == 3)
        let many = ids.prefix(51).map { "mediaItemIds=\($0)" }.joined(separator: "&")
        let refused = await client.get("/v1/mediaItems:batchGet?\(many)")
        #expect(try refused.json().errorMessage == "Request must have less than 50 items.")
        #expect(
            await client.get("/v1/mediaItems:batchGet?mediaItemIds=\(ids[0])&mediaItemIds=\(ids[0])").status == 400)
        #expect(await client.get("/v1/mediaItems:batchGet").status == 400)
    }

    @Test func descriptionsCanBeChanged() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let id = try library.items(hashing: false)[0].id
        let target = "/v1/mediaItems/\(id)?updateMask=description"
        #expect(try await client.send("PATCH", target, ["description": "new"]).json()["description"] == "new")
        #expect(await client.send("PATCH", "/v1/mediaItems/\(id)?updateMask=filename", [:]).status == 400)
        let long: JSON = ["description": .string(String(repeating: "x", count: 1000))]
        #expect(await client.send("PATCH", target, long).status == 400)
    }

    @Test func trashedItemsAreGone() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let lisbon = try #require(try library.albums().first)
        try library.updateItem(lisbon.items[0], isTrashed: true)
        #expect(await client.get("/v1/mediaItems/\(lisbon.items[0])").status == 404)
        let pages = try await client.pages(["albumId": .string(lisbon.id)])
        #expect(pages.flatMap { $0 } == Array(lisbon.items.dropFirst()))
        let all = try await client.pages(["filters": ["includeArchivedMedia": true], "pageSize": 100])
        #expect(all.flatMap { $0 }.count == 299)
        #expect(try await client.get("/v1/albums/\(lisbon.id)").json()["mediaItemsCount"] == "23")
    }
}
