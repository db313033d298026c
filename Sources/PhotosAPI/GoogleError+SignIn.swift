import ConnectorKit
import StrictJSON

/// What Google says where a sign-in fails.
extension GoogleError {
    static let signInAgain = "run gphotos login with the name of this source or destination"

    /// The error of an answer of the token endpoint (RFC 6749, section 5.2).
    ///
    /// Why a refresh token is refused Google does not say; the causes are those of
    /// <https://developers.google.com/identity/protocols/oauth2#expiration>.
    static func token(status: Int, body: [UInt8], for purpose: TokenEndpoint.Purpose) -> ConnectorError {
        let json = try? JSON(parsing: body)
        let code = json?["error"]?.stringValue ?? ""
        switch (status, code) {
        case (400...499, "invalid_grant"):
            if json?["error_subtype"]?.stringValue == "invalid_rapt" {
                return ConnectorError(
                    .auth, "the organisation of this account wants a new sign-in every few hours or days",
                    hint: signInAgain + "; only its administrator can change that")
            }
            return purpose == .renewal ? refusedRenewal : refusedCode
        case (400...499, "invalid_client"):
            return ConnectorError(
                .auth, "Google refuses the client id or the client secret",
                hint: "compare client_id and client_secret with the Google Cloud console, under Credentials")
        case (400...499, "unauthorized_client"):
            return ConnectorError(
                .auth, "Google does not let this client id use the sign-in: it was made for another one",
                hint: "use the client id that the sign-in was made with, or " + signInAgain)
        case (400...499, "invalid_scope"):
            return ConnectorError(
                .auth, "Google does not know one of the permissions that were asked for, or does not give it",
                hint: "enable the Photos Library API for this client id, then " + signInAgain)
        case (400, "redirect_uri_mismatch"):
            return redirectMismatch
        case (400, _), (401, _):
            return ConnectorError(
                .auth, "Google refuses to \(purpose.operation)\(word(code))",
                hint: "check client_id and client_secret, then " + signInAgain)
        case (429, _):
            return ConnectorError(
                .rateLimited, "too many sign-ins were renewed at a time", isRetryable: true, hint: "run it again later")
        default:
            return ConnectorError(
                .unavailable, "the sign-in service answered with HTTP status \(status)", isRetryable: true,
                hint: "run it again later")
        }
    }

    private static let refusedRenewal = ConnectorError(
        .auth, "Google refuses the stored sign-in: it has expired or was revoked",
        hint: signInAgain
            + ". Google does not say why. It can be: the consent screen of your Google Cloud project is in Testing, where "
            + "a sign-in ends after 7 days (publish it, then sign in again); it was not used for 6 months; access was "
            + "revoked in the Google account; it was made with another client id; or the account gave this client id more "
            + "than 100 sign-ins, which ends the oldest")

    private static let refusedCode = ConnectorError(
        .auth, "Google does not take the answer of the browser: it is too old, or was used before",
        hint: "run gphotos login again")

    private static let redirectMismatch = ConnectorError(
        .auth, "Google does not let this client id send the answer to this machine",
        hint: "make a client id of the type \"Desktop app\" (docs/google-client.md)")

    /// The `error` that a browser brings back (RFC 6749, section 4.1.2.1).
    static func authorization(_ code: String) -> ConnectorError {
        switch code {
        case "access_denied":
            ConnectorError(
                .permission, "the sign-in was refused in the browser",
                hint:
                    "run gphotos login again and allow it; an account that may not try an app in Testing has to be added "
                    + "to its test users first")
        case "admin_policy_enforced", "org_internal":
            ConnectorError(
                .permission, "the organisation of this account does not allow this app", hint: "ask its administrator")
        case "server_error", "temporarily_unavailable":
            ConnectorError(
                .unavailable, "the sign-in page has a problem", isRetryable: true, hint: "run it again later")
        default:
            ConnectorError(.auth, "Google refused the sign-in\(word(code))", hint: "run gphotos login again")
        }
    }

    /// An error code in brackets, where it is a word as the RFC has them; anything else is not repeated.
    private static func word(_ code: String) -> String {
        let isWord = code.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0) }
        return isWord && !code.isEmpty && code.utf8.count <= 40 ? " (\(code))" : ""
    }
}
