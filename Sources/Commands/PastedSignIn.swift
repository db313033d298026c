import ConnectorKit
import Foundation
import StrictJSON

/// What a person pastes to sign in without a browser here: the address that a browser ended at elsewhere, or what
/// `rclone authorize "google photos"` prints.
enum PastedSignIn: Sendable, Hashable {
    case redirect(String)
    /// A token, with the client id that it was made with where that is said.
    case token(OAuthToken, clientID: String?)

    /// Longer than any of them.
    private static let sizeLimit = 1 << 16

    /// Reads lines until they make sense.
    /// - Throws: ``Failure``, 65, at the end of an input that never did; nothing of it is repeated.
    static func read(from input: CommandInput) async throws -> PastedSignIn {
        var text = ""
        while text.utf8.count <= sizeLimit, let line = try await input.readLine(limit: sizeLimit) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if isMarker(line) { continue }
            text += line
            if let pasted = PastedSignIn(text) { return pasted }
        }
        throw Failure(
            .badInput, "what was pasted is neither the address of a browser nor a token of rclone",
            hint: "paste the whole address that the browser ended at, beginning with http://127.0.0.1; or what "
                + "rclone authorize \"google photos\" prints")
    }

    /// The lines that rclone puts around a token.
    private static func isMarker(_ line: String) -> Bool {
        line.hasPrefix("Paste the following") || line.hasPrefix("<---End paste")
    }

    /// Nil for what is nothing of that kind, or not whole.
    init?(_ text: String) {
        if text.hasPrefix("http://") || text.hasPrefix("https://") || text.hasPrefix("code=") || text.hasPrefix("?") {
            self = .redirect(text)
        } else if text.hasPrefix("{") {
            self.init(json: text)
        } else if let bytes = Self.base64(text) {
            self.init(json: String(decoding: bytes, as: UTF8.self))
        } else {
            return nil
        }
    }

    /// A token, or a configuration that has one as its setting `token`.
    private init?(json text: String) {
        guard let json = try? JSON(parsing: text), json.objectValue != nil else { return nil }
        guard let token = try? OAuthToken(parsing: json["token"]?.stringValue ?? text) else { return nil }
        self = .token(token, clientID: json["client_id"]?.stringValue)
    }

    /// rclone leaves out the padding (`configmap.Simple.Encode`).
    private static func base64(_ text: String) -> [UInt8]? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/").replacing("=", with: "")
        guard plain.utf8.count >= 4 else { return nil }
        let padding = String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: plain + padding).map { Array($0) }
    }
}
