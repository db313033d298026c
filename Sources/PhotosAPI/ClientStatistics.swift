import ConnectorKit

/// What was asked of Google so far.
public struct ClientStatistics: Sendable, Hashable {
    /// Requests that count against the daily quota: all but downloads and renewals of the sign-in.
    public var apiRequests = 0
    /// Requests for bytes, which have a daily quota of their own.
    public var downloads = 0
    /// Calls of the Picker API and requests for bytes that were chosen there: no daily quota.
    public var pickerRequests = 0
    public var bytesDownloaded: Int64 = 0
    public var bytesUploaded: Int64 = 0
    /// What was sent again.
    public var retries = 0
    /// Waits before something was sent again.
    public var waited = Duration.zero
    /// Requests by the method ids of Google's discovery document, such as `mediaItems.search`.
    public var byEndpoint: [String: Int] = [:]
    /// What today has left, across all processes with this client id; nil where nobody counts.
    public var requestsLeft: Int?
    public var downloadsLeft: Int?

    public init() {}
}

/// What a client tells while it works.
public enum ClientEvent: Sendable, Hashable {
    /// Google asks for a pause: nothing of this kind is sent for so long.
    case waits(RequestKind, Duration)
    /// A request failed time and again, and is sent again after so long. At most once in half a minute.
    case retries(ConnectorError, Duration)
    /// A request was answered, or was not. Only where ``PhotosClient/Configuration/traces`` is set.
    case exchange(ClientExchange)
}

/// One request, for a trace: without its address, which may be a capability, and without headers.
public struct ClientExchange: Sendable, Hashable, CustomStringConvertible {
    /// The method id, or `download`.
    public var endpoint: String
    /// Nil where no answer came.
    public var status: Int?
    /// Until the answer was there; of a download, until its first byte.
    public var duration: Duration
    /// Of the answer.
    public var bytes: Int64

    public var description: String {
        let milliseconds = Int(duration / .milliseconds(1))
        guard let status else { return "\(endpoint): no answer after \(milliseconds) ms" }
        return "\(endpoint): \(status) after \(milliseconds) ms, \(bytes) bytes"
    }
}

extension PhotosClient {
    func note(_ endpoint: String, start: Timestamp, status: Int?, bytes: Int64) {
        count { $0.byEndpoint[endpoint, default: 0] += 1 }
        guard configuration.traces else { return }
        onEvent(
            .exchange(
                ClientExchange(
                    endpoint: endpoint, status: status, duration: runtime.now() - start, bytes: bytes)))
    }
}

extension PhotosClient.Call {
    /// The method id of Google's discovery document.
    var endpoint: String {
        guard path.hasPrefix("/") else { return "uploads" }
        let parts = path.prefix { $0 != "?" }.split(separator: "/").dropFirst()
        guard let collection = parts.first, collection != "uploads" else { return "uploads" }
        // A custom method stands behind a colon, after the collection or after the id.
        if let last = parts.last, let colon = last.firstIndex(of: ":") {
            return "\(collection.prefix { $0 != ":" }).\(last[colon...].dropFirst())"
        }
        let verb =
            switch method {
            case "GET": parts.count == 1 ? "list" : "get"
            case "POST": "create"
            default: method.lowercased()
            }
        return "\(service == .picker ? "picker." : "")\(collection).\(verb)"
    }
}
