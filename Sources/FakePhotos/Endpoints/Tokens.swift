import Foundation
import StrictJSON

/// The OAuth token endpoint (RFC 6749) as Google's behaves: `POST /token` and `POST /revoke`.
extension LibraryState {
    mutating func token(_ request: FakeRequest, now: Int64) -> FakeResponse {
        let form = FakeRequest.fields(String(buffer: request.bytes))
        func field(_ name: String) -> String? { form.first { $0.name == name }?.value }
        let basic = Self.basicCredentials(request.headers.first(name: "Authorization"))
        guard let clientID = basic?.name ?? field("client_id"), let secret = basic?.secret ?? field("client_secret"),
            let client = clients.firstIndex(where: { $0.id == clientID && $0.secret == secret })
        else { return Self.refusal(401, "invalid_client", "The OAuth client was not found.") }
        switch field("grant_type") {
        case "refresh_token": return refresh(client: client, now: now, field)
        case "authorization_code": return exchange(client: client, now: now, field)
        case let other: return Self.refusal(400, "unsupported_grant_type", "Invalid grant_type: \(other ?? "")")
        }
    }

    private mutating func refresh(client: Int, now: Int64, _ field: (String) -> String?) -> FakeResponse {
        guard let text = field("refresh_token"), let grant = refreshTokens[text], grant.client == client,
            isLive(grant, now: now)
        else { return Self.refusal(400, "invalid_grant", "Token has been expired or revoked.") }
        refreshTokens[text]?.lastUse = now
        statistics.tokenRefreshes += 1
        let access = issueAccessToken(account: grant.account, client: client, scopes: grant.scopes, now: now)
        // Google does not hand out a new refresh token here: the old one stays good.
        return FakeResponse(json: .object(tokenAnswer(access, scopes: grant.scopes)))
    }

    func tokenAnswer(_ access: String, scopes: Set<Scope>) -> JSONObject {
        [
            "access_token": .string(access), "expires_in": .integer(Int64(rules.accessTokenLifetime)),
            "scope": .string(Self.text(of: scopes)), "token_type": "Bearer",
        ]
    }

    static func text(of scopes: Set<Scope>) -> String {
        Scope.allCases.filter(scopes.contains).map(\.rawValue).joined(separator: " ")
    }

    mutating func issueAccessToken(account: Int, client: Int, scopes: Set<Scope>, now: Int64) -> String {
        // Tokens that are over must not pile up over days of a test's clock.
        if accessTokens.count > 1000 { accessTokens = accessTokens.filter { $0.value.expiry ?? .max > now } }
        let access = "ya29." + randomText(120)
        accessTokens[access] = TokenGrant(
            account: account, client: client, scopes: scopes, expiry: now + Int64(rules.accessTokenLifetime))
        return access
    }

    mutating func revoke(_ request: FakeRequest) -> FakeResponse {
        let form = FakeRequest.fields(String(buffer: request.bytes))
        let text = form.first { $0.name == "token" }?.value ?? request.parameter("token") ?? ""
        guard let grant = refreshTokens[text] ?? accessTokens[text] else {
            return Self.refusal(400, "invalid_token", "Token expired or revoked")
        }
        revoke(account: grant.account, client: grant.client)
        return FakeResponse(json: [:])
    }

    /// Ends every token that a user gave an app.
    mutating func revoke(account: Int, client: Int) {
        refreshTokens = refreshTokens.filter { $0.value.account != account || $0.value.client != client }
        accessTokens = accessTokens.filter { $0.value.account != account || $0.value.client != client }
    }

    static func refusal(_ status: Int, _ error: String, _ description: String) -> FakeResponse {
        FakeResponse(
            status: status, json: ["error": .string(error), "error_description": .string(description)])
    }

    /// The client's name and secret (RFC 6749, 2.3.1): both are form-encoded before they are joined.
    private static func basicCredentials(_ header: String?) -> (name: String, secret: String)? {
        guard let header, header.hasPrefix("Basic "), let data = Data(base64Encoded: String(header.dropFirst(6)))
        else { return nil }
        let parts = String(decoding: data, as: UTF8.self).split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let fields = FakeRequest.fields("\(parts[0])=\(parts[1])")
        return fields.first.map { ($0.name, $0.value) }
    }

    /// Who makes a call of the Library API.
    func grant(_ request: FakeRequest, now: Int64) throws(APIError) -> TokenGrant {
        var text = request.parameter("access_token")
        if let header = request.headers.first(name: "Authorization") {
            let parts = header.split(separator: " ")
            text = parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : nil
        }
        guard let text, let grant = accessTokens[text], grant.expiry.map({ now < $0 }) ?? true else {
            throw .unauthenticated
        }
        return grant
    }
}
