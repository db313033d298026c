import FakePhotos
import Foundation
import StrictJSON
import Testing

@Suite struct TokenTests {
    private func refresh(
        _ library: FakeLibrary, _ fields: [String: String], basic: String? = nil
    ) async -> FakeResponse {
        let form = fields.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? value)"
        }
        var request = FakeRequest("POST", "/token", body: Array(form.joined(separator: "&").utf8))
        if let basic {
            request = FakeRequest(
                "POST", "/token", headers: ["Authorization": "Basic \(Data(basic.utf8).base64EncodedString())"],
                body: Array(form.joined(separator: "&").utf8))
        }
        return await library.respond(to: request)
    }

    @Test func refreshesWithFormAndWithBasic() async throws {
        let library = try FakeLibrary(options: .empty)
        let credentials = try library.credentials(account: "demo")
        let form = await refresh(
            library,
            [
                "grant_type": "refresh_token", "refresh_token": credentials.refreshToken,
                "client_id": credentials.clientID, "client_secret": credentials.clientSecret,
            ])
        #expect(form.status == 200)
        let answer = try form.json()
        #expect(answer["token_type"] == "Bearer" && answer["expires_in"] == 3599 && answer["refresh_token"] == nil)
        #expect(answer["scope"]?.stringValue?.split(separator: " ").count == Scope.allCases.count)
        let basic = await refresh(
            library, ["grant_type": "refresh_token", "refresh_token": credentials.refreshToken],
            basic: "\(credentials.clientID):\(credentials.clientSecret)")
        #expect(basic.status == 200)
        #expect(library.tokenRefreshes == 2)

        let token = try #require(answer["access_token"]?.stringValue)
        let request = FakeRequest("GET", "/v1/albums", headers: ["Authorization": "Bearer \(token)"])
        #expect(await library.respond(to: request).status == 200)
        library.advanceClock(seconds: 3599)
        let late = await library.respond(to: request)
        #expect(late.status == 401)
        #expect(try late.json().errorMessage.hasPrefix("Request had invalid authentication credentials."))
    }

    @Test func refusesBadClientsAndTokens() async throws {
        let library = try FakeLibrary(options: .empty)
        let credentials = try library.credentials(account: "demo")
        let fields = [
            "grant_type": "refresh_token", "refresh_token": credentials.refreshToken,
            "client_id": credentials.clientID, "client_secret": credentials.clientSecret,
        ]
        let badClient = await refresh(library, fields.merging(["client_secret": "x"]) { $1 })
        #expect(badClient.status == 401)
        #expect(try badClient.json()["error"] == "invalid_client")
        #expect(await refresh(library, fields.merging(["grant_type": "password"]) { $1 }).status == 400)
        try library.revokeTokens(account: "demo")
        let revoked = await refresh(library, fields)
        #expect(revoked.status == 400)
        #expect(
            try revoked.json()
                == ["error": "invalid_grant", "error_description": "Token has been expired or revoked."])
    }

    @Test func callsNeedTheirScope() async throws {
        let library = try FakeLibrary()
        let reader = try TestClient(library, scopes: [.read])
        #expect(await reader.get("/v1/albums").status == 200)
        let refused = await reader.post("/v1/albums", ["album": ["title": "A"]])
        #expect(refused.status == 403)
        #expect(try refused.json().errorMessage == "Request had insufficient authentication scopes.")
        let writer = try TestClient(library, scopes: [.append])
        #expect(await writer.post("/v1/albums", ["album": ["title": "A"]]).status == 200)
        #expect(await writer.get("/v1/mediaItems").status == 403)
        #expect(await library.respond(to: FakeRequest("GET", "/v1/albums")).status == 401)
    }

    @Test func theDaysRequestsAreLimited() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { $0.requestsPerDay = 2 }
        let client = try TestClient(library)
        #expect(await client.get("/v1/albums").status == 200)
        #expect(await client.get("/v1/mediaItems").status == 200)
        let refused = await client.get("/v1/albums")
        #expect(refused.status == 429)
        let error = try refused.json()["error"]
        #expect(error?["message"]?.stringValue?.contains("'All requests per day'") == true)
        let detail = error?["details"]?.arrayValue?.first?["metadata"]
        #expect(detail?["quota_limit"] == "ApiCallsPerProjectPerDay")
        library.advanceClock(seconds: 86400)
        #expect(try await TestClient(library).get("/v1/albums").status == 200)
    }

    @Test func theAPICanBeDisabled() async throws {
        let library = try FakeLibrary(options: .empty)
        library.updateRules { $0.isDisabled = true }
        let refused = try await TestClient(library).get("/v1/albums")
        #expect(refused.status == 403)
        #expect(try refused.json().errorMessage.contains("has not been used in project"))
    }
}
