import ConnectorKit
import FakePhotos
import HTTP
import PhotosAPI
import PhotosLibrary

/// Signing in to the fake, with its user for a browser.
extension FakeService {
    public func signIn(_ more: [String: String] = [:]) throws -> SignIn {
        try SignInSettings(settings("demo", ["auth_url": server.baseURL + "/auth"].merging(more) { $1 }))
            .signIn(clock.runtime())
    }

    /// Where the sign-in page sends the browser; nil where it shows a page.
    public func redirect(_ authorization: Authorization) async -> String? {
        let target = authorization.url.dropFirst(server.baseURL.count)
        return await library.respond(to: FakeRequest("GET", String(target))).headers.first(name: "Location")
    }

    public func httpClient() throws -> HTTPClient { try HTTPClient(configuration: .init(userAgent: "test")) }

    public func configuration() throws -> PhotosClient.Configuration { try LibrarySettings(settings()).api }
}
