import ConnectorKit

/// An app as it was registered with Google, and where people sign in to it.
public struct OAuthClient: Sendable, Hashable {
    public var id: String
    /// Google gives one to apps for the desktop too and asks for it, although it is no secret there.
    public var secret: Secret?
    public var authURL: String
    public var tokenURL: String

    public static let googleAuth = "https://accounts.google.com/o/oauth2/v2/auth"

    public init(
        id: String, secret: Secret?, authURL: String = Self.googleAuth,
        tokenURL: String = PhotosClient.Configuration.googleToken
    ) {
        self.id = id
        self.secret = secret
        self.authURL = authURL
        self.tokenURL = tokenURL
    }
}
