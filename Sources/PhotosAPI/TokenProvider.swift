import ConnectorKit
import HTTP
import StrictJSON

/// Access tokens, renewed when they are about to end: by one request, however many calls wait for it.
///
/// Renewal is RFC 6749, section 6. <https://developers.google.com/identity/protocols/oauth2/native-app#offline>
actor TokenProvider {
    private let http: HTTPClient
    private let configuration: PhotosClient.Configuration
    private let runtime: Runtime
    private let onRenewal: @Sendable (OAuthToken) -> Void
    private var current: OAuthToken
    private var renewal: Task<Renewed, any Error>?
    /// A refusal is final for the process: asking again would only be refused again.
    private var refusal: ConnectorError?

    /// A token is not used in its last seconds: it could end on the way.
    private static let margin: Int64 = 60

    init(
        http: HTTPClient, configuration: PhotosClient.Configuration, runtime: Runtime,
        onRenewal: @escaping @Sendable (OAuthToken) -> Void
    ) {
        self.http = http
        self.configuration = configuration
        self.runtime = runtime
        self.onRenewal = onRenewal
        current = configuration.token
    }

    /// A token that is valid now, and other than `refused`: one that the service did not accept although its time had
    /// not come.
    func token(insteadOf refused: Secret?) async throws -> Secret {
        let isFresh = current.expiry.map { runtime.now().adding(seconds: Self.margin) < $0 } ?? true
        if isFresh, let access = current.accessToken, access != refused { return access }
        return try await renewed()
    }

    private func renewed() async throws -> Secret {
        if let refusal { throw refusal }
        if let renewal { return try await renewal.value.access }
        let task = Task { try await renew() }
        renewal = task
        defer { renewal = nil }
        do {
            let token = try await task.value
            current = token.whole
            onRenewal(token.whole)
            return token.access
        } catch let error as ConnectorError where error.code == .auth {
            refusal = error
            throw error
        }
    }

    private struct Renewed: Sendable {
        var access: Secret
        var whole: OAuthToken
    }

    private func renew() async throws -> Renewed {
        guard let refreshToken = current.refreshToken else {
            throw ConnectorError(
                .auth, "the sign-in has ended and cannot be renewed: there is no refresh token",
                hint: "sign in again (rclone config reconnect NAME:), then import the configuration with --overwrite")
        }
        var fields = [
            ("grant_type", "refresh_token"), ("refresh_token", refreshToken.reveal()),
            ("client_id", configuration.clientID),
        ]
        if let secret = configuration.clientSecret { fields.append(("client_secret", secret.reveal())) }
        let body = Array(fields.map { "\($0.0)=\(PercentEncoding.query($0.1))" }.joined(separator: "&").utf8)
        var attempt = 0
        while true {
            attempt += 1
            do {
                return try await exchange(body, keeping: refreshToken)
            } catch let error as ConnectorError {
                guard let delay = configuration.retry.delay(after: attempt, error: error, random: runtime.random())
                else { throw error }
                try await runtime.sleep(delay)
            }
        }
    }

    private func exchange(_ body: [UInt8], keeping refreshToken: Secret) async throws -> Renewed {
        let operation = "renew the sign-in"
        do {
            let response = try await http.send(
                HTTPRequest(
                    method: "POST", url: configuration.tokenURL,
                    headers: [.init("Content-Type", "application/x-www-form-urlencoded")], body: .bytes(body)))
            let answer = try await response.body.collect(limit: 1 << 20)
            guard response.status == 200 else { throw GoogleError.token(status: response.status, body: answer) }
            guard let json = try? JSON(parsing: answer), let access = json["access_token"]?.stringValue, !access.isEmpty
            else {
                throw GoogleError.nonsense(operation: operation, isHTML: GoogleError.looksLikeHTML(answer))
            }
            let token = OAuthToken(
                accessToken: Secret(access),
                tokenType: json["token_type"]?.stringValue ?? "Bearer",
                // Google's answers hold no new refresh token as a rule; one that comes replaces the old one.
                refreshToken: json["refresh_token"]?.stringValue.map(Secret.init) ?? refreshToken,
                expiry: json["expires_in"]?.int64Value.map { runtime.now().adding(seconds: $0) })
            return Renewed(access: Secret(access), whole: token)
        } catch {
            throw GoogleError.transport(error, operation: operation)
        }
    }
}
