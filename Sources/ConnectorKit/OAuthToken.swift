import StrictJSON

/// An OAuth 2 token as settings carry it: one line of JSON, in the form that rclone made usual.
///
/// Source: rclone's `lib/oauthutil`, and the type `Token` of golang.org/x/oauth2.
public struct OAuthToken: Sendable, Hashable {
    /// Nil where only the refresh token is left.
    public var accessToken: Secret?
    /// As a rule `Bearer`; empty where it was not said.
    public var tokenType: String
    public var refreshToken: Secret?
    /// Nil where the access token does not expire.
    public var expiry: Timestamp?

    public init(accessToken: Secret?, tokenType: String = "Bearer", refreshToken: Secret?, expiry: Timestamp?) {
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.refreshToken = refreshToken
        self.expiry = expiry
    }

    /// Reads a token as Go's encoding/json does: keys in any case, the last of two wins, unknown ones and null are passed
    /// over, and what is known must have its type. Without an access token, the shape of before 2016 is tried
    /// (`AccessToken`, `RefreshToken`, `Expiry`).
    ///
    /// Stricter than Go in this alone: a key that is there twice in the very same spelling is refused.
    /// - Throws: ``ConnectorError`` with code `config`, also where there is neither an access nor a refresh token.
    public init(parsing text: String) throws(ConnectorError) {
        let fields = try Fields(parsing: text)
        let access = try fields.text("access_token")
        let isOld = access.isEmpty
        let refresh = try fields.text("refresh_token")
        let oldAccess = isOld ? try fields.text("accesstoken") : ""
        let oldRefresh = isOld && refresh.isEmpty ? try fields.text("refreshtoken") : ""
        self.init(
            accessToken: Self.secret(access + oldAccess), tokenType: try fields.text("token_type"),
            refreshToken: Self.secret(refresh + oldRefresh), expiry: try fields.moment("expiry"))
        if accessToken == nil, refreshToken == nil {
            throw ConnectorError(.config, "the token has neither an access token nor a refresh token")
        }
    }

    private static func secret(_ text: String) -> Secret? { text.isEmpty ? nil : Secret(text) }

    /// The one line of JSON that rclone writes, to the byte, but for the time zone of `expiry`: here it is UTC.
    public var json: Secret {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("access_token")
        writer.value(accessToken?.reveal() ?? "")
        if !tokenType.isEmpty {
            writer.key("token_type")
            writer.value(tokenType)
        }
        if let refreshToken {
            writer.key("refresh_token")
            writer.value(refreshToken.reveal())
        }
        writer.key("expiry")
        writer.value(expiry?.description ?? Self.never)
        writer.endObject()
        return Secret(Self.escapedAsGo(writer.bytes))
    }

    /// Go's zero time, which stands for no expiry.
    fileprivate static let never = "0001-01-01T00:00:00Z"

    /// Go escapes what could end a script element in HTML; in JSON that was already written, these are within strings.
    private static func escapedAsGo(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "<": text.append(contentsOf: #"\u003c"#.unicodeScalars)
            case ">": text.append(contentsOf: #"\u003e"#.unicodeScalars)
            case "&": text.append(contentsOf: #"\u0026"#.unicodeScalars)
            case "\u{2028}": text.append(contentsOf: #"\u2028"#.unicodeScalars)
            case "\u{2029}": text.append(contentsOf: #"\u2029"#.unicodeScalars)
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}

/// The members of a token by their names in lower case.
private struct Fields {
    private var values: [String: JSON] = [:]

    init(parsing text: String) throws(ConnectorError) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: text)
        } catch {
            throw ConnectorError(.config, "the token is not JSON: \(error.description)")
        }
        if json.isNull { return }
        guard let object = json.objectValue else {
            throw ConnectorError(.config, "the token is JSON, but not an object")
        }
        for member in object.members where !member.value.isNull { values[Self.folded(member.key)] = member.value }
    }

    /// Go folds two more letters onto ASCII than the ASCII capitals: the long s and the Kelvin sign.
    private static func folded(_ key: String) -> String {
        var folded = String.UnicodeScalarView()
        for scalar in key.unicodeScalars {
            switch scalar {
            case "A"..."Z": folded.append(Unicode.Scalar(UInt8(scalar.value) | 0x20))
            case "\u{17F}": folded.append("s")
            case "\u{212A}": folded.append("k")
            default: folded.append(scalar)
            }
        }
        return String(folded)
    }

    /// Empty where it is missing.
    func text(_ key: String) throws(ConnectorError) -> String {
        guard let value = values[key] else { return "" }
        guard let text = value.stringValue else { throw ConnectorError(.config, "the token's \(key) is not a text") }
        return text
    }

    /// Go takes RFC 3339 with capitals and without leap seconds only.
    func moment(_ key: String) throws(ConnectorError) -> Timestamp? {
        guard let value = values[key] else { return nil }
        guard let text = value.stringValue, let moment = Timestamp(text), text.utf8.contains(UInt8(ascii: "T")),
            !text.utf8.contains(UInt8(ascii: "z")), text.utf8.dropFirst(17).first != UInt8(ascii: "6")
        else { throw ConnectorError(.config, "the token's \(key) is not a time in the form of RFC 3339") }
        return moment == Timestamp(OAuthToken.never) ? nil : moment
    }
}
