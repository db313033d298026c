import Crypto
import FakePhotos
import Foundation
import StrictJSON
import Testing

/// What nobody has seen of Google's service can be had in either way.
@Suite struct RuleTests {
    private func setUp() throws -> (library: FakeLibrary, client: TestClient) {
        let library = try FakeLibrary(options: .empty)
        return (library, try TestClient(library))
    }

    @Test(arguments: [(400, 400, nil), (429, 429, nil), (200, 200, 8)] as [(Int, Int, JSON?)])
    func fullStorageHasACode(rule: Int, status: Int, code: JSON?) async throws {
        let (library, client) = try setUp()
        library.updateRules { ($0.storageLimit, $0.storageFullStatus) = (1, rule) }
        let answer = await client.create([(await client.upload(Picture.tiny(1)), "a.jpg")])
        #expect(answer.status == status)
        let result = try answer.json()["newMediaItemResults"]?.arrayValue?.first
        #expect(result?["status"]?["code"] == code)
        let text = try result?["status"]?["message"]?.stringValue ?? answer.json().errorMessage
        #expect(text.contains("The remaining storage in the user's account is not enough"))
        #expect(try library.items().isEmpty)
    }

    @Test func downloadsCanDoWithoutTheirHeaders() async throws {
        let (library, client) = try setUp()
        let id = try library.addItem(NewFakeItem("a.jpg"))
        let bytes = library.content(ofItem: id)
        library.updateRules { ($0.servesRanges, $0.namesDownloads) = (false, false) }
        let whole = try await client.download(id, headers: ["Range": "bytes=5-"])
        #expect(whole.status == 200 && whole.body == bytes)
        for name in ["Accept-Ranges", "Content-Disposition"] { #expect(!whole.headers.contains(name: name)) }
        #expect(whole.headers.contains(name: "ETag"))
        library.updateRules { ($0.servesRanges, $0.servesETags) = (true, false) }
        let part = try await client.download(id, headers: ["Range": "bytes=5-"])
        #expect(part.status == 206 && !part.headers.contains(name: "ETag"))
        let conditional = try await client.download(id, headers: ["Range": "bytes=5-", "If-Range": "\"x\""])
        #expect(conditional.status == 200)
        #expect(try await client.download(id, "").status == 403)
        library.updateRules { $0.servesBareURLs = true }
        let bare = try await client.download(id, "")
        #expect(bare.status == 200 && bare.body.starts(with: [0xFF, 0xD8]) && bare.body != bytes)
    }

    @Test func listsCanShowArchivedItems() async throws {
        let (library, client) = try setUp()
        var new = NewFakeItem("a.jpg")
        new.isArchived = true
        let id = try library.addItem(new)
        #expect(try await client.get("/v1/mediaItems").json().ids == [])
        library.updateRules { $0.listsArchivedItems = true }
        #expect(try await client.get("/v1/mediaItems").json().ids == [id])
        #expect(try await client.post("/v1/mediaItems:search", [:]).json().ids == [])
    }

    @Test func oneBadIDCanSpoilABatch() async throws {
        let (library, client) = try setUp()
        let id = try library.addItem(NewFakeItem("a.jpg"))
        let target = "/v1/mediaItems:batchGet?mediaItemIds=\(id)&mediaItemIds=bad"
        #expect(await client.get(target).status == 200)
        library.updateRules { $0.failsBatchGetWithBadID = true }
        #expect(await client.get(target).status == 500)
        #expect(await client.get("/v1/mediaItems:batchGet?mediaItemIds=\(id)").status == 200)
    }

    @Test(arguments: [
        (HashCheck.sha1, 200, 400, 200), (.sha256, 200, 400, 400), (.refused, 400, 400, 400), (.ignored, 200, 200, 200),
    ])
    func hashesAreComparedOrNot(check: HashCheck, right: Int, wrong: Int, wrongSHA256: Int) async throws {
        let (library, client) = try setUp()
        library.updateRules { $0.hashCheck = check }
        let bytes = Picture.tiny(1)
        let sha1 = Data(Insecure.SHA1.hash(data: bytes)).base64EncodedString()
        let other = Data(SHA256.hash(data: bytes + [0])).base64EncodedString()
        for (hash, status) in [("sha1=\(sha1)", right), ("sha1=AAAA", wrong), ("sha256=\(other)", wrongSHA256)] {
            let answer = await client.send("POST", "/v1/uploads", bytes: bytes, headers: ["X-Goog-Hash": hash])
            #expect(answer.status == status, "\(hash)")
            // The hash of a resumable upload is that of all its bytes.
            let start = await client.send(
                "POST", "/v1/uploads",
                headers: [
                    "X-Goog-Upload-Command": "start", "X-Goog-Upload-Protocol": "resumable", "X-Goog-Hash": hash,
                ])
            let url = try #require(start.headers.first(name: "X-Goog-Upload-URL")).path
            let end = await client.send(
                "POST", url, bytes: bytes,
                headers: ["X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"])
            #expect(end.status == status, "\(hash), resumable")
        }
    }

    @Test(arguments: [403, 404])
    func aVideoIsNotThereBeforeItIsReady(status: Int) async throws {
        let (library, client) = try setUp()
        library.updateRules { ($0.videoProcessingTime, $0.processingVideoStatus) = (60, status) }
        var new = NewFakeItem("v.mp4")
        new.kind = .mp4
        let id = try library.addItem(new)
        #expect(try await client.download(id, "=dv").status == status)
        #expect(try await client.download(id, "=d").status == 200)
        library.advanceClock(seconds: 60)
        #expect(try await client.download(id, "=dv").status == 200)
    }

    @Test(arguments: [MediaKind.mp4, .mov, .avi])
    func everyVideoComesBackDifferent(kind: MediaKind) async throws {
        let (library, client) = try setUp()
        library.updateRules { $0.transcodesVideos = true }
        var new = NewFakeItem("v")
        new.kind = kind
        let id = try library.addItem(new)
        let served = try await client.download(id, "=dv").body
        #expect(served != library.content(ofItem: id) && served == library.servedContent(ofItem: id))
    }

    @Test func albumsCanHaveANumber() async throws {
        let (library, client) = try setUp()
        library.updateRules { $0.albumCountLimit = 1 }
        #expect(await client.post("/v1/albums", ["album": ["title": "A"]]).status == 200)
        #expect(await client.post("/v1/albums", ["album": ["title": "B"]]).status == 429)
    }

    @Test func rulesAreSetByName() async throws {
        let (library, _) = try setUp()
        func post(_ rules: JSON) async -> Int {
            await library.respond(to: FakeRequest("POST", "/_fake/rules", body: rules.bytes)).status
        }
        let rules: JSON = [
            "quotaDay": "utc", "concurrentWrites": nil, "limitsAlbumWrites": true, "quotaRetryAfter": 5,
            "processingVideoStatus": 403, "servesRanges": false, "servesETags": false, "namesDownloads": false,
            "servesBareURLs": true, "listsArchivedItems": true, "failsBatchGetWithBadID": true, "hashCheck": "ignored",
            "storageFullStatus": 429, "albumCountLimit": 7,
        ]
        #expect(await post(rules) == 200)
        var expected = ServiceRules()
        (expected.quotaDay, expected.concurrentWrites, expected.limitsAlbumWrites) = (.utc, nil, true)
        (expected.quotaRetryAfter, expected.processingVideoStatus, expected.servesRanges) = (5, 403, false)
        (expected.servesETags, expected.namesDownloads, expected.servesBareURLs) = (false, false, true)
        (expected.listsArchivedItems, expected.failsBatchGetWithBadID, expected.hashCheck) = (true, true, .ignored)
        (expected.storageFullStatus, expected.albumCountLimit) = (429, 7)
        #expect(library.rules == expected)
        for wrong: JSON in [["quotaDay": "mars"], ["storageFullStatus": 500], ["hashCheck": 1]] {
            #expect(await post(wrong) == 400, "\(wrong)")
        }
    }
}
