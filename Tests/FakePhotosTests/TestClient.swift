import FakePhotos
import NIOHTTP1
import StrictJSON
import Testing

/// A client that asks the service without a socket.
struct TestClient {
    let library: FakeLibrary
    let token: String

    init(
        _ library: FakeLibrary, account: String = "demo", clientID: String = FakeLibrary.clientID,
        scopes: Set<Scope> = Set(Scope.allCases)
    ) throws {
        self.library = library
        token = try library.accessToken(account: account, clientID: clientID, scopes: scopes)
    }

    func send(
        _ method: String, _ target: String, _ body: JSON? = nil, bytes: [UInt8] = [], headers: HTTPHeaders = [:]
    ) async -> FakeResponse {
        var headers = headers
        headers.add(name: "Authorization", value: "Bearer \(token)")
        return await library.respond(
            to: FakeRequest(method, target, headers: headers, body: body?.bytes ?? bytes))
    }

    func get(_ target: String) async -> FakeResponse { await send("GET", target) }
    func post(_ target: String, _ body: JSON) async -> FakeResponse { await send("POST", target, body) }

    /// Every page of a search, as lists of ids.
    func pages(_ query: JSONObject, most: Int = 200) async throws -> [[String]] {
        var query = query
        var pages: [[String]] = []
        repeat {
            let answer = try await post("/v1/mediaItems:search", .object(query)).json()
            pages.append(answer.ids)
            query["pageToken"] = answer["nextPageToken"]
        } while query["pageToken"] != nil && pages.count < most
        return pages
    }

    /// Uploads bytes and returns the token.
    func upload(_ bytes: [UInt8]) async -> String {
        let answer = await send("POST", "/v1/uploads", bytes: bytes, headers: ["X-Goog-Upload-Protocol": "raw"])
        #expect(answer.status == 200)
        return String(decoding: answer.body, as: UTF8.self)
    }

    func create(_ items: [(token: String, name: String)], with more: JSONObject = [:]) async -> FakeResponse {
        var body = more
        body["newMediaItems"] = .array(
            items.map {
                ["simpleMediaItem": ["uploadToken": .string($0.token), "fileName": .string($0.name)]]
            })
        return await post("/v1/mediaItems:batchCreate", .object(body))
    }

    /// The bytes that a baseUrl serves.
    func download(_ id: String, _ suffix: String = "=d", headers: HTTPHeaders = [:], method: String = "GET")
        async throws -> FakeResponse
    {
        let url = try #require(try await get("/v1/mediaItems/\(id)").json()["baseUrl"]?.stringValue)
        return await library.respond(to: FakeRequest(method, url.path + suffix, headers: headers))
    }
}

extension JSON {
    /// The ids of a page of media items.
    var ids: [String] { self["mediaItems"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? [] }
    var errorMessage: String { self["error"]?["message"]?.stringValue ?? "" }
    var errorStatus: String { self["error"]?["status"]?.stringValue ?? "" }
}

extension String {
    /// What follows the host of a URL.
    var path: String {
        guard let slash = dropFirst("http://".count).firstIndex(of: "/") else { return self }
        return String(self[slash...])
    }
}

/// Small pictures that differ.
enum Picture {
    /// The smallest thing that passes as a JPEG.
    static func tiny(_ index: Int) -> [UInt8] {
        [0xFF, 0xD8, 0xFF, 0xFE, 0, 6, UInt8(index & 255), UInt8(index >> 8 & 255), 0, 0, 0xFF, 0xD9]
    }
}
