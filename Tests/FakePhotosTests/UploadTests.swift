import Crypto
import FakePhotos
import Foundation
import NIOHTTP1
import StrictJSON
import Testing

@Suite struct UploadTests {
    private func results(_ answer: FakeResponse) throws -> [JSON] {
        try answer.json()["newMediaItemResults"]?.arrayValue ?? []
    }

    @Test func uploadsBecomeItemsInOrder() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let tokens = [await client.upload(Picture.tiny(1)), await client.upload(Picture.tiny(2))]
        let answer = await client.create([(tokens[1], "b.jpg"), (tokens[0], "a.jpg")])
        #expect(answer.status == 200)
        let made = try results(answer)
        #expect(made.map { $0["uploadToken"]?.stringValue } == [tokens[1], tokens[0]])
        #expect(made.allSatisfy { $0["status"] == ["message": "Success"] })
        #expect(made.map { $0["mediaItem"]?["filename"]?.stringValue } == ["b.jpg", "a.jpg"])
        let id = try #require(made[0]["mediaItem"]?["id"]?.stringValue)
        #expect(library.content(ofItem: id) == Picture.tiny(2))
        #expect(try await client.download(id).body == Picture.tiny(2))
    }

    @Test func metadataComesFromTheBytes() async throws {
        let library = try FakeLibrary()
        let source = try #require(try library.items(hashing: false).first { $0.mimeType == "image/jpeg" })
        let client = try TestClient(library, account: "demo2")
        let bytes = try #require(library.content(ofItem: source.id))
        let made = try results(await client.create([(await client.upload(bytes), "x.bin")]))
        let item = try #require(made[0]["mediaItem"])
        #expect(item["mimeType"] == "image/jpeg")
        #expect(item["mediaMetadata"]?["width"]?.stringValue.map { Int($0) ?? 0 > 99 } == true)
    }

    @Test func theSameBytesAreTheSameItem() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let first = try results(await client.create([(await client.upload(Picture.tiny(1)), "first.jpg")]))
        let again = try results(await client.create([(await client.upload(Picture.tiny(1)), "again.jpg")]))
        #expect(first[0]["mediaItem"]?["id"] == again[0]["mediaItem"]?["id"])
        #expect(again[0]["mediaItem"]?["filename"] == "first.jpg")
        #expect(again[0]["status"] == ["message": "Success"])
        // What was generated is known by its bytes too, whatever its format.
        for mimeType in ["image/jpeg", "image/png", "image/webp", "video/mp4"] {
            let generated = try #require(try library.items(hashing: false).first { $0.mimeType == mimeType })
            let bytes = try #require(library.content(ofItem: generated.id))
            let made = try results(await client.create([(await client.upload(bytes), "copy")]))
            #expect(made[0]["mediaItem"]?["id"]?.stringValue == generated.id)
        }
    }

    @Test func tokensAreUsedOnceByTheirUserWithinADay() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let token = await client.upload(Picture.tiny(1))
        let stranger = try TestClient(library, account: "demo2")
        #expect(try results(await stranger.create([(token, "a.jpg")]))[0]["status"]?["code"] == 3)
        #expect(try results(await client.create([(token, "a.jpg")]))[0]["status"]?["code"] == nil)
        #expect(try results(await client.create([(token, "a.jpg")]))[0]["status"]?["code"] == 3)
        let old = await client.upload(Picture.tiny(2))
        library.advanceClock(seconds: 86400)
        #expect(try results(await TestClient(library).create([(old, "b.jpg")]))[0]["status"]?["code"] == 3)
    }

    @Test func refusesEmptyAndWrongUploads() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { $0.photoSizeLimit = 5 }
        let client = try TestClient(library)
        #expect(await client.send("POST", "/v1/uploads").status == 400)
        let bytes = Picture.tiny(1)
        let right = "sha1=" + Data(Insecure.SHA1.hash(data: bytes)).base64EncodedString()
        let wrong = "sha1=" + Data(Insecure.SHA1.hash(data: bytes + [0])).base64EncodedString()
        #expect(await client.send("POST", "/v1/uploads/", bytes: bytes, headers: ["X-Goog-Hash": right]).status == 200)
        let refused = await client.send("POST", "/v1/uploads", bytes: bytes, headers: ["X-Goog-Hash": wrong])
        #expect(refused.status == 400)
        #expect(try refused.json().errorMessage.contains("hecksum"))
        let image: HTTPHeaders = ["X-Goog-Upload-Content-Type": "image/jpeg"]
        #expect(await client.send("POST", "/v1/uploads", bytes: bytes, headers: image).status == 413)
        let text = await client.upload(Array("no picture".utf8))
        #expect(try results(await client.create([(text, "a.jpg")]))[0]["status"]?["code"] == 3)
    }

    @Test func batchesHaveLimits() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let many = await client.create(Array(repeating: ("t", "n"), count: 51))
        #expect(many.status == 400)
        #expect(try many.json().errorMessage == "Request must have less than 50 items.")
        #expect(await client.create([]).status == 400)
        let position = await client.create(
            [(await client.upload(Picture.tiny(1)), "a.jpg")], with: ["albumPosition": ["position": "FIRST_IN_ALBUM"]])
        #expect(position.status == 400)
        let album = await client.create([(await client.upload(Picture.tiny(1)), "a.jpg")], with: ["albumId": "gone"])
        #expect(album.status == 400)
        #expect(try album.json().errorMessage.contains("The provided ID does not match any albums"))
        #expect(try library.items().isEmpty)
    }

    @Test func albumPositionsAreKept() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let old = try library.items(hashing: false).prefix(2).map(\.id)
        let album = try library.addAlbum("A", items: Array(old))
        var made: [String] = []
        let places: [JSON] = [
            ["position": "FIRST_IN_ALBUM"], ["position": "LAST_IN_ALBUM"],
            ["position": "AFTER_MEDIA_ITEM", "relativeMediaItemId": .string(old[0])],
        ]
        for (index, place) in places.enumerated() {
            let answer = await client.create(
                [(await client.upload(Picture.tiny(index)), "\(index).jpg")],
                with: ["albumId": .string(album), "albumPosition": place])
            made.append(try #require(try results(answer)[0]["mediaItem"]?["id"]?.stringValue))
        }
        #expect(try library.albums().last?.items == [made[0], old[0], made[2], old[1], made[1]])
    }

    @Test func albumsAndStorageAreFullAtSomeTime() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let album = try library.albums()[0]
        library.updateRules { $0.albumLimit = 24 }
        let token = await client.upload(Picture.tiny(1))
        #expect(await client.create([(token, "a.jpg")], with: ["albumId": .string(album.id)]).status == 400)
        library.updateRules { $0.storageLimit = 20 }
        #expect(await client.create([(token, "a.jpg")]).status == 200)
        let full = await client.create([(await client.upload(Picture.tiny(2)), "b.jpg")])
        #expect(full.status == 400)
        #expect(try full.json().errorMessage.contains("The remaining storage in the user's account is not enough"))
    }

    @Test func onlyOneBatchCreateRunsPerUser() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let tokens = [await client.upload(Picture.tiny(1)), await client.upload(Picture.tiny(2))]
        library.inject(FakeFault(.stall, on: .itemsBatchCreate))
        async let first = client.create([(tokens[0], "a.jpg")])
        while library.requestsInFlight == 0 { await Task.yield() }
        let second = await client.create([(tokens[1], "b.jpg")])
        #expect(second.status == 429)
        #expect(try second.json().errorMessage.contains("'concurrent write request'"))
        let other = try TestClient(library, account: "demo2")
        #expect(await other.create([(await other.upload(Picture.tiny(3)), "c.jpg")]).status == 200)
        library.clearFaults()
        #expect(await first.status == 200)
        #expect(await client.create([(tokens[1], "b.jpg")]).status == 200)
    }

    @Test func itemsFailOneByOne() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        var fault = FakeFault(.itemError)
        fault.match = "b.jpg"
        fault.code = 13
        library.inject(fault)
        let tokens = [await client.upload(Picture.tiny(1)), await client.upload(Picture.tiny(2))]
        let answer = await client.create([(tokens[0], "a.jpg"), (tokens[1], "b.jpg")])
        #expect(answer.status == 200)
        #expect(try results(answer).map { $0["status"]?["code"] } == [nil, 13])
        // The token of a failure that passes is still good.
        library.updateRules { $0.answersMultiStatus = true }
        #expect(await client.create([(tokens[1], "b.jpg")]).status == 200)
        #expect(await client.create([(tokens[1], "b.jpg")]).status == 207)
    }

    @Test func videosAreProcessedFirst() async throws {
        let library = try FakeLibrary()
        library.updateRules { $0.videoProcessingTime = 60 }
        let video = try #require(try library.items(hashing: false).first { $0.mimeType == "video/mp4" })
        let bytes = try #require(library.content(ofItem: video.id))
        let client = try TestClient(library, account: "demo2")
        let made = try results(await client.create([(await client.upload(bytes), "v.mp4")]))
        let id = try #require(made[0]["mediaItem"]?["id"]?.stringValue)
        #expect(made[0]["mediaItem"]?["mediaMetadata"]?["video"]?["status"] == "PROCESSING")
        #expect(try await client.download(id, "=dv").status == 404)
        library.advanceClock(seconds: 60)
        #expect(try await client.download(id, "=dv").body == bytes)
    }

    @Test func writesPerMinuteAreLimited() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { $0.writesPerMinute = 1 }
        let client = try TestClient(library)
        #expect(await client.create([("x", "a.jpg")]).status == 200)
        let refused = await client.create([("x", "a.jpg")])
        #expect(refused.status == 429)
        #expect(try refused.json().errorMessage.contains("WritesPerMinutePerUser"))
        library.advanceClock(seconds: 60)
        #expect(await client.create([("x", "a.jpg")]).status == 200)
    }
}
