import ConnectorKit
import HTTP
import StrictJSON

/// The token endpoint of RFC 6749 (3.2), as far as an installed app needs it.
struct TokenEndpoint: Sendable {
    let http: HTTPClient
    let url: String
    let clientID: String
    let clientSecret: Secret?
    let runtime: Runtime

    /// What is asked for, which decides what a refusal means.
    enum Purpose: Sendable {
        case renewal, exchange

        var operation: String {
            switch self {
            case .renewal: "renew the sign-in"
            case .exchange: "finish the sign-in"
            }
        }
    }

    /// An answer of the endpoint.
    struct Grant: Sendable {
        var access: Secret
        var token: OAuthToken
        /// Nil where the answer does not say: then it is what was asked for (RFC 6749, section 5.1).
        var scopes: Set<OAuthScope>?
    }

    /// Renews a token (section 6). It may be repeated.
    func renew(_ refreshToken: Secret) async throws -> Grant {
        var grant = try await send(
            [("grant_type", "refresh_token"), ("refresh_token", refreshToken.reveal())], for: .renewal)
        // Google's answers hold no new refresh token as a rule; one that comes replaces the old one.
        grant.token.refreshToken = grant.token.refreshToken ?? refreshToken
        return grant
    }

    /// Makes a token of an authorization code (section 4.1.3), which can be used once only.
    func exchange(_ code: Secret, of authorization: Authorization) async throws -> Grant {
        try await send(
            [
                ("grant_type", "authorization_code"), ("code", code.reveal()),
                ("redirect_uri", authorization.redirectURI), ("code_verifier", authorization.verifier.reveal()),
            ], for: .exchange)
    }

    private func send(_ fields: [(String, String)], for purpose: Purpose) async throws -> Grant {
        var fields = fields + [("client_id", clientID)]
        if let clientSecret { fields.append(("client_secret", clientSecret.reveal())) }
        do {
            var request = HTTPRequest(
                method: "POST", url: url, headers: [.init("Content-Type", "application/x-www-form-urlencoded")],
                body: .bytes(Array(PercentEncoding.form(fields).utf8)))
            request.isSentOnce = purpose == .exchange
            let response = try await http.send(request)
            let answer = try await response.body.collect(limit: 1 << 20)
            guard response.status == 200 else {
                throw GoogleError.token(status: response.status, body: answer, for: purpose)
            }
            guard let json = try? JSON(parsing: answer), let access = json["access_token"]?.stringValue, !access.isEmpty
            else {
                throw GoogleError.nonsense(operation: purpose.operation, isHTML: GoogleError.looksLikeHTML(answer))
            }
            return grant(json, access: Secret(access))
        } catch {
            throw GoogleError.transport(error, operation: purpose.operation)
        }
    }

    private func grant(_ json: JSON, access: Secret) -> Grant {
        let refreshToken = json["refresh_token"]?.stringValue ?? ""
        let token = OAuthToken(
            accessToken: access, tokenType: json["token_type"]?.stringValue ?? "Bearer",
            refreshToken: refreshToken.isEmpty ? nil : Secret(refreshToken),
            expiry: json["expires_in"]?.int64Value.map { runtime.now().adding(seconds: $0) })
        return Grant(access: access, token: token, scopes: json["scope"]?.stringValue.map(OAuthScope.parse))
    }
}
