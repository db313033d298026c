import Crypto
import FakePhotos
import Foundation
import NIOHTTP1
import StrictJSON
import Testing

/// What the service remembers of its clients.
@Suite struct RecordTests {
    private func control(_ library: FakeLibrary, _ path: String) async throws -> JSON {
        let answer = await library.respond(to: FakeRequest("GET", "/_fake/\(path)"))
        #expect(answer.status == 200)
        return try answer.json()
    }

    @Test func uploadsAreRememberedWithTheirHashes() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let bytes = Picture.tiny(1)
        let raw = await client.send(
            "POST", "/v1/uploads", bytes: bytes,
            headers: ["X-Goog-Upload-Content-Type": "image/jpeg", "X-Goog-Upload-File-Name": "a.jpg"])
        let token = String(decoding: raw.body, as: UTF8.self)
        let start = await client.send(
            "POST", "/v1/uploads",
            headers: [
                "X-Goog-Upload-Command": "start", "X-Goog-Upload-Protocol": "resumable",
                "X-Goog-Upload-Content-Type": "video/mp4",
            ])
        let url = try #require(start.headers.first(name: "X-Goog-Upload-URL")).path
        let block = [UInt8](repeating: 7, count: 262_144)
        for (command, offset, chunk) in [("upload", 0, block), ("upload, finalize", 262_144, [1, 2, 3])] {
            let answer = await client.send(
                "POST", url, bytes: chunk,
                headers: ["X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": "\(offset)"])
            #expect(answer.status == 200)
        }
        let made = try await client.create([(token, "a.jpg")]).json()
        let id = made["newMediaItemResults"]?.arrayValue?.first?["mediaItem"]?["id"]
        func hexadecimal(_ hash: some Sequence<UInt8>) -> JSON {
            .string(hash.map { String(format: "%02x", $0) }.joined())
        }
        let uploads = try await control(library, "uploads")
        let expected: JSON = [
            [
                "id": 1, "account": "demo", "bytes": 12, "sha256": hexadecimal(SHA256.hash(data: bytes)),
                "sha1": hexadecimal(Insecure.SHA1.hash(data: bytes)), "protocol": "raw", "mimeType": "image/jpeg",
                "filename": "a.jpg", "chunks": 1, "item": try #require(id),
            ],
            [
                "id": 2, "account": "demo", "bytes": 262_147,
                "sha256": hexadecimal(SHA256.hash(data: block + [1, 2, 3])),
                "sha1": hexadecimal(Insecure.SHA1.hash(data: block + [1, 2, 3])), "protocol": "resumable",
                "mimeType": "video/mp4", "filename": "", "chunks": 2,
            ],
        ]
        #expect(uploads == expected)
        #expect(try await control(library, "uploads?account=demo2") == [])
        #expect(!uploads.text.contains(token))
    }

    @Test func theLogHoldsNoSecrets() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let id = try library.addItem(NewFakeItem("a.jpg"))
        let download = try await client.download(id)
        let item = try await client.get("/v1/mediaItems/\(id)").json()
        let grant = try #require(item["baseUrl"]?.stringValue).path.dropFirst("/lh3/".count)
        _ = await client.get("/v1/albums?pageSize=5&access_token=\(client.token)")
        let start = await client.send(
            "POST", "/v1/uploads", headers: ["X-Goog-Upload-Command": "start", "X-Goog-Upload-Protocol": "resumable"])
        let session = try #require(start.headers.first(name: "X-Goog-Upload-URL")).path
        _ = await client.send("POST", session, headers: ["X-Goog-Upload-Command": "query"])
        library.inject(FakeFault(.dropAnswer, on: .albumsList))
        _ = await client.get("/v1/albums")

        let log = library.log
        #expect(
            log.map(\.endpoint) == [
                .itemsGet, .download, .itemsGet, .albumsList, .uploads, .uploads, .albumsList,
            ])
        #expect(log[1].path == "/lh3/***=d" && log[1].bytes == download.contentLength && log[1].status == 200)
        #expect(log[3].path == "/v1/albums?pageSize=5&access_token=***")
        #expect(log[5].path == "/v1/uploads?upload_id=***&upload_protocol=resumable")
        #expect(log[6].status == nil && log[6].fault == .dropAnswer)
        let text = try await control(library, "log").text
        let upload = session.split(separator: "=")[1].split(separator: "&")[0]
        for secret in [Substring(client.token), grant, upload] { #expect(!text.contains(secret)) }
        #expect(try await control(library, "log?last=2").arrayValue?.count == 2)
    }

    @Test func theLogIsARing() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        for number in 0..<1003 { _ = await client.get("/v1/albums?n=\(number)") }
        let paths = library.log.map(\.path)
        #expect(paths.count == 1000)
        #expect(paths.first == "/v1/albums?n=3" && paths.last == "/v1/albums?n=1002")
        library.clearLog()
        #expect(library.log.isEmpty)
    }

    @Test func timesAreThoseOfTheServicesClock() async throws {
        let library = try FakeLibrary(options: .empty, now: { 1_800_000_000 })
        let client = try TestClient(library)
        library.inject(FakeFault(.stall, on: .albumsList))
        async let answer = client.get("/v1/albums")
        while library.requestsInFlight == 0 { await Task.yield() }
        library.advanceClock(seconds: 3)
        library.clearFaults()
        #expect(await answer.status == 200)
        #expect(library.log.map(\.start) == [1_800_000_000_000])
        #expect(library.log.map(\.milliseconds) == [3000])
    }

    @Test func theManifestKnowsWhatDownloadsGive() async throws {
        let library = try FakeLibrary()
        let manifest = try await control(library, "manifest")
        let truth = try library.items()
        let items = manifest["items"]?.arrayValue ?? []
        #expect(items.map { $0["sha256"]?.stringValue } == truth.map(\.sha256))
        #expect(items.map { $0["servedSha256"] } == items.map { $0["sha256"] })
        #expect(manifest["albums"]?.arrayValue?.count == 12)
        library.updateRules { ($0.stripsLocation, $0.transcodesVideos) = (true, true) }
        let changed = try await control(library, "manifest")["items"]?.arrayValue ?? []
        #expect(changed.map { $0["sha256"] } == items.map { $0["sha256"] })
        for (index, item) in truth.enumerated() where item.mimeType.hasPrefix("video/") {
            #expect(changed[index]["servedSha256"] != changed[index]["sha256"])
            let served = try #require(library.servedContent(ofItem: item.id))
            #expect(changed[index]["servedSize"] == .integer(Int64(served.count)))
        }
    }
}
