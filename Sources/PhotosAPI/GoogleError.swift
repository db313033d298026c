import ConnectorKit
import HTTP
import StrictJSON

/// Google's error envelope and the other bodies that its hosts answer with, as one ``ConnectorError``.
///
/// `{"error":{"code","message","status","details"}}` from the API; an HTML page or an image from the download host;
/// `{"error","error_description"}` from the token endpoint.
enum GoogleError {
    /// The error of an answer of the API that is no success.
    /// - Parameters:
    ///   - operation: what was asked for, such as `list albums`.
    ///   - meanings: what a status of Google's means for this call alone.
    static func api(
        operation: String, status: Int, body: [UInt8], retryAfter: Int?, isPicker: Bool = false,
        meanings: [String: ConnectorError] = [:]
    ) -> ConnectorError {
        let envelope = (try? JSON(parsing: body))?["error"]
        let text = envelope?["message"]?.stringValue ?? "HTTP status \(status)"
        // A 429 that names a metric is about the pace, whatever the call.
        if let known = envelope?["status"]?.stringValue.flatMap({ meanings[$0] }), !text.contains("quota metric") {
            return known
        }
        let said = "Google could not \(operation): \(text)"
        if isStorageFull(text) { return storageFull }
        switch status {
        case 401:
            return ConnectorError(
                .auth, "Google does not accept the sign-in: \(text)",
                hint: signInAgain)
        case 409:
            // ABORTED: somebody else changed the same thing at the same time.
            return ConnectorError(.unavailable, said, isRetryable: true, retryAfter: retryAfter, hint: "run it again")
        case 413:
            return ConnectorError(.tooLarge, said)
        case 403:
            return permission(operation: operation, isPicker: isPicker, text: text, said: said)
        case 404:
            return ConnectorError(.notFound, said)
        case 429:
            if isDaily(text: text, envelope: envelope) { return dailyQuota }
            return ConnectorError(
                .rateLimited, said, isRetryable: true, retryAfter: retryAfter,
                hint: "too many requests at a time; run it again later")
        case 500...599:
            return ConnectorError(
                .unavailable, said, isRetryable: true, retryAfter: retryAfter,
                hint: "the service has a problem; run it again later")
        default:
            if saysWrongChecksum(envelope == nil ? String(decoding: body, as: UTF8.self) : text) {
                return ConnectorError(
                    .corrupt, "the bytes of an upload changed on their way to Google", isRetryable: true,
                    hint: "run it again; if it stays, set upload_hash=false and look for a proxy that changes bodies")
            }
            if text.contains("does not match any albums") { return ConnectorError(.notFound, said) }
            if status == 400, envelope?["status"]?.stringValue == "FAILED_PRECONDITION" {
                return ConnectorError(
                    .permission, said, hint: "open photos.google.com once with this account, and see that it is active")
            }
            return ConnectorError(.rejected, said)
        }
    }

    /// Storage that is full has no status of its own: clients report 400 and 429, and go by the text
    /// (dtinit/data-transfer-project, GoogleMediaImporter).
    static func isStorageFull(_ text: String) -> Bool {
        text.contains("remaining storage in the user's account is not enough")
    }

    /// "Checksum from header does not match received payload content.", or "User-provided checksum ..."; in plain text
    /// or in an envelope (dtinit/data-transfer-project, GooglePhotosInterface).
    private static func saysWrongChecksum(_ text: String) -> Bool {
        text.lowercased().contains("checksum") && text.contains("does not match received payload")
    }

    static let storageFull = ConnectorError(
        .quota, "the storage of the Google account is full",
        hint: "free some space or buy more, then run it again: it goes on where it stopped")

    private static func isDaily(text: String, envelope: JSON?) -> Bool {
        if text.contains("per day") { return true }
        let details = envelope?["details"]?.arrayValue ?? []
        return details.contains { $0["metadata"]?["quota_limit"]?.stringValue?.contains("PerDay") ?? false }
    }

    private static func permission(
        operation: String, isPicker: Bool, text: String, said: String
    ) -> ConnectorError {
        if text.contains("insufficient authentication scopes") {
            return ConnectorError(
                .permission, "the sign-in does not cover what is needed to \(operation)",
                hint: isPicker
                    ? "run gphotos login NAME --picker and leave the permission ticked"
                    : "run gphotos login again and leave every permission ticked")
        }
        if text.contains("has not been used in project") || text.contains("it is disabled") {
            let name = isPicker ? "Google Photos Picker API" : "Photos Library API"
            return ConnectorError(
                .permission, "the \(name) is not enabled in the Google Cloud project of this client id",
                hint: "enable it in the Google Cloud console, under APIs & Services")
        }
        if text.contains("disabled for the user") {
            return ConnectorError(
                .permission, said, hint: "the administrator of the organisation has switched Google Photos off")
        }
        if isPicker { return ConnectorError(.permission, said, hint: "run gphotos login NAME --picker again") }
        return ConnectorError(
            .permission, said,
            hint: "since 31 March 2025 an app reaches only the items and albums that it created itself")
    }

    /// A success whose body is not what the API promises.
    static func nonsense(operation: String, isHTML: Bool) -> ConnectorError {
        ConnectorError(
            .unavailable,
            "the answer to \(operation) is \(isHTML ? "a web page" : "not what the API promises")",
            isRetryable: !isHTML,
            hint: "a proxy or a captive portal may stand between this machine and Google; check api_url if you set it")
    }

    /// What a transfer that broke means.
    static func transport(_ error: any Error, operation: String) -> any Error {
        guard let error = error as? HTTPError else { return error }
        return ConnectorError(
            .network, "could not \(operation): \(error.message)", isRetryable: error.isTransient,
            hint: error.isTransient ? "check the connection and run it again" : nil)
    }

    /// True where a body is a web page, whatever its type says.
    static func looksLikeHTML(_ body: [UInt8]) -> Bool {
        body.first { !($0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09) } == UInt8(ascii: "<")
    }
}
