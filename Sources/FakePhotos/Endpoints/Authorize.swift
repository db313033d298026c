import Crypto
import Foundation
import NIOHTTP1
import StrictJSON

/// `GET /auth`: the page where a user signs in, with a user who answers at once.
extension LibraryState {
    private static let codeLifetime: Int64 = 600

    /// Redirects to the app with a code, or with the user's refusal. Where it is not sure whose address that is, it is a
    /// page, as RFC 6749 (4.1.2.1) demands.
    mutating func authorize(_ request: FakeRequest, now: Int64) -> FakeResponse {
        guard let client = clients.firstIndex(where: { $0.id == request.parameter("client_id") }) else {
            return Self.page(401, "invalid_client")
        }
        guard let redirect = request.parameter("redirect_uri"), Self.isLoopback(redirect) else {
            return Self.page(400, "redirect_uri_mismatch")
        }
        guard request.parameter("response_type") == "code" else { return Self.page(400, "unsupported_response_type") }
        let words = (request.parameter("scope") ?? "").split(separator: " ")
        let asked = words.compactMap { Scope(rawValue: String($0)) }
        if asked.isEmpty || asked.count < words.count { return Self.page(400, "invalid_scope") }
        let method = request.parameter("code_challenge_method") ?? "plain"
        guard ["S256", "plain"].contains(method) else { return Self.page(400, "invalid_request") }
        guard let account = accountIndex(request.parameter("login_hint") ?? signIn.account) else {
            return Self.page(400, "invalid_account")
        }

        var fields: [(String, String)] = []
        if let state = request.parameter("state") {
            fields.append(("state", signIn.sendsWrongState ? String(state.reversed()) + "-" : state))
        }
        let scopes = Set(asked).subtracting(signIn.unticked)
        if signIn.denies || scopes.isEmpty {
            fields.append(("error", "access_denied"))
        } else {
            let code = "4/0" + randomText(70)
            authorizationCodes = authorizationCodes.filter { now < $0.value.expiry }
            authorizationCodes[code] = AuthorizationCode(
                account: account, client: client, scopes: scopes, redirectURI: redirect,
                challenge: request.parameter("code_challenge"), challengeMethod: method,
                isOffline: request.parameter("access_type") == "offline",
                isConsentForced: (request.parameter("prompt") ?? "").split(separator: " ").contains("consent"),
                expiry: now + Self.codeLifetime)
            fields += [("code", code), ("scope", Self.text(of: scopes))]
        }
        var response = FakeResponse(status: 302, text: "")
        response.headers.add(
            name: "Location", value: redirect + (redirect.contains("?") ? "&" : "?") + Self.query(fields))
        return response
    }

    /// The grant `authorization_code` (RFC 6749, 4.1.3; RFC 7636, 4.6).
    mutating func exchange(
        client: Int, now: Int64, _ field: (String) -> String?
    ) -> FakeResponse {
        // Used or refused, it is gone.
        guard let text = field("code"), let code = authorizationCodes.removeValue(forKey: text), code.client == client,
            now < code.expiry
        else { return Self.refusal(400, "invalid_grant", "Malformed auth code.") }
        guard field("redirect_uri") == code.redirectURI else {
            return Self.refusal(400, "redirect_uri_mismatch", "Bad Request")
        }
        if let challenge = code.challenge {
            guard let verifier = field("code_verifier") else {
                return Self.refusal(400, "invalid_grant", "Missing code verifier.")
            }
            guard Self.challenge(of: verifier, code.challengeMethod) == challenge else {
                return Self.refusal(400, "invalid_grant", "Invalid code verifier.")
            }
        }
        let hasOne = refreshTokens.values.contains {
            $0.account == code.account && $0.client == client && isLive($0, now: now)
        }
        let access = issueAccessToken(account: code.account, client: client, scopes: code.scopes, now: now)
        var answer = tokenAnswer(access, scopes: code.scopes)
        if code.isOffline, code.isConsentForced || !hasOne {
            answer["refresh_token"] = .string(
                issueRefreshToken(account: code.account, client: client, scopes: code.scopes, now: now))
        }
        return FakeResponse(json: .object(answer))
    }

    private mutating func issueRefreshToken(account: Int, client: Int, scopes: Set<Scope>, now: Int64) -> String {
        let text = "1//fake-refresh-\(randomText(40))"
        refreshTokens[text] = TokenGrant(
            account: account, client: client, scopes: scopes, expiry: signIn.isTesting ? now + 7 * 86400 : nil,
            number: nextRefreshToken, lastUse: now)
        nextRefreshToken += 1
        let mine = refreshTokens.filter { $0.value.account == account && $0.value.client == client }
        let tooMany = max(0, mine.count - signIn.refreshTokenLimit)
        for oldest in mine.sorted(by: { $0.value.number < $1.value.number }).prefix(tooMany) {
            refreshTokens[oldest.key] = nil
        }
        return text
    }

    /// Whether a refresh token is still good.
    func isLive(_ grant: TokenGrant, now: Int64) -> Bool {
        if let expiry = grant.expiry, now >= expiry { return false }
        return grant.lastUse.map { now < $0 + Int64(signIn.unusedLifetime) } ?? true
    }

    private static func challenge(of verifier: String, _ method: String) -> String {
        if method == "plain" { return verifier }
        return Data(SHA256.hash(data: Data(verifier.utf8))).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// An installed app is answered on the machine of its user only.
    private static func isLoopback(_ text: String) -> Bool {
        guard let url = URLComponents(string: text), url.scheme == "http", url.fragment == nil else { return false }
        return ["127.0.0.1", "localhost", "[::1]"].contains(url.host)
    }

    private static func page(_ status: Int, _ error: String) -> FakeResponse {
        FakeResponse(
            status: status, text: "<!DOCTYPE html>\n<title>Error \(status): \(error)</title>\n",
            type: "text/html; charset=utf-8")
    }

    private static func query(_ fields: [(String, String)]) -> String {
        let allowed = CharacterSet(charactersIn: "-._~").union(.alphanumerics)
        return fields.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")" }
            .joined(separator: "&")
    }
}

/// The rules of signing in, for tests.
extension FakeLibrary {
    public var signInRules: SignInRules { withState { $0.signIn } }

    public func updateSignIn(_ change: @Sendable (inout SignInRules) -> Void) { withState { change(&$0.signIn) } }

    /// `POST /_fake/sign-in`.
    func changeSignIn(_ body: JSONObject) throws(APIError) {
        var rules = signInRules
        for member in body.members { try rules.set(member.key, to: member.value) }
        let changed = rules
        updateSignIn { $0 = changed }
    }
}

extension SignInRules {
    fileprivate mutating func set(_ name: String, to value: JSON) throws(APIError) {
        func wrong(_ what: String) -> APIError { .invalidArgument("\(name) must be \(what)") }
        func flag() throws(APIError) -> Bool {
            guard let flag = value.boolValue else { throw wrong("true or false") }
            return flag
        }
        func number() throws(APIError) -> Int {
            guard let number = value.integerValue, number > 0 else { throw wrong("a number above 0") }
            return Int(number)
        }
        switch name {
        case "account":
            guard let text = value.stringValue else { throw wrong("the name of an account") }
            account = text
        case "denies": denies = try flag()
        case "unticked":
            guard let words = value.arrayValue else { throw wrong("a list of scopes") }
            unticked = []
            for word in words {
                guard let scope = Scope(rawValue: word.stringValue ?? "") else { throw wrong("a list of scopes") }
                unticked.insert(scope)
            }
        case "sendsWrongState": sendsWrongState = try flag()
        case "isTesting": isTesting = try flag()
        case "refreshTokenLimit": refreshTokenLimit = try number()
        case "unusedLifetime": unusedLifetime = try number()
        default: throw .invalidArgument("there is no rule \(name)")
        }
    }
}
