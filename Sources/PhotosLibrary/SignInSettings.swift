import ConnectorKit
import Foundation
import HTTP
import PhotosAPI

/// What the settings of a source or destination say about signing in to it, checked.
///
/// Other than ``LibrarySettings`` it needs no token.
public struct SignInSettings: Sendable, Hashable {
    public var client: OAuthClient
    public var caFile: String?
    /// What was stored at the last sign-in.
    public var token: OAuthToken?

    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public init(_ settings: Settings) throws(ConnectorError) {
        guard let id = settings["client_id"] else {
            throw ConnectorError(
                .config, "the setting client_id is missing: Google signs people in to apps that it knows",
                hint: "make a client of your own (docs/google-client.md has the ten steps), then set client_id=ID and "
                    + "client_secret=-")
        }
        if try settings.bool("client_credentials", default: false) {
            throw ConnectorError(
                .config,
                "the setting client_credentials does not work with Google Photos: an app cannot sign in as itself",
                hint: "unset it")
        }
        client = OAuthClient(
            id: id, secret: settings.secret("client_secret"),
            authURL: try LibrarySettings.url(settings, "auth_url", default: OAuthClient.googleAuth),
            tokenURL: try LibrarySettings.url(settings, "token_url", default: PhotosClient.Configuration.googleToken))
        caFile = settings["ca_file"]
        // One that cannot be read is no reason not to make a new one.
        token = settings["token"].flatMap { try? OAuthToken(parsing: $0) }
    }

    /// - Throws: ``ConnectorError`` with code `config`, where `ca_file` cannot be used.
    public func signIn(_ runtime: Runtime) throws(ConnectorError) -> SignIn {
        var configuration = HTTPClient.Configuration(userAgent: "gphotos/\(Product.version)")
        configuration.caFile = caFile
        // A person waits for it.
        configuration.connectTimeout = .seconds(20)
        configuration.stallTimeout = .seconds(20)
        return SignIn(client: client, http: try HTTPClient(configured: configuration), runtime: runtime)
    }
}
