import ConnectorKit
import Crypto
import Foundation

/// One attempt to sign in with a browser: the link to open, and what its answer is checked against.
///
/// The authorization code grant of RFC 6749 (4.1) with PKCE (RFC 7636), as Google wants it of installed apps:
/// <https://developers.google.com/identity/protocols/oauth2/native-app>.
public struct Authorization: Sendable {
    /// The link for the browser. It holds no secret: `code_challenge` is a hash.
    public let url: String
    /// Where the browser is sent with the answer.
    public let redirectURI: String
    public let scopes: Set<OAuthScope>
    let state: String
    let verifier: Secret

    /// - Parameters:
    ///   - redirectURI: an address of this machine; Google takes any port for a client of the type "Desktop app".
    ///   - asksForConsent: whether to show the page of consent again although all was allowed before: only then does
    ///     Google promise a new refresh token.
    public init(
        client: OAuthClient, redirectURI: String, scopes: Set<OAuthScope>, asksForConsent: Bool, runtime: Runtime
    ) {
        self.init(
            client: client, redirectURI: redirectURI, scopes: scopes, asksForConsent: asksForConsent,
            state: Self.randomText(runtime), verifier: Secret(Self.randomText(runtime)))
    }

    init(
        client: OAuthClient, redirectURI: String, scopes: Set<OAuthScope>, asksForConsent: Bool, state: String,
        verifier: Secret
    ) {
        self.redirectURI = redirectURI
        self.scopes = scopes
        self.state = state
        self.verifier = verifier
        var fields = [
            ("client_id", client.id), ("redirect_uri", redirectURI), ("response_type", "code"),
            ("scope", scopes.ordered.map(\.rawValue).joined(separator: " ")), ("state", state),
            ("access_type", "offline"), ("code_challenge", Self.challenge(of: verifier)),
            ("code_challenge_method", "S256"),
        ]
        if asksForConsent { fields.append(("prompt", "consent")) }
        url = client.authURL + (client.authURL.contains("?") ? "&" : "?") + PercentEncoding.form(fields)
    }

    /// RFC 7636, section 4.2: BASE64URL(SHA256(ASCII(verifier))).
    static func challenge(of verifier: Secret) -> String {
        base64URL(SHA256.hash(data: Array(verifier.reveal().utf8)))
    }

    /// 256 bits as 43 characters, which is what RFC 7636 recommends (section 4.1).
    private static func randomText(_ runtime: Runtime) -> String {
        base64URL((0..<32).map { _ in UInt8(runtime.random() * 256) })
    }

    private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// What a request to the redirect address says.
    public enum Answer: Sendable, Hashable {
        case code(Secret)
        /// The sign-in was refused, or could not be offered.
        case refused(ConnectorError)
        /// The answer to another attempt, or made up: RFC 6749, section 10.12.
        case foreign
        /// No answer at all, such as a browser's wish for an icon.
        case none
    }

    /// Reads a redirect.
    /// - Parameter redirect: a whole URL, or the part of it from the path or from the query on.
    public func answer(in redirect: String) -> Answer {
        let beforeFragment = redirect.prefix { $0 != "#" }
        let query = beforeFragment.firstIndex(of: "?").map { beforeFragment[$0...].dropFirst() } ?? beforeFragment
        guard let items = URLComponents(string: "?" + query)?.queryItems else { return .none }
        // Twice the same name is no answer of Google's (RFC 6749, section 3.1).
        func value(_ name: String) -> String? {
            let values = items.filter { $0.name == name }
            return values.count == 1 ? values[0].value : nil
        }
        let code = value("code")
        let error = value("error")
        if (code ?? "").isEmpty && error == nil { return .none }
        guard value("state") == state else { return .foreign }
        if let error { return .refused(GoogleError.authorization(error)) }
        return .code(Secret(code ?? ""))
    }
}
