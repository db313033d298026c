import ConnectorKit
import FakePhotos
import HTTP
import PhotosAPI
import TestSupport
import Testing

/// What a program asks of the client in a row of a table.
enum Operation: String, Sendable {
    /// Lists 250 items: three pages.
    case list
    case readItem = "read an item"
    case readAlbum = "read an album"
    case createAlbum = "create an album"
    /// Sends the bytes of a small picture.
    case upload
    /// Makes an item of an upload.
    case createItem = "create an item"
    /// Downloads an item of 32 KB.
    case download

    /// The endpoint whose requests are counted.
    var endpoint: Endpoint {
        switch self {
        case .list: .itemsList
        case .readItem: .itemsGet
        case .readAlbum: .albumsGet
        case .createAlbum: .albumsCreate
        case .upload: .uploads
        case .createItem: .itemsBatchCreate
        case .download: .download
        }
    }
}

/// One row: what the service does, and what the caller of the client sees of it.
struct CallRow: Sendable, CustomTestStringConvertible {
    var name: String
    var operation: Operation
    var faults: [FakeFault] = []
    var rules: @Sendable (inout ServiceRules) -> Void = { _ in }
    /// Nil for a success.
    var code: ConnectorError.Code?
    var isRetryable = false
    /// A part of the hint; nil where none is asked for.
    var hint: String?
    /// A part of the message.
    var message: String?
    /// Requests to the endpoint.
    var requests: Int
    /// Seconds of virtual time, of waits alone.
    var waits: [Int64] = []
    /// What a success gives: items of a list, bytes of a download that are right, items and albums that are there.
    var count: Int?

    var testDescription: String { "\(operation.rawValue): \(name)" }

    /// Runs the row against a service of its own.
    func check() async throws {
        try await FakeService.run { service in
            let setup = try await Setup(service, operation)
            service.library.updateRules(rules)
            for fault in faults { service.library.inject(fault) }
            let waitsBefore = service.clock.sleeps.count
            service.library.resetStatistics()
            let outcome: Result<Int, ConnectorError>
            do {
                outcome = .success(try await setup.perform(operation))
            } catch let error as ConnectorError {
                outcome = .failure(error)
            }
            switch outcome {
            case .success(let found):
                #expect(code == nil, "it went well")
                if let count { #expect(found == count) }
            case .failure(let error):
                #expect(error.code == code, "\(error)")
                #expect(error.isRetryable == isRetryable)
                if let hint { #expect(error.hint?.contains(hint) == true, "\(error.hint ?? "no hint")") }
                if let message { #expect(error.message.contains(message), "\(error.message)") }
            }
            #expect(service.library.requestCount(operation.endpoint) == requests)
            let waited = service.clock.sleeps[waitsBefore...].map(\.components.seconds)
            #expect(Array(waited) == waits)
        }
    }
}

/// What an operation needs to be there before anything goes wrong.
private struct Setup {
    let service: FakeService
    let client: PhotosClient
    var id = ""
    var album = ""
    var item: MediaItem?
    var token: UploadToken?

    private static let picture: [UInt8] = [0xFF, 0xD8, 0xFF, 0xFE, 0, 6, 1, 0, 0, 0, 0xFF, 0xD9]

    init(_ service: FakeService, _ operation: Operation) async throws {
        self.service = service
        client = try service.client()
        // A sign-in beforehand, so that only what the row is about is counted.
        try await client.ping()
        switch operation {
        case .list: _ = try service.library.addGeneratedItems(250)
        case .readItem, .download:
            id = try service.library.addItem(NewFakeItem("a.jpg"))
            item = try await client.mediaItem(id)
        case .readAlbum: album = try service.library.addAlbum("Lisbon")
        case .createItem: token = try await upload()
        case .createAlbum, .upload: break
        }
    }

    private func upload() async throws -> UploadToken {
        try await client.upload(
            Bytes(Self.picture), size: Int64(Self.picture.count), mimeType: "image/jpeg")
    }

    func perform(_ operation: Operation) async throws -> Int {
        switch operation {
        case .list:
            var count = 0
            for try await page in client.mediaItems() { count += page.count }
            return count
        case .readItem: return try await client.mediaItem(id).id == id ? 1 : 0
        case .readAlbum: return try await client.album(album).id == album ? 1 : 0
        case .createAlbum:
            _ = try await client.createAlbum(title: "Lisbon")
            return try service.library.albums().count
        case .upload:
            _ = try await upload()
            return service.library.uploads.count
        case .createItem:
            let token = try #require(token)
            let results = try await client.createMediaItems(
                [NewMediaItem(uploadToken: token, filename: "a.jpg")], albumID: nil)
            for result in results { _ = try result.get() }
            return try service.library.items(hashing: false).count
        case .download:
            let (client, item) = (client, try #require(item))
            let download = client.download { refused in
                let fresh = refused == nil ? item : try await client.mediaItem(item.id)
                return MediaItem.downloadURL(baseURL: fresh.baseURL, kind: fresh.kind)
            }
            let bytes = try await download.readAll()
            let stored = service.library.content(ofItem: id) ?? []
            return zip(bytes, stored).count { $0 == $1 }
        }
    }
}

/// Bytes as a body, in one piece.
private actor Bytes: HTTPBodySource {
    private var bytes: [UInt8]?

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func next() -> [UInt8]? {
        defer { bytes = nil }
        return bytes
    }
}

extension FakeFault {
    /// A status with a message of Google's, once unless told otherwise.
    static func status(
        _ status: Int, _ message: String? = nil, on endpoint: Endpoint, count: Int? = 1, retryAfter: Int? = nil
    ) -> FakeFault {
        var fault = FakeFault(.status, on: endpoint)
        (fault.status, fault.message, fault.count, fault.retryAfter) = (status, message, count, retryAfter)
        return fault
    }

    /// Any other fault.
    static func make(
        _ kind: Kind, on endpoint: Endpoint, bytes: Int? = nil, count: Int? = 1,
        change: (inout FakeFault) -> Void = { _ in }
    ) -> FakeFault {
        var fault = FakeFault(kind, on: endpoint)
        if let bytes { fault.bytes = bytes }
        fault.count = count
        change(&fault)
        return fault
    }
}
