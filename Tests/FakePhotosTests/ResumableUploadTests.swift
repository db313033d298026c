import Crypto
import FakePhotos
import Foundation
import NIOHTTP1
import StrictJSON
import Testing

@Suite struct ResumableUploadTests {
    private static let granularity = 262_144

    private func start(_ client: TestClient, size: Int) async throws -> String {
        let answer = await client.send(
            "POST", "/v1/uploads",
            headers: [
                "X-Goog-Upload-Command": "start", "X-Goog-Upload-Protocol": "resumable",
                "X-Goog-Upload-Content-Type": "image/jpeg", "X-Goog-Upload-Raw-Size": "\(size)",
            ])
        #expect(answer.status == 200)
        #expect(answer.headers.first(name: "X-Goog-Upload-Chunk-Granularity") == "\(Self.granularity)")
        #expect(answer.headers.first(name: "X-Goog-Upload-Status") == "active")
        return try #require(answer.headers.first(name: "X-Goog-Upload-URL")).path
    }

    private func command(
        _ client: TestClient, _ url: String, _ command: String, offset: Int? = nil, _ bytes: [UInt8] = []
    ) async -> FakeResponse {
        var headers: HTTPHeaders = ["X-Goog-Upload-Command": command]
        if let offset { headers.add(name: "X-Goog-Upload-Offset", value: "\(offset)") }
        return await client.send("POST", url, bytes: bytes, headers: headers)
    }

    private func picture(_ count: Int) -> [UInt8] {
        [0xFF, 0xD8, 0xFF] + (0..<count - 3).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    }

    @Test(arguments: ["upload, finalize", "upload,finalize"])
    func uploadsInChunks(last: String) async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let bytes = picture(Self.granularity * 2 + 77)
        let url = try await start(client, size: bytes.count)
        let first = await command(client, url, "upload", offset: 0, Array(bytes[..<Self.granularity]))
        #expect(first.status == 200 && first.body.isEmpty)
        let status = await command(client, url, "query")
        #expect(status.headers.first(name: "X-Goog-Upload-Size-Received") == "\(Self.granularity)")
        #expect(await command(client, url, "upload", offset: 0, [1]).status == 400)
        #expect(await command(client, url, "upload", offset: Self.granularity, [1, 2, 3]).status == 400)
        let end = await command(client, url, last, offset: Self.granularity, Array(bytes[Self.granularity...]))
        #expect(end.status == 200)
        #expect(end.headers.first(name: "X-Goog-Upload-Status") == "final")
        let made = await client.create([(String(decoding: end.body, as: UTF8.self), "a.jpg")])
        let item = try made.json()["newMediaItemResults"]?.arrayValue?.first?["mediaItem"]
        let id = try #require(item?["id"]?.stringValue)
        #expect(library.content(ofItem: id) == bytes)
        #expect(await command(client, url, "upload", offset: bytes.count, [1]).status == 410)
    }

    @Test func aFaultLosesNoBytes() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let bytes = picture(Self.granularity + 5)
        let url = try await start(client, size: bytes.count)
        #expect(await command(client, url, "upload", offset: 0, Array(bytes[..<Self.granularity])).status == 200)
        library.inject(FakeFault(.status, on: .uploads))
        let rest = Array(bytes[Self.granularity...])
        #expect(await command(client, url, "upload, finalize", offset: Self.granularity, rest).status == 500)
        #expect(await command(client, url, "upload, finalize", offset: Self.granularity, rest).status == 200)
    }

    @Test func sessionsCanBeCancelledAndAreTheUsersOwn() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let url = try await start(client, size: 100)
        let stranger = try TestClient(library, account: "demo2")
        #expect(await command(stranger, url, "query").status == 404)
        let cancelled = await command(client, url, "cancel")
        #expect(cancelled.headers.first(name: "X-Goog-Upload-Status") == "cancelled")
        #expect(await command(client, url, "upload, finalize", offset: 0, picture(100)).status == 410)
        let short = try await start(client, size: 100)
        #expect(await command(client, short, "upload, finalize", offset: 0, picture(99)).status == 400)
    }

    @Test func theHashOfTheWholeIsCheckedAtTheEnd() async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        let bytes = picture(Self.granularity + 5)
        let right = Data(Insecure.SHA1.hash(data: bytes)).base64EncodedString()
        for (hash, status) in [(right, 200), (Data(repeating: 1, count: 20).base64EncodedString(), 400)] {
            let url = try await start(client, size: bytes.count)
            #expect(await command(client, url, "upload", offset: 0, Array(bytes[..<Self.granularity])).status == 200)
            let headers: HTTPHeaders = [
                "X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "\(Self.granularity)",
                "X-Goog-Hash": "sha1=\(hash)",
            ]
            let end = await client.send("POST", url, bytes: Array(bytes[Self.granularity...]), headers: headers)
            #expect(end.status == status)
            let after = await command(client, url, "query").headers.first(name: "X-Goog-Upload-Status")
            #expect(after == (status == 200 ? "final" : "cancelled"))
        }
        #expect(library.checkedUploads == 2)
    }

    @Test(arguments: [false, true])
    func aFinalUploadMayRepeatItsToken(repeats: Bool) async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { $0.repeatsUploadTokens = repeats }
        let client = try TestClient(library)
        let url = try await start(client, size: 100)
        let token = await command(client, url, "upload, finalize", offset: 0, picture(100)).body
        #expect(await command(client, url, "query").body == (repeats ? token : []))
    }
}
