import ConnectorKit
import StrictJSON

/// `google.rpc.Status`, as batch calls have one for each of their parts. A success has no `code` at all.
/// <https://cloud.google.com/apis/design/errors>
struct RPCStatus: Sendable, Hashable {
    var code: Int
    var message: String

    init(_ json: JSON?) {
        code = Int(json?["code"]?.int64Value ?? 0)
        message = json?["message"]?.stringValue ?? ""
    }

    var isSuccess: Bool { code == 0 }

    func error(operation: String) -> ConnectorError {
        let said = "Google could not \(operation): \(message.isEmpty ? "code \(code)" : message)"
        if GoogleError.isStorageFull(message) { return GoogleError.storageFull }
        return switch code {
        case 5: ConnectorError(.notFound, said)
        case 7: ConnectorError(.permission, said)
        // RESOURCE_EXHAUSTED for one item: the call itself was within its limits, so it is the storage.
        case 8: GoogleError.storageFull
        // INTERNAL and UNAVAILABLE pass; clients report that the same token works a moment later.
        case 13, 14: ConnectorError(.unavailable, said, isRetryable: true, hint: "run it again later")
        // Over, or spent by a call whose answer was lost; the bytes have to be sent anew.
        case 3 where message.lowercased().contains("token"):
            ConnectorError(.rejected, said, isRetryable: true, hint: "run it again: the file is sent anew")
        default: ConnectorError(.rejected, said)
        }
    }
}
