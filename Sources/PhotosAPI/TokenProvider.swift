import ConnectorKit
import HTTP

/// Reads the sign-in again from where it is kept; nil where that place is not known.
public typealias TokenReload = @Sendable () async -> OAuthToken?

/// Access tokens, renewed when they are about to end: by one request, however many calls wait for it.
///
/// Renewal is RFC 6749, section 6. <https://developers.google.com/identity/protocols/oauth2/native-app#offline>
actor TokenProvider {
    private let endpoint: TokenEndpoint
    private let retry: RetryPolicy
    private let runtime: Runtime
    private let reload: TokenReload
    private let onRenewal: @Sendable (OAuthToken) -> Void
    private var current: OAuthToken
    private var renewal: Task<Secret, any Error>?
    /// A refusal is final for the process: asking again would only be refused again.
    private var refusal: ConnectorError?

    /// A token is not used in its last seconds: it could end on the way.
    private static let margin: Int64 = 60

    init(
        http: HTTPClient, configuration: PhotosClient.Configuration, runtime: Runtime,
        reload: @escaping TokenReload = { nil }, onRenewal: @escaping @Sendable (OAuthToken) -> Void
    ) {
        endpoint = TokenEndpoint(
            http: http, url: configuration.tokenURL, clientID: configuration.clientID,
            clientSecret: configuration.clientSecret, runtime: runtime)
        retry = configuration.retry
        self.runtime = runtime
        self.reload = reload
        self.onRenewal = onRenewal
        current = configuration.token
    }

    /// A token that is valid now, and other than `refused`: one that the service did not accept although its time had
    /// not come.
    func token(insteadOf refused: Secret?) async throws -> Secret {
        if let access = fresh(current, insteadOf: refused) { return access }
        if let refusal { throw refusal }
        if let renewal { return try await renewal.value }
        let task = Task { try await renew(insteadOf: refused) }
        renewal = task
        defer { renewal = nil }
        do {
            return try await task.value
        } catch let error as ConnectorError where error.code == .auth {
            refusal = error
            throw error
        }
    }

    private func fresh(_ token: OAuthToken, insteadOf refused: Secret?) -> Secret? {
        let isFresh = token.expiry.map { runtime.now().adding(seconds: Self.margin) < $0 } ?? true
        guard isFresh, let access = token.accessToken, access != refused else { return nil }
        return access
    }

    private func renew(insteadOf refused: Secret?) async throws -> Secret {
        // Another process may have renewed it meanwhile, or the person may have signed in again.
        if let kept = await reload(), kept != current {
            current = kept
            if let access = fresh(kept, insteadOf: refused) { return access }
        }
        guard let refreshToken = current.refreshToken else {
            throw ConnectorError(
                .auth, "the sign-in has ended and cannot be renewed: there is no refresh token",
                hint: GoogleError.signInAgain)
        }
        let start = runtime.now()
        var attempt = 0
        while true {
            attempt += 1
            do {
                let grant = try await endpoint.renew(refreshToken)
                current = grant.token
                onRenewal(grant.token)
                return grant.access
            } catch let error as ConnectorError {
                let elapsed = runtime.now() - start
                guard
                    let delay = retry.delay(
                        after: attempt, error: error, random: runtime.random(), elapsed: elapsed)
                else { throw error }
                try await runtime.sleep(delay)
            }
        }
    }
}
