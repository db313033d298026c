import ConnectorKit
import Crypto
import FakePhotos
import Foundation
import HTTP
import PhotosLibrary
import SeededRandom
import Synchronization
import TestSupport
import Testing

@testable import PhotosAPI

/// A content that can be read once, in pieces of any size.
private actor OneTimeContent: HTTPBodySource {
    private var rest: ArraySlice<UInt8>
    private let piece: Int
    private let failure: ConnectorError?

    init(_ bytes: [UInt8], piece: Int = 256 << 10, failure: ConnectorError? = nil) {
        rest = bytes[...]
        self.piece = piece
        self.failure = failure
    }

    func next() throws -> [UInt8]? {
        if rest.isEmpty {
            if let failure { throw failure }
            return nil
        }
        defer { rest = rest.dropFirst(piece) }
        return Array(rest.prefix(piece))
    }
}

/// Keeps what an upload says of its sessions.
private final class SessionLog: Sendable {
    private let entries = Mutex<[UploadSession?]>([])
    var all: [UploadSession?] { entries.withLock { $0 } }
    var last: UploadSession? { all.last ?? nil }
    var keeper: PhotosClient.SessionKeeper { { session in self.entries.withLock { $0.append(session) } } }
}

private let large = Int(PhotosClient.largestRawUpload) + 1

private func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) } }
    bytes.removeLast(bytes.count - count)
    return bytes
}

extension FakeService {
    fileprivate func uploader(hash: Bool = true) throws -> PhotosClient {
        library.updateRules { $0.acceptsAnyContent = true }
        let settings = try LibrarySettings(settings("demo", ["upload_hash": "\(hash)"]))
        return try PhotosClient(settings, runtime: clock.runtime(), reporter: TestReporter())
    }

    /// What became of an upload: the bytes of the item that its token makes.
    fileprivate func content(of token: UploadToken, _ client: PhotosClient) async throws -> [UInt8]? {
        let items = [NewMediaItem(uploadToken: token, filename: "a.mp4")]
        let item = try #require(try await client.createMediaItems(items, albumID: nil).first).get()
        return library.content(ofItem: item.id)
    }
}

@Suite struct UploadTests {
    @Test(arguments: [
        (20 << 10, true, 1), (20 << 10, false, 1), (large - 1, true, 1), (large, true, 3), (large, false, 2),
        (64 * 262_144 + 262_144, true, 3),
    ])
    func anUploadTakesAsFewRequestsAsThereCanBe(size: Int, hash: Bool, requests: Int) async throws {
        try await FakeService.run { service in
            let client = try service.uploader(hash: hash)
            let bytes = bytes(size)
            let token = try await client.upload(OneTimeContent(bytes), size: Int64(size), mimeType: "video/mp4")
            #expect(service.library.requestCount(.uploads) == requests)
            #expect(service.library.checkedUploads == (hash ? 1 : 0))
            #expect(client.statistics.bytesUploaded == Int64(size))
            #expect(try await service.content(of: token, client) == bytes)
        }
    }

    @Test(arguments: [1, 300_000, large, large + 5_000_000])
    func aSizeThatIsNotKnownIsNoObstacle(size: Int) async throws {
        try await FakeService.run { service in
            let client = try service.uploader()
            let bytes = bytes(size)
            let token = try await client.upload(OneTimeContent(bytes), size: nil, mimeType: "video/mp4")
            #expect(service.library.requestCount(.uploads) == 1)
            #expect(client.statistics.bytesUploaded == Int64(size))
            #expect(try await service.content(of: token, client) == bytes)
        }
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func aBreakAnywhereCostsNoByte(seed: UInt64) async throws {
        try await FakeService.run { service in
            var random = SeededRandom(seed: seed)
            let size = Int.random(in: large...large + (12 << 20), using: &random)
            let client = try service.uploader(hash: Bool.random(using: &random))
            let cuts = Int.random(in: 1...4, using: &random)
            for _ in 0..<cuts {
                var fault = FakeFault(.reset, on: .uploads)
                fault.bytes = Int.random(in: 0...size / cuts, using: &random)
                service.library.inject(fault)
            }
            let bytes = bytes(size, seed: seed)
            let content = OneTimeContent(bytes, piece: Int.random(in: 1000...3_000_000, using: &random))
            let token = try await client.upload(content, size: Int64(size), mimeType: "video/mp4")
            #expect(try await service.content(of: token, client) == bytes, "seed \(seed)")
            // A query and a request for the rest after each break.
            #expect(service.library.requestCount(.uploads) <= 3 + 2 * cuts, "seed \(seed)")
        }
    }

    @Test(arguments: [FakeFault.Kind.truncate, .reset, .dropAnswer, .expire, .status])
    func aSmallFileIsSentAgainFromMemory(kind: FakeFault.Kind) async throws {
        try await FakeService.run { service in
            let client = try service.uploader()
            var fault = FakeFault(kind, on: .uploads)
            fault.status = 429
            fault.bytes = 100_000
            service.library.inject(fault)
            let bytes = bytes(300_000)
            let token = try await client.upload(OneTimeContent(bytes), size: 300_000, mimeType: "image/jpeg")
            #expect(try await service.content(of: token, client) == bytes)
            if kind == .status { #expect(service.clock.sleeps == [.seconds(30)]) }
        }
    }

    @Test(arguments: [FakeFault.Kind.reset, .dropAnswer, .expire, .status], 0..<3)
    func everyRequestOfASessionMayFail(kind: FakeFault.Kind, after: Int) async throws {
        try await FakeService.run { service in
            // Without the token of a lost answer, the bytes would have to be read again.
            service.library.updateRules { $0.repeatsUploadTokens = true }
            let client = try service.uploader()
            var fault = FakeFault(kind, on: .uploads)
            fault.after = after
            fault.status = 503
            service.library.inject(fault)
            let bytes = bytes(large + 300_000)
            let size = Int64(bytes.count)
            let token = try await client.upload(OneTimeContent(bytes), size: size, mimeType: "video/mp4")
            #expect(try await service.content(of: token, client) == bytes)
        }
    }

    @Test func aTokenThatWentWithItsAnswerIsAskedForByAnotherRun() async throws {
        try await FakeService.run { service in
            let client = try service.uploader()
            // So long that its start is not held any more.
            let bytes = bytes(large + 2_000_000)
            var fault = FakeFault(.dropAnswer, on: .uploads)
            fault.after = 2
            service.library.inject(fault)
            let sessions = SessionLog()
            let error = await #expect(throws: ConnectorError.self) {
                try await client.upload(
                    OneTimeContent(bytes), size: Int64(bytes.count), mimeType: "video/mp4",
                    onSession: sessions.keeper)
            }
            #expect(error?.code == .unavailable)
            #expect(error?.isRetryable == true)
            #expect(sessions.all.count == 2 && sessions.last == nil)
        }
    }

    @Test func aContentThatEndsBadlyLeavesNothing() async throws {
        try await FakeService.run { service in
            let client = try service.uploader()
            for size in [1000, large] {
                let sessions = SessionLog()
                let failure = ConnectorError(.corrupt, "the hash differs")
                let error = await #expect(throws: ConnectorError.self) {
                    try await client.upload(
                        OneTimeContent(bytes(size), failure: failure), size: Int64(size), mimeType: "video/mp4",
                        onSession: sessions.keeper)
                }
                #expect(error == failure)
                guard size == large else { continue }
                #expect(sessions.all.count == 2 && sessions.last == nil)
                let session = try #require(sessions.all[0])
                guard case .over = try await client.status(of: session) else {
                    Issue.record("the session was not cancelled")
                    continue
                }
            }
        }
    }

    @Test(arguments: [-1, 1], [true, false])
    func aContentOfAnotherSizeIsCorrupt(difference: Int, hash: Bool) async throws {
        try await FakeService.run { service in
            let client = try service.uploader(hash: hash)
            for size in [1000, large] {
                let error = await #expect(throws: ConnectorError.self) {
                    try await client.upload(
                        OneTimeContent(bytes(size + difference)), size: Int64(size), mimeType: "video/mp4")
                }
                #expect(error?.code == .corrupt)
            }
        }
    }

    @Test(arguments: [
        "Checksum from header does not match received payload content.",
        #"{"error":{"code":400,"message":"User-provided checksum does not match received payload content."}}"#,
    ])
    func bytesThatChangedOnTheWayAreSaidToBeCorrupt(text: String) async throws {
        try await FakeService.run { service in
            let client = try service.uploader()
            for (size, after) in [(1000, 0), (large, 2)] {
                var fault = FakeFault(.status, on: .uploads)
                fault.status = 400
                fault.body = text
                fault.after = after
                fault.count = 6
                service.library.inject(fault)
                let error = await #expect(throws: ConnectorError.self) {
                    try await client.upload(OneTimeContent(bytes(size)), size: Int64(size), mimeType: "video/mp4")
                }
                #expect(error?.code == .corrupt)
                #expect(error?.isRetryable == true)
                service.library.clearFaults()
            }
        }
    }

    @Test func anEmptyContentIsRefusedWithoutARequest() async throws {
        try await FakeService.run { service in
            let client = try service.uploader()
            let error = await #expect(throws: ConnectorError.self) {
                try await client.upload(OneTimeContent([]), size: nil, mimeType: "image/jpeg")
            }
            #expect(error?.code == .rejected)
            #expect(service.library.requestCount(.uploads) == 0)
        }
    }

    @Test func aFileThatIsTooLargeIsSaidToBe() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.photoSizeLimit = 10 }
            let client = try service.uploader()
            let error = await #expect(throws: ConnectorError.self) {
                try await client.upload(OneTimeContent(bytes(100)), size: 100, mimeType: "image/jpeg")
            }
            #expect(error?.code == .tooLarge)
        }
    }
}

@Suite struct UploadSessionTests {
    /// Breaks an upload off for good after a part of its bytes.
    private func begin(_ bytes: [UInt8], _ service: FakeService) async throws -> UploadSession {
        let client = try service.uploader()
        var cut = FakeFault(.reset, on: .uploads)
        cut.bytes = 10 << 20
        service.library.inject(cut)
        var outage = FakeFault(.status, on: .uploads)
        outage.status = 503
        outage.match = "upload_id"
        outage.count = 100
        service.library.inject(outage)
        let sessions = SessionLog()
        let error = await #expect(throws: ConnectorError.self) {
            try await client.upload(
                OneTimeContent(bytes), size: Int64(bytes.count), mimeType: "video/mp4", onSession: sessions.keeper)
        }
        #expect(error?.isRetryable == true)
        service.library.clearFaults()
        service.library.resetStatistics()
        return try #require(sessions.last)
    }

    @Test func anotherRunSendsOnlyWhatHasNotArrived() async throws {
        try await FakeService.run { service in
            let bytes = bytes(large + 1_000_000)
            let session = try await begin(bytes, service)
            #expect("\(session)".contains("upload_id") == false)
            let client = try service.uploader()
            let sessions = SessionLog()
            let token = try await client.upload(
                OneTimeContent(bytes), size: Int64(bytes.count), mimeType: "video/mp4", continuing: session,
                onSession: sessions.keeper)
            #expect(client.statistics.bytesUploaded == Int64(bytes.count) - 10 << 20)
            #expect(service.library.requestCount(.uploads) == 3)
            #expect(service.library.checkedUploads == 1)
            #expect(sessions.all.isEmpty)
            #expect(try await service.content(of: token, client) == bytes)
        }
    }

    @Test func aSessionThatIsOverIsFollowedByANewOne() async throws {
        try await FakeService.run { service in
            let bytes = bytes(large)
            var session = try await begin(bytes, service)
            let strangers = [
                session.url.reveal().replacing("upload_id=", with: "upload_id=x"),
                session.url.reveal().replacing("127.0.0.1", with: "127.0.0.2"),
            ]
            for url in strangers {
                session.url = Secret(url)
                let client = try service.uploader()
                let sessions = SessionLog()
                let token = try await client.upload(
                    OneTimeContent(bytes), size: Int64(large), mimeType: "video/mp4", continuing: session,
                    onSession: sessions.keeper)
                #expect(sessions.all.count == 1)
                #expect(client.statistics.bytesUploaded == Int64(large))
                #expect(token.birth == service.clock.now)
            }
        }
    }

    @Test func aSessionOnAnotherHostGetsNothing() async throws {
        try await FakeService.run { service in
            // The service names itself by 127.0.0.1.
            let url = service.server.baseURL.replacing("127.0.0.1", with: "localhost")
            let settings = try LibrarySettings(service.settings("demo", ["api_url": url]))
            let client = try PhotosClient(settings, runtime: service.clock.runtime(), reporter: TestReporter())
            let error = await #expect(throws: ConnectorError.self) {
                try await client.upload(OneTimeContent(bytes(large)), size: Int64(large), mimeType: "video/mp4")
            }
            #expect(error?.message.contains("another host") == true)
            #expect(service.library.requestCount(.uploads) == 1)
        }
    }
}

@Suite struct UploadFeedTests {
    @Test func theLastBytesAreHeldAndNoMore() async throws {
        let all = bytes(24 << 20)
        let feed = UploadFeed(OneTimeContent(all, piece: 100_000), size: Int64(all.count))
        #expect(try await feed.bytes(at: 0, limit: 10) == Array(all[..<10]))
        try await feed.skip(to: Int64(all.count))
        let oldest = Int64(all.count) - UploadFeed.window
        #expect(await feed.holds(oldest))
        #expect(await !feed.holds(oldest - 100_001))
        let found = try await feed.bytes(at: oldest, limit: 5)
        #expect(found == Array(all[Int(oldest)..<Int(oldest) + 5]))
        #expect(try await feed.sha1() == Array(Insecure.SHA1.hash(data: all)))
    }

    @Test func anUploadThatIsCancelledDoesNotWaitForItsContent() async throws {
        try await FakeService.run { service in
            let client = try service.uploader()
            let (asked, signal) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                try await client.upload(StuckContent(signal), size: Int64(large), mimeType: "video/mp4")
            }
            for await _ in asked { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}

/// Says when it is asked, and never answers: only a cancellation ends the wait.
private struct StuckContent: HTTPBodySource {
    private let signal: AsyncStream<Void>.Continuation
    init(_ signal: AsyncStream<Void>.Continuation) { self.signal = signal }

    func next() async throws -> [UInt8]? {
        signal.yield()
        let (never, hold) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
        hold.finish()
        try Task.checkCancellation()
        return nil
    }
}

@Suite struct MediaFormatTests {
    @Test(arguments: [
        ("a.JPG", nil, "image/jpeg"), ("a.jpg", "application/octet-stream", "image/jpeg"),
        ("a.dng", nil, "image/x-adobe-dng"),
        ("a.CR3", nil, "image/x-canon-cr3"), ("a.tar.mp4", nil, "video/mp4"), ("noname", "image/png", "image/png"),
        ("a.jpg", "image/pjpeg", "image/pjpeg"),
    ])
    func aFormatIsKnownByNameOrType(filename: String, type: String?, expected: String) {
        #expect(MediaFormat(filename: filename, mimeType: type)?.mimeType == expected)
    }

    @Test(arguments: ["a.txt", "jpg", "a.json", "a.jpg.xmp", ""])
    func whatIsNoMediaHasNone(filename: String) {
        #expect(MediaFormat(filename: filename, mimeType: nil) == nil)
        #expect(MediaFormat(filename: filename, mimeType: "application/pdf") == nil)
    }

    @Test func sizesAreRefusedBeforehand() throws {
        let photo = try #require(MediaFormat(filename: "a.jpg", mimeType: nil))
        let video = try #require(MediaFormat(filename: "a.mp4", mimeType: nil))
        try photo.check(size: 200 << 20)
        try video.check(size: 20 << 30)
        #expect(throws: ConnectorError.self) { try photo.check(size: (200 << 20) + 1) }
        #expect(#expect(throws: ConnectorError.self) { try video.check(size: (20 << 30) + 1) }?.code == .tooLarge)
        #expect(#expect(throws: ConnectorError.self) { try photo.check(size: 0) }?.code == .rejected)
    }
}
