import ConnectorKit
import HTTP

/// Signs in to an account: what `PhotosClient` needs first.
public final class SignIn: Sendable {
    public let client: OAuthClient
    private let http: HTTPClient
    private let endpoint: TokenEndpoint

    /// A token that is good, and what it is good for.
    public struct Outcome: Sendable {
        public var token: OAuthToken
        public var granted: Set<OAuthScope>
        /// What was asked for and not allowed: a person can untick each permission.
        /// <https://developers.google.com/identity/protocols/oauth2/resources/granular-permissions>
        public var missing: Set<OAuthScope>
    }

    public init(client: OAuthClient, http: HTTPClient, runtime: Runtime) {
        self.client = client
        self.http = http
        endpoint = TokenEndpoint(
            http: http, url: client.tokenURL, clientID: client.id, clientSecret: client.secret, runtime: runtime)
    }

    /// Ends what is under way.
    public func shutdown() { http.shutdown() }

    /// Makes a token of the code that a browser brought.
    /// - Throws: ``ConnectorError``: `permission` where nothing of what was asked for was allowed.
    public func finish(_ authorization: Authorization, code: Secret) async throws -> Outcome {
        let grant = try await endpoint.exchange(code, of: authorization)
        return try outcome(grant, asked: authorization.scopes)
    }

    /// Checks a token that was made elsewhere: renews it with this client.
    /// - Throws: ``ConnectorError``: `auth` where it has no refresh token or belongs to another client; `permission` as
    ///   above.
    public func adopt(_ token: OAuthToken, scopes: Set<OAuthScope>) async throws -> Outcome {
        guard let refreshToken = token.refreshToken else {
            throw ConnectorError(
                .auth, "the token has no refresh token: it would be over within the hour",
                hint: "make a new one with rclone authorize \"google photos\" CLIENT_ID CLIENT_SECRET")
        }
        return try outcome(try await endpoint.renew(refreshToken), asked: scopes)
    }

    private func outcome(_ grant: TokenEndpoint.Grant, asked: Set<OAuthScope>) throws(ConnectorError) -> Outcome {
        let granted = grant.scopes ?? asked
        if granted.isDisjoint(with: asked) {
            throw ConnectorError(
                .permission, "nothing of what this sign-in is for was allowed",
                hint: "sign in again and leave the permissions ticked")
        }
        return Outcome(token: grant.token, granted: granted, missing: asked.subtracting(granted))
    }
}
