/// Who signs in at `/auth`, what that user does there, and how long it lasts. Times are Google's.
/// <https://developers.google.com/identity/protocols/oauth2#expiration>
public struct SignInRules: Sendable, Hashable {
    /// The account that signs in, where the request has no `login_hint`.
    public var account = "demo"
    /// Whether the user refuses.
    public var denies = false
    /// What the user unticks.
    public var unticked: Set<Scope> = []
    /// Whether the answer has another `state` than the request.
    public var sendsWrongState = false
    /// Whether the consent screen of the project is in Testing: refresh tokens that are made then end after seven days,
    /// also when the app is published later.
    public var isTesting = false
    /// Refresh tokens of an account for one client; one more ends the oldest.
    public var refreshTokenLimit = 100
    /// Seconds after which a refresh token that was not used has ended: six months.
    public var unusedLifetime = 183 * 86400

    public init() {}
}

/// A code on its way from `/auth` to `/token`. Ten minutes, once.
struct AuthorizationCode: Sendable {
    var account: Int
    var client: Int
    var scopes: Set<Scope>
    var redirectURI: String
    var challenge: String?
    /// `S256`, or `plain` where nothing was said (RFC 7636, 4.3).
    var challengeMethod: String
    /// Whether a refresh token is wanted at all.
    var isOffline: Bool
    /// Whether it is wanted although there is one.
    var isConsentForced: Bool
    /// Seconds since 1970.
    var expiry: Int64
}
