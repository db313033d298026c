import ConnectorKit
import FakePhotos
import PhotosAPI
import PhotosLibrary

/// A fake Google Photos service, and what a connector needs to use an account of it.
public struct FakeService: Sendable {
    public let server: FakePhotosServer
    public let clock: TestClock

    public var library: FakeLibrary { server.library }

    /// Runs a body with a service of its own, which is stopped afterwards.
    public static func run<Result: Sendable>(
        _ options: FakeOptions = .empty, _ body: (FakeService) async throws -> Result
    ) async throws -> Result {
        let clock = TestClock()
        let library = try FakeLibrary(options: options, now: { clock.now.seconds })
        let server = try await FakePhotosServer.start(library: library)
        do {
            let result = try await body(FakeService(server: server, clock: clock))
            try await server.stop()
            return result
        } catch {
            try? await server.stop()
            throw error
        }
    }

    /// The settings of an account, as rclone's configuration has them. Without a catalog, which is beside the point of
    /// most tests.
    public func settings(_ account: String = "demo", _ more: [String: String] = [:]) throws -> Settings {
        let credentials = try library.credentials(account: account)
        let token = OAuthToken(
            accessToken: nil, refreshToken: Secret(credentials.refreshToken), expiry: nil)
        let base = [
            "type": "google photos", "name": account, "client_id": credentials.clientID,
            "client_secret": credentials.clientSecret, "token": token.json.reveal(), "api_url": server.baseURL,
            "token_url": server.baseURL + "/token", "picker_url": server.baseURL + "/picker", "catalog": "false",
        ]
        return Settings(base.merging(more) { $1 })
    }

    /// A client of an account.
    public func client(
        _ account: String = "demo", retry: RetryPolicy = RetryPolicy(), reporter: TestReporter = TestReporter(),
        more: [String: String] = [:]
    ) throws -> PhotosClient {
        var settings = try LibrarySettings(settings(account, more))
        settings.api.retry = retry
        return try PhotosClient(settings, runtime: clock.runtime(), reporter: reporter)
    }
}
