import FakePhotos
import StrictJSON
import Testing

@Suite struct AlbumTests {
    @Test func albumsAreCreatedListedAndRenamed() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let made = try await client.post("/v1/albums", ["album": ["title": "Caf\u{E9}"]]).json()
        let id = try #require(made["id"]?.stringValue)
        #expect(made["title"] == "Caf\u{E9}" && made["isWriteable"] == true && made["mediaItemsCount"] == nil)
        #expect(try await client.get("/v1/albums/\(id)").json() == made)
        let renamed = await client.send("PATCH", "/v1/albums/\(id)?updateMask=title", ["title": "Bar"])
        #expect(try renamed.json()["title"] == "Bar")
        #expect(try await client.get("/v1/albums").json()["albums"]?.arrayValue?.map { $0["title"] } == ["Bar"])
        #expect(await client.post("/v1/albums", [:]).status == 400)
        let long = String(repeating: "x", count: 501)
        #expect(await client.post("/v1/albums", ["album": ["title": .string(long)]]).status == 400)
        #expect(await client.get("/v1/albums/made-up").status == 404)
    }

    @Test func listsFiftyAtMost() async throws {
        var options = FakeOptions()
        options.plan.albums = 120
        let library = try FakeLibrary(options: options)
        let client = try TestClient(library)
        var sizes: [Int] = []
        var ids: [String] = []
        var token = ""
        repeat {
            let page = try await client.get("/v1/albums?pageSize=99&pageToken=\(token)").json()
            let found = page["albums"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
            sizes.append(found.count)
            ids += found
            token = page["nextPageToken"]?.stringValue ?? ""
        } while !token.isEmpty
        #expect(sizes == [50, 50, 20])
        #expect(try ids == library.albums().map(\.id))
        #expect(try await client.get("/v1/albums").json()["albums"]?.arrayValue?.count == 20)
    }

    @Test func addingIsAllOrNothing() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let items = try library.items(hashing: false).map(\.id)
        let album = try library.addAlbum("A", items: [items[0]])
        let add = "/v1/albums/\(album):batchAddMediaItems"
        let bad = await client.post(add, ["mediaItemIds": [.string(items[1]), "made-up"]])
        #expect(bad.status == 400)
        #expect(try library.albums().last?.items == [items[0]])
        let good = await client.post(add, ["mediaItemIds": [.string(items[1]), .string(items[0])]])
        #expect(try good.json() == [:])
        #expect(try library.albums().last?.items == [items[0], items[1]])
        let many = JSON.array(items.prefix(51).map { .string($0) })
        let refused = await client.post(add, ["mediaItemIds": many])
        #expect(try refused.json().errorMessage == "Request must have less than 50 items.")
        let unknown = await client.post("/v1/albums/made-up:batchAddMediaItems", ["mediaItemIds": [.string(items[0])]])
        #expect(try unknown.json().errorMessage.contains("The provided ID does not match any albums"))
    }

    @Test func removingIsAllOrNothing() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let items = try library.items(hashing: false).map(\.id)
        let album = try library.addAlbum("A", items: Array(items[0..<3]))
        let remove = "/v1/albums/\(album):batchRemoveMediaItems"
        #expect(await client.post(remove, ["mediaItemIds": [.string(items[0]), .string(items[9])]]).status == 400)
        #expect(await client.post(remove, ["mediaItemIds": [.string(items[0]), .string(items[0])]]).status == 400)
        #expect(try library.albums().last?.items.count == 3)
        #expect(await client.post(remove, ["mediaItemIds": [.string(items[0]), .string(items[2])]]).status == 200)
        #expect(try library.albums().last?.items == [items[1]])
        #expect(await client.get("/v1/mediaItems/\(items[0])").status == 200)
    }

    @Test func coversCanBeChosen() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let items = try library.items(hashing: false).map(\.id)
        let album = try library.addAlbum("A", items: Array(items[0..<3]))
        let target = "/v1/albums/\(album)?updateMask=coverPhotoMediaItemId"
        #expect(try await client.get("/v1/albums/\(album)").json()["coverPhotoMediaItemId"] == .string(items[0]))
        let changed = await client.send("PATCH", target, ["coverPhotoMediaItemId": .string(items[2])])
        #expect(try changed.json()["coverPhotoMediaItemId"] == .string(items[2]))
        #expect(await client.send("PATCH", target, ["coverPhotoMediaItemId": .string(items[9])]).status == 400)
    }

    @Test func sharingIsDead() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let album = try library.albums()[0].id
        for (method, path) in [("GET", "/v1/sharedAlbums"), ("POST", "/v1/albums/\(album):share")] {
            let answer = await client.send(method, path, method == "POST" ? [:] : nil)
            #expect(answer.status == 403)
            #expect(try answer.json().errorStatus == "PERMISSION_DENIED")
        }
    }

    @Test func anotherProjectSeesNothing() async throws {
        let library = try FakeLibrary()
        library.addClient(id: "other", secret: "other-secret")
        let other = try TestClient(library, clientID: "other")
        #expect(try await other.get("/v1/mediaItems").json() == [:])
        #expect(try await other.get("/v1/albums").json() == [:])
        let album = try library.albums()[0]
        #expect(await other.get("/v1/albums/\(album.id)").status == 404)
        #expect(await other.get("/v1/mediaItems/\(album.items[0])").status == 404)
        library.updateRules { $0.forbidsForeignIDs = true }
        #expect(await other.get("/v1/mediaItems/\(album.items[0])").status == 403)
        var new = NewFakeItem("mine.jpg")
        new.clientID = "other"
        let id = try library.addItem(new)
        #expect(try await other.get("/v1/mediaItems").json().ids == [id])
        #expect(try await !TestClient(library).pages(["pageSize": 100]).flatMap { $0 }.contains(id))
    }
}
